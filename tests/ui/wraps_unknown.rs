//! The wrapped function has to exist.

use smartasync::smart_fn;

smart_fn!(
    #[wraps(nobody)]
    async fn one() -> u32;
);

fn main() {}
