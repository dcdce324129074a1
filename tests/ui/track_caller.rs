//! `#[track_caller]` would do nothing.

use smartasync::smart_fn;

smart_fn!(
    #[track_caller]
    fn one() -> u32 {
        1
    }
);

fn main() {
    let _: u32 = one().wait();
}
