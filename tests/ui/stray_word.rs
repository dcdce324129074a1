//! A function starts with `fn` or `async fn`.

use smartasync::smart_fn;

smart_fn!(
    pub asnyc fn one() -> u32 {
        1
    }
);

fn main() {}
