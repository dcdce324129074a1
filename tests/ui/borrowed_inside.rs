//! An argument of a sync function cannot borrow inside.

use smartasync::smart_fn;

smart_fn!(
    fn first(texts: Vec<&str>) -> usize {
        texts.len()
    }
);

fn main() {
    // A call of it is no second mistake.
    let count: usize = first(vec!["a"]).wait();
    drop(count);
}
