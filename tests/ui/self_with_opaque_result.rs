//! An `impl Trait` result of a sync method with `&self` must not capture a lifetime.

use smartasync::smart_fn;

#[derive(Clone)]
struct Text(String);

impl Text {
    smart_fn!(
        fn size(&self) -> impl Copy + Send + 'static {
            self.0.len()
        }
    );
}

fn main() {}
