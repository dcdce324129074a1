//! A call that is not awaited in async code does nothing.

#![deny(unused_must_use)]

use smartasync::{block_on, smart_fn};

smart_fn!(
    #[maybe_async]
    async fn one(n: u32) -> u32 {
        n
    }
);

fn main() {
    block_on(async {
        one(1);
    });
}
