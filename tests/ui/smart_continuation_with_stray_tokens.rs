//! A comma has to follow the closure of `smart_continuation!`.

use smartasync::smart_continuation;

fn main() {
    smart_continuation!(1, |n| n 2);
}
