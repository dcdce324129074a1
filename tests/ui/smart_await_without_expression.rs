//! `smart_await!` takes one expression.

use smartasync::{block_on, smart_await};

fn main() {
    block_on(async { smart_await!(1, 2) });
}
