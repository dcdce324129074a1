//! The result of a sync function cannot borrow from its arguments.

use smartasync::smart_fn;

smart_fn!(
    fn first(text: &str) -> &str {
        &text[..1]
    }
);

fn main() {
    // A call of the refused function is no error.
    assert_eq!(first("a").wait(), "a");
}
