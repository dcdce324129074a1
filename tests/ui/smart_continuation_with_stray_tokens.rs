//! After the closure of `smart_continuation!` comes a comma.

use smartasync::smart_continuation;

fn main() {
    smart_continuation!(1, |n| n 2);
}
