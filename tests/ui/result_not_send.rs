//! The result of a sync function comes back from the pool, so it needs `Send`.

use smartasync::smart_fn;

smart_fn!(
    fn number(n: u32) -> std::rc::Rc<u32> {
        std::rc::Rc::new(n)
    }
);

fn main() {}
