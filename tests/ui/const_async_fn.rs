//! An async smart function cannot be `const`, with or without generics.

use smartasync::smart_fn;

trait Numbers {
    smart_fn!(
        fn three() -> u32;
    );
}

struct Three;

smart_fn!(
    const async fn one<T>(n: T) -> T {
        n
    }
);

impl Numbers for Three {
    smart_fn!(
        const fn three() -> u32 {
            3
        }
    );
}

fn main() {}
