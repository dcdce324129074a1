//! `#[maybe_async]` needs an `async fn`.

use smartasync::smart_fn;

smart_fn!(
    #[maybe_async]
    fn one() -> u32 {
        1
    }
);

fn main() {}
