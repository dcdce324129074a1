//! `#[split(…)]` splits an `async fn`.

use smartasync::smart_fn;

smart_fn!(
    #[split(one_blocking)]
    fn one() -> u32 {
        1
    }
);

fn main() {
    one();
}
