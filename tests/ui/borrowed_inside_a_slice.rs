//! An argument of a sync function cannot be a slice of references.

use smartasync::smart_fn;

smart_fn!(
    fn count(texts: &[&str]) -> usize {
        texts.len()
    }

    fn kept(texts: &[&'static str]) -> usize {
        texts.len()
    }

    async fn counted(texts: &[&str]) -> usize {
        texts.len()
    }
);

fn main() {}
