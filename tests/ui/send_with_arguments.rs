//! `#[send]` takes no arguments.

use smartasync::smart_fn;

smart_fn!(
    #[send = "yes"]
    async fn one() -> u32 {
        1
    }
);

fn main() {}
