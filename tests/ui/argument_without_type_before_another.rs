//! Each argument needs a type.

use smartasync::smart_fn;

smart_fn!(
    fn one(a, b: u32) -> u32 {
        b
    }
);

fn main() {}
