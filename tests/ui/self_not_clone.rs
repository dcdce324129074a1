//! A sync method copies its `&self` for the pool, so the type needs `Clone`.

use smartasync::smart_fn;

struct Handle(u32);

impl Handle {
    smart_fn!(
        fn number(&self) -> u32 {
            self.0
        }
    );
}

fn main() {}
