//! A function has a body also after `where`.

use smartasync::smart_fn;

smart_fn!(
    fn one() -> u32
    where
        u32: Copy
);

fn main() {}
