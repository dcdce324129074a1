//! The lifetime that `#[boxed]` adds.

use smartasync::smart_fn;

smart_fn!(
    #[boxed]
    async fn same<'smart>(text: &'smart str) -> &'smart str {
        text
    }
);

fn main() {}
