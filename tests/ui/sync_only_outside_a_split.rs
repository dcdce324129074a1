//! `#[sync_only]` belongs into a split.

use smartasync::smart_fn;

struct Client;

impl Client {
    smart_fn!(
        #[sync_only]
        fn get() -> u32 {
            1
        }
    );
}

fn main() {
    Client::get();
}
