//! A wrong result points at the tail.

use smartasync::smart_fn;

smart_fn!(
    async fn one(n: u32) -> String {
        n
    }

    fn two(n: u32) -> u32 {
        return "two";
    }
);

fn main() {}
