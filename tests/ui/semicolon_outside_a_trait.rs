//! Outside of a trait, a function without `#[wraps]` needs a body.

use smartasync::smart_fn;

smart_fn!(
    async fn one() -> u32;
);

fn main() {}
