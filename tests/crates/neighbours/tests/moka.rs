//! The guide's recipe of a cache that forgets: moka beside a `SmartLockMap`.

use moka::sync::Cache;
use neighbours::within;
use smartasync::{SmartLockMap, block_on, smart_fn, spawn_local};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

static QUERIES: AtomicU32 = AtomicU32::new(0);

smart_fn!(
    /// Stands for a query with a blocking driver.
    fn query(id: u32) -> String {
        QUERIES.fetch_add(1, Relaxed);
        format!("article {id}")
    }
);

/// Keeps at most 10,000 articles, each for a second.
static CACHE: LazyLock<Cache<u32, String>> = LazyLock::new(|| {
    let second = Duration::from_secs(1);
    Cache::builder()
        .max_capacity(10_000)
        .time_to_live(second)
        .build()
});
static LOADS: LazyLock<SmartLockMap<u32, String>> = LazyLock::new(SmartLockMap::new);

smart_fn!(
    async fn article(id: u32) -> String {
        let load = || async {
            if let Some(text) = CACHE.get(&id) {
                return text;
            }
            let text = query(id).await;
            CACHE.insert(id, text.clone());
            text
        };
        match CACHE.get(&id) {
            Some(text) => text,
            None => LOADS.run_once(id, load).await.expect("nobody resets a key"),
        }
    }
);

#[test]
fn a_value_is_loaded_once_and_again_when_its_time_is_up() {
    within(60, || {
        let began = Instant::now();
        let requests = [(); 16].map(|()| spawn_local(article(7)));
        let request = thread::spawn(|| article(7).wait());
        requests
            .into_iter()
            .for_each(|request| assert_eq!(block_on(request), "article 7"));
        assert_eq!(request.join().unwrap(), "article 7");
        let queries = QUERIES.load(Relaxed);
        let seconds = began.elapsed().as_secs();
        assert!(
            u64::from(queries) <= 1 + seconds,
            "{queries} in {seconds} s"
        );
        while QUERIES.load(Relaxed) == queries {
            thread::sleep(Duration::from_millis(50));
            assert_eq!(article(7).wait(), "article 7");
        }
    });
}
