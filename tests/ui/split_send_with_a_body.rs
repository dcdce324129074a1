//! A default body of a split trait with `#[send]` needs `Self: Sync`.

use smartasync::smart_fn;

smart_fn!(
    #[split(BlockingFetch)]
    #[send]
    trait Fetch {
        async fn fetch(&self, url: &str) -> usize;

        async fn twice(&self, url: &str) -> usize {
            smart_await!(self.fetch(url)) + smart_await!(self.fetch(url))
        }
    }
);

fn main() {}
