//! An argument of a sync function cannot borrow inside.

use smartasync::smart_fn;

smart_fn!(
    fn first(texts: Vec<&str>) -> usize {
        texts.len()
    }
);

fn main() {}
