//! `#[maybe_async]` needs a body.

use smartasync::smart_fn;

smart_fn!(
    #[maybe_async]
    #[wraps(two)]
    async fn one() -> u32;
);

fn main() {}
