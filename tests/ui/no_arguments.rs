//! A function needs a list of arguments.

use smartasync::smart_fn;

smart_fn!(
    async fn one -> u32 {
        1
    }
);

fn main() {}
