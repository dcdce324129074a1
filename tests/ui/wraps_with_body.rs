//! `#[wraps]` has no body.

use smartasync::smart_fn;

smart_fn!(
    #[wraps(two)]
    async fn one() -> u32 {
        1
    }
);

fn main() {}
