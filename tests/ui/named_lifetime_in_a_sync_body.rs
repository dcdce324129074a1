//! On the pool the arguments live in another place, so the body of a sync function cannot name their lifetime.

use smartasync::smart_fn;

smart_fn!(
    fn first<'a>(text: &'a str) -> usize {
        let same: &'a str = text;
        same.len()
    }
);

fn main() {}
