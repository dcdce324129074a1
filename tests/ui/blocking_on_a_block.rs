//! A name is that of one function.

use smartasync::smart_fn;

struct Client;

smart_fn!(
    #[blocking(get_blocking)]
    impl Client {
        async fn get(&self) -> u32 {
            1
        }
    }
);

fn main() {}
