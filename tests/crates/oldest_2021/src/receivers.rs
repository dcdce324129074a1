//! Methods, with every form of `self`.

use smartasync::{smart_await, smart_fn};
use std::sync::Arc;

/// A counter with a name.
#[derive(Clone, Debug)]
pub struct Counter {
    name: String,
    count: u32,
}

impl Counter {
    smart_fn!(
        /// Has no `self`.
        pub async fn new(name: &str) -> Self {
            Self {
                name: name.to_owned(),
                count: 0,
            }
        }

        /// Borrows.
        pub async fn name(&self) -> &str {
            &self.name
        }

        /// Borrows, and is sync.
        #[blocking(larger_than_blocking)]
        pub fn larger_than(&self, limit: &u32) -> bool {
            self.count > *limit
        }

        /// Borrows mutably.
        #[maybe_async]
        pub async fn increase(&mut self, by: u32) -> u32 {
            self.count += smart_await!(sync => by, async => std::future::ready(by));
            self.count
        }

        /// Borrows mutably, and calls itself.
        #[maybe_async]
        pub async fn increase_twice(&mut self, by: u32) -> u32 {
            let before = smart_await!(self.increase(by));
            smart_await!(self.increase(by)) - before
        }

        /// Takes it.
        pub async fn into_name(self) -> String {
            self.name
        }

        /// Takes a pointer to it.
        pub fn shared(self: Arc<Self>) -> u32 {
            self.count
        }

        /// Does not use it.
        pub async fn unused(&self, _key: &str) {}
    );
}
