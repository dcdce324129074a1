//! A function with a `where` clause needs a body.

use smartasync::smart_fn;

smart_fn!(
    fn one() -> u32
    where
        u32: Copy
);

fn main() {}
