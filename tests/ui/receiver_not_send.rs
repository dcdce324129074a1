//! A sync method sends its `self` to the pool, so it needs `Send`.

use smartasync::smart_fn;
use std::rc::Rc;

struct Name(String);

impl Name {
    smart_fn!(
        fn length(self: Rc<Self>) -> usize {
            self.0.len()
        }
    );
}

fn main() {}
