//! `#[instrument]` would see only the call, not the body.

use smartasync::smart_fn;

smart_fn!(
    #[instrument]
    async fn one() -> u32 {
        1
    }

    #[tracing::instrument(skip_all)]
    fn two() -> u32 {
        2
    }
);

fn main() {}
