//! A `#[maybe_async]` body awaits with `smart_await!` only.

use smartasync::smart_fn;

smart_fn!(
    #[maybe_async]
    async fn one() -> u32 {
        async { 1 }.await
    }
);

fn main() {}
