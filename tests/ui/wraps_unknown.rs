//! What is wrapped exists.

use smartasync::smart_fn;

smart_fn!(
    #[wraps(nobody)]
    async fn one() -> u32;
);

fn main() {}
