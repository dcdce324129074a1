//! A function has to follow the attributes.

use smartasync::smart_fn;

smart_fn!(
    #[inline]
);

fn main() {}
