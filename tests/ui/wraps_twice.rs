//! `#[wraps]` may be given only once.

use smartasync::smart_fn;

smart_fn!(
    #[wraps(two)]
    #[wraps(three)]
    async fn one() -> u32;
);

fn main() {}
