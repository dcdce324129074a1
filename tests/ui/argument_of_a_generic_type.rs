//! One sentence for each argument, and no advice to use a trait of this crate.

use smartasync::smart_fn;

struct Cell<T>(T);

impl<T> Cell<T> {
    smart_fn!(
        fn receiver(&self) -> usize {
            1
        }
    );
}

smart_fn!(
    fn by_value<T>(value: T) -> usize {
        1
    }

    fn by_reference<T: Sync>(value: &T) -> usize {
        1
    }

    fn opaque(value: impl Into<String>) -> usize {
        1
    }

    fn object(value: &dyn Fn()) -> usize {
        1
    }

    fn shorter<T: Send>(value: T) -> usize {
        1
    }
);

fn main() {}
