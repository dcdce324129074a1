//! The sync copy resolves eight levels too.

use smartasync::{smart_await, smart_fn};

smart_fn!(
    #[maybe_async]
    async fn deep() -> u32 {
        smart_await!(async { async { async { async { async { async { async { async { async { 1 } } } } } } } } })
    }
);

fn main() {}
