use smartasync::{smart_await, smart_fn};

smart_fn!(
    #[maybe_async]
    async fn load(key: &str) -> Option<usize> {
        let raw = smart_await!(lod_raw(key));
        let size = smart_await!(key.size());
        Some(size + smart_await!(load_raw(key)?))
    }

    #[maybe_async]
    async fn load_raw(key: &str) -> Option<usize> {
        Some(key.len())
    }
);

fn main() {
    load("a").wait();
}
