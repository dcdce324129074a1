//! `smart_continuation!` takes a function.

use smartasync::smart_continuation;

fn main() {
    smart_continuation!(1);
}
