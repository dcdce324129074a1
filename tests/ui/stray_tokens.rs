//! Only functions may follow a function.

use smartasync::smart_fn;

smart_fn!(
    fn one() -> u32 {
        1
    };
);

fn main() {}
