//! On the pool the arguments are copies, so a sync body cannot name their lifetime.

use smartasync::smart_fn;

smart_fn!(
    fn first<'a>(text: &'a str) -> usize {
        let same: &'a str = text;
        same.len()
    }
);

fn main() {}
