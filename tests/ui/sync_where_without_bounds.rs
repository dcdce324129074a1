//! `#[sync_where(…)]` holds bounds.

use smartasync::smart_fn;

struct Client;

mod blocking {
    pub struct Client;
}

smart_fn!(
    #[split(blocking::Client)]
    impl Client {
        #[sync_where]
        async fn get<T>(&self, value: T) -> T
        where
            T: Copy,
        {
            value
        }
    }
);

fn main() {}
