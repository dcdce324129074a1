//! A smart function cannot be `extern`.

use smartasync::smart_fn;

smart_fn!(
    extern "C" fn one() -> u32 {
        1
    }
);

fn main() {}
