//! `smart_fn!` takes functions only.

use smartasync::smart_fn;

smart_fn!(
    struct One(u32);
);

fn main() {}
