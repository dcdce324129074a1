//! A wrapped function has to return the result of the signature.

use smartasync::smart_fn;

async fn two() -> String {
    "two".to_owned()
}

smart_fn!(
    #[wraps(two)]
    async fn one() -> u32;
);

fn main() {}
