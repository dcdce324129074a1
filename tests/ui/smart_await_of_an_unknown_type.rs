//! The type of a value cannot be inferred from its use after `smart_await!`.

use smartasync::{smart_await, smart_fn};

smart_fn!(
    async fn get<T: Default>() -> T {
        T::default()
    }

    async fn one() -> u8 {
        let one: u8 = smart_await!(get());
        one
    }
);

fn main() {}
