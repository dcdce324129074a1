//! Attributes need a function.

use smartasync::smart_fn;

smart_fn!(
    #[inline]
);

fn main() {}
