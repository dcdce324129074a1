//! `#[boxed]` adds the lifetime `'smart`, so a function cannot use this name.

use smartasync::smart_fn;

smart_fn!(
    #[boxed]
    async fn same<'smart>(text: &'smart str) -> &'smart str {
        text
    }
);

fn main() {}
