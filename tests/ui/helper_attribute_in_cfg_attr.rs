//! A helper attribute cannot be conditional.

use smartasync::smart_fn;

smart_fn!(
    #[cfg_attr(all(), maybe_async)]
    async fn one() -> u32 {
        1
    }
);

fn main() {}
