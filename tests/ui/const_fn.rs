//! A smart function cannot be `const`.

use smartasync::smart_fn;

smart_fn!(
    pub const fn one() -> u32 {
        1
    }
);

fn main() {}
