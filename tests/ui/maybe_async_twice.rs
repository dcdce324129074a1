//! `#[maybe_async]` may be given only once.

use smartasync::smart_fn;

smart_fn!(
    #[maybe_async]
    #[maybe_async]
    async fn one() -> u32 {
        1
    }
);

fn main() {}
