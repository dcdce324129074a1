//! `#[blocking]` takes a name.

use smartasync::smart_fn;

smart_fn!(
    #[blocking("one_blocking")]
    async fn one() -> u32 {
        1
    }
);

fn main() {}
