//! An `async fn` can wrap only a function that returns a future.

use smartasync::smart_fn;

fn two() -> u32 {
    2
}

smart_fn!(
    #[wraps(two)]
    async fn one() -> u32;
);

fn main() {}
