//! A `#[maybe_async]` body calls `smart_await!` by its name or as `smartasync::smart_await!`.

use smartasync::smart_fn;

smart_fn!(
    #[maybe_async]
    async fn one() -> u32 {
        ::smartasync::smart_await!(async { 1 })
    }
);

fn main() {}
