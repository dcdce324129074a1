//! A type error in a body points into the body.

use smartasync::smart_fn;

smart_fn!(
    async fn one(n: u32) -> u32 {
        let text: String = n;
        text.len() as u32
    }

    fn two(n: u32) -> u32 {
        n + "two"
    }
);

fn main() {}
