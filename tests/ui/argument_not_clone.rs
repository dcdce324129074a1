//! A sync function copies its `&T` argument for the pool, so `T` needs `Clone`.

use smartasync::smart_fn;

struct Handle(u32);

smart_fn!(
    fn number(handle: &Handle) -> u32 {
        handle.0
    }
);

fn main() {}
