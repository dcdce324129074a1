//! The result type follows the arguments.

use smartasync::smart_fn;

smart_fn!(
    fn one() = u32 {
        1
    }
);

fn main() {}
