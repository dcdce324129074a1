//! A sync function sends its arguments to the pool, so they need `Send`.

use smartasync::smart_fn;

#[derive(Clone)]
struct Adder(u32);

impl Adder {
    smart_fn!(
        fn add(&self, shared: std::rc::Rc<u32>) -> u32 {
            self.0 + *shared
        }
    );
}

fn main() {}
