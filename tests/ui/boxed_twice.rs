//! A helper attribute may be given only once.

use smartasync::smart_fn;

smart_fn!(
    #[boxed]
    #[boxed]
    async fn one() -> u32 {
        1
    }
);

fn main() {}
