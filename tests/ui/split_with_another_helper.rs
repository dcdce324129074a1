//! Helper attributes of smart functions have no place in a split.

use smartasync::smart_fn;

struct Client;

mod blocking {
    pub struct Client;
}

smart_fn!(
    #[split(blocking::Client)]
    impl Client {
        #[maybe_async]
        async fn get(&self) -> u32 {
            1
        }

        #[blocking(put_blocking)]
        async fn put(&self) {}
    }
);

smart_fn!(
    #[boxed]
    #[split(blocking::Client)]
    impl Client {
        async fn first(&self) {}
    }
);

fn main() {
    blocking::Client.get();
}
