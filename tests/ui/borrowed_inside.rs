//! An argument of a sync function cannot hold a reference.

use smartasync::smart_fn;

smart_fn!(
    fn first(texts: Vec<&str>) -> usize {
        texts.len()
    }
);

fn main() {
    // A call of the refused function is no error.
    let count: usize = first(vec!["a"]).wait();
    drop(count);
}
