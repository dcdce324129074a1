//! The method of the implementation calls itself on the pool, and has to promise what the trait promises.

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
