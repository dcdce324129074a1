//! A reference inside another type of a `#[boxed]` function needs a named lifetime.

use smartasync::smart_fn;

smart_fn!(
    #[boxed]
    async fn size(text: Option<&str>) -> usize {
        text.map_or(0, str::len)
    }
);

fn main() {}
