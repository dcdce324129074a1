//! A call that is neither awaited nor waited for does nothing.

#![deny(unused_must_use)]

use smartasync::smart_fn;

smart_fn!(
    async fn one(n: u32) -> u32 {
        n
    }

    fn two(n: u32) -> u32 {
        n
    }
);

fn main() {
    one(1);
    two(2);
}
