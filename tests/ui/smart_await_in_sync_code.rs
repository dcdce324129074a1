//! `smart_await!` awaits, so it needs async code around it.

use smartasync::{smart_await, smart_fn};

smart_fn!(
    fn one() -> u32 {
        smart_await!(async { 1 })
    }
);

fn two() -> u32 {
    smart_await!(async { 2 })
}

fn main() {
    two();
}
