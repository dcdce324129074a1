//! An async smart function cannot be `unsafe` either.

use smartasync::smart_fn;

smart_fn!(
    async unsafe fn one() -> u32 {
        1
    }
);

fn main() {}
