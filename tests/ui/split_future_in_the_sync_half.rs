//! A future in the sync half is not driven.

use smartasync::smart_fn;

struct Client;

mod blocking {
    pub struct Client;
}

async fn load() -> u32 {
    1
}

smart_fn!(
    #[split(blocking::Client)]
    impl Client {
        async fn get(&self) -> u32 {
            smart_await!(load())
        }
    }
);

fn main() {}
