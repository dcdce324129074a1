//! A smart function cannot be `unsafe`.

use smartasync::smart_fn;

smart_fn!(
    unsafe fn one() -> u32 {
        1
    }
);

fn main() {}
