//! An attribute that is no helper attribute stays on the function, so it has to exist.

use smartasync::smart_fn;

smart_fn!(
    #[maybe_asnyc]
    async fn one() -> u32 {
        1
    }
);

fn main() {}
