//! Each copy of the body has its own closure, so `impl Iterator` would be two types.

use smartasync::smart_fn;

smart_fn!(
    #[maybe_async]
    async fn doubled(numbers: Vec<u32>) -> impl Iterator<Item = u32> {
        numbers.into_iter().map(|n| 2 * n)
    }
);

fn main() {}
