//! The compiler suggests to edit the user's own types.

use smartasync::smart_fn;

trait Store {
    smart_fn!(
        async fn get(&self, key: u32) -> u32;
    );
}

struct Memory;

impl Store for Memory {
    smart_fn!(
        async fn get(&self, key: u64) -> u32 {
            1
        }
    );
}

smart_fn!(
    async fn longer<'a>(a: &'a str, b: &str) -> &'a str {
        b
    }
);

fn main() {}
