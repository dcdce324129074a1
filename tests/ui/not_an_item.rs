//! `smart_fn!` takes items, not expressions.

use smartasync::smart_fn;

smart_fn!(1 + 1);

fn main() {}
