//! An attribute inside the body.

use smartasync::smart_fn;

smart_fn!(
    async fn one() -> u32 {
        #![allow(unused)]
        1
    }
);

fn main() {}
