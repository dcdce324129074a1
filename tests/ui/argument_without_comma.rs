//! The comma between two arguments is missing.

use smartasync::smart_fn;

smart_fn!(
    async fn sum(one: u32 two: u32) -> u32 {
        one + two
    }
);

fn main() {}
