//! `#[blocking]` may be given only once.

use smartasync::smart_fn;

smart_fn!(
    #[blocking(a)]
    #[blocking(b)]
    async fn one() -> u32 {
        1
    }
);

fn main() {}
