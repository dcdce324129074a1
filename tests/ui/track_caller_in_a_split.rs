//! `#[track_caller]` goes to the sync half, so it needs one.

use smartasync::smart_fn;

struct Client;

mod blocking {
    pub struct Client;
}

smart_fn!(
    #[split(blocking::Client)]
    impl Client {
        #[track_caller]
        async fn good(&self) {}

        #[async_only]
        #[track_caller]
        async fn bad(&self) {}
    }

    #[split(twice_blocking)]
    #[split(again_blocking)]
    async fn twice() {}
);

fn main() {}
