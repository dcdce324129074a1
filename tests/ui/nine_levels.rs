//! `smart_await!` resolves eight levels.

use smartasync::{block_on, smart_await};

fn main() {
    block_on(async {
        let n: u32 = smart_await!(async { async { async { async { async { async { async { async { async { 1 } } } } } } } } });
        n
    });
}
