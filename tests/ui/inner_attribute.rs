//! A body cannot have an inner attribute.

use smartasync::smart_fn;

smart_fn!(
    async fn one() -> u32 {
        #![allow(unused)]
        1
    }
);

fn main() {}
