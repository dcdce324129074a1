//! `#[wraps]` needs a path.

use smartasync::smart_fn;

smart_fn!(
    #[wraps]
    async fn one() -> u32;
);

fn main() {}
