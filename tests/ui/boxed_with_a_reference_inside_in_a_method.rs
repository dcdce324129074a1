//! A reference inside another type of a `#[boxed]` method needs a named lifetime.

use smartasync::smart_fn;

trait Size {
    smart_fn!(
        #[boxed]
        async fn size(&self, text: Option<&str>) -> usize;
    );
}

fn main() {}
