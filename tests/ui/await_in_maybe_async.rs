//! In a `#[maybe_async]` body `smart_await!` is the only await.

use smartasync::smart_fn;

smart_fn!(
    #[maybe_async]
    async fn one() -> u32 {
        async { 1 }.await
    }
);

fn main() {}
