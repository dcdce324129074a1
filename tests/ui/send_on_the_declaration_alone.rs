//! On the pool the method of the `impl` calls itself, so it needs the `#[send]` of the trait.

use smartasync::smart_fn;

trait Parse: Clone + Send + Sync + 'static {
    smart_fn!(
        #[send]
        fn parse(&self, text: &str) -> usize;
    );
}

#[derive(Clone)]
struct Length;

impl Parse for Length {
    smart_fn!(
        fn parse(&self, text: &str) -> usize {
            text.len()
        }
    );
}

fn main() {}
