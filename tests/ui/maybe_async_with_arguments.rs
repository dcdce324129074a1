//! `#[maybe_async]` takes no arguments.

use smartasync::smart_fn;

smart_fn!(
    #[maybe_async(yes)]
    async fn one() -> u32 {
        1
    }
);

fn main() {}
