//! `#[split(…)]` says where the sync half goes.

use smartasync::smart_fn;

struct Client;

smart_fn!(
    #[split]
    impl Client {
        async fn get(&self) -> u32 {
            1
        }
    }
);

fn main() {}
