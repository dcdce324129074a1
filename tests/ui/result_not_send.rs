//! The result of a sync function travels back, so it is `Send`.

use smartasync::smart_fn;

smart_fn!(
    fn number(n: u32) -> std::rc::Rc<u32> {
        std::rc::Rc::new(n)
    }
);

fn main() {}
