//! An argument needs a pattern and a type.

use smartasync::smart_fn;

smart_fn!(
    fn one("a") -> u32 {
        1
    }
);

fn main() {}
