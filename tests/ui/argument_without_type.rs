//! An argument needs a type.

use smartasync::smart_fn;

smart_fn!(
    async fn one(a) -> u32 {
        1
    }
);

fn main() {}
