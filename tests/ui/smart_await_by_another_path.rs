//! In the sync copy only `smart_await!` and `smartasync::smart_await!` are the macro of sync code.

use smartasync::smart_fn;

smart_fn!(
    #[maybe_async]
    async fn one() -> u32 {
        ::smartasync::smart_await!(async { 1 })
    }
);

fn main() {}
