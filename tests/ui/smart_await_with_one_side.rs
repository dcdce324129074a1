//! `smart_await!` with sides needs both of them.

use smartasync::{smart_await, smart_fn};

smart_fn!(
    #[maybe_async]
    async fn one() -> u32 {
        smart_await!(sync => 1)
    }
);

fn main() {}
