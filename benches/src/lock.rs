//! Coalescing: without contention, with followers, with threads, and for keys.

use crate::case::{Case, LIMIT, OURS, cases, drive};
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use std::convert::Infallible;
use std::future::poll_fn;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

/// Callers of one thing share a run.
trait Coalesces: Default + Send + Sync + 'static {
    fn call<F: Future<Output = u64> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output: Send> + Send;

    /// A run has ended: what caches its value forgets it.
    fn forget(&mut self) {}
}

#[derive(Default)]
struct Smartasync(smartasync::SmartLock<u64>);

impl Coalesces for Smartasync {
    fn call<F: Future<Output = u64> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output: Send> + Send {
        self.0.run_once(|| work)
    }
}

/// The lock owns the future, and each caller may drive it.
#[derive(Default)]
struct SmartasyncShared(smartasync::SmartLock<u64>);

impl Coalesces for SmartasyncShared {
    fn call<F: Future<Output = u64> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output: Send> + Send {
        self.0.run_shared(|| work)
    }
}

/// Its key is a number, the cheapest that there is.
#[derive(Default)]
struct SingleflightAsync(singleflight_async::SingleFlight<u64, u64>);

impl Coalesces for SingleflightAsync {
    fn call<F: Future<Output = u64> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output: Send> + Send {
        self.0.work(0, || work)
    }
}

#[derive(Default)]
struct AsyncSingleflight(async_singleflight::UnaryGroup<u64, u64>);

impl Coalesces for AsyncSingleflight {
    fn call<F: Future<Output = u64> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output: Send> + Send {
        self.0.work(&0, work)
    }
}

#[derive(Default)]
struct TokioOnceCell(tokio::sync::OnceCell<u64>);

impl Coalesces for TokioOnceCell {
    fn call<F: Future<Output = u64> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output: Send> + Send {
        async { *self.0.get_or_init(|| work).await }
    }

    fn forget(&mut self) {
        self.0.take();
    }
}

#[derive(Default)]
struct AsyncOnceCell(async_once_cell::OnceCell<u64>);

impl Coalesces for AsyncOnceCell {
    fn call<F: Future<Output = u64> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output: Send> + Send {
        async { *self.0.get_or_init(work).await }
    }

    fn forget(&mut self) {
        self.0.take();
    }
}

struct Moka(moka::future::Cache<u64, u64>);

impl Default for Moka {
    fn default() -> Self {
        Self(moka::future::Cache::new(100_000))
    }
}

impl Coalesces for Moka {
    fn call<F: Future<Output = u64> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output: Send> + Send {
        self.0.get_with(0, work)
    }

    fn forget(&mut self) {
        drive(self.0.invalidate(&0));
    }
}

/// A cache with room for so many keys, which threads and tasks share.
struct QuickCache(quick_cache::sync::Cache<u64, u64>);

impl Default for QuickCache {
    fn default() -> Self {
        Self(quick_cache::sync::Cache::new(20_000))
    }
}

impl QuickCache {
    async fn get<F: Future<Output = u64>>(&self, key: u64, work: F) -> u64 {
        let work = async { Ok::<_, Infallible>(work.await) };
        let Ok(value) = self.0.get_or_insert_async(&key, work).await;
        value
    }

    /// The API for sync code, and the removal.
    fn get_once(&self, key: u64, work: impl FnOnce() -> u64) -> u64 {
        let Ok(value) = self
            .0
            .get_or_insert_with(&key, || Ok::<_, Infallible>(work()));
        self.0.remove(&key);
        value
    }
}

impl Coalesces for QuickCache {
    fn call<F: Future<Output = u64> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output: Send> + Send {
        self.get(0, work)
    }

    fn forget(&mut self) {
        self.0.remove(&0);
    }
}

/// A future that is cloned; the first call of a run makes it.
#[derive(Default)]
struct FuturesShared(Mutex<Option<Shared<BoxFuture<'static, u64>>>>);

impl Coalesces for FuturesShared {
    fn call<F: Future<Output = u64> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output: Send> + Send {
        let mut shared = self.0.lock().expect("nobody panics with it");
        shared.get_or_insert_with(|| work.boxed().shared()).clone()
    }

    fn forget(&mut self) {
        *self.0.get_mut().expect("nobody panics with it") = None;
    }
}

/// No coalescing at all.
#[derive(Default)]
struct Nothing;

impl Coalesces for Nothing {
    fn call<F: Future<Output = u64> + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output: Send> + Send {
        work
    }
}

fn uncontended<C: Coalesces>(n: u64) {
    let mut lock = C::default();
    drive(async {
        for i in 0..n {
            black_box(lock.call(async move { black_box(i) }).await);
            lock.forget();
        }
    });
}

/// The same in sync code.
fn uncontended_quick_cache_sync(n: u64) {
    let cache = QuickCache::default();
    for i in 0..n {
        black_box(cache.get_once(0, || black_box(i)));
    }
}

/// Counts nothing, but is no no-op that a contender could know.
struct Silent;

impl Wake for Silent {
    fn wake(self: Arc<Self>) {}
    fn wake_by_ref(self: &Arc<Self>) {}
}

/// What the work of a flight waits for.
#[derive(Default)]
struct Gate {
    is_open: AtomicBool,
    waker: futures::task::AtomicWaker,
}

impl Gate {
    /// Waits until the gate is open. If it `registers`, its waker is told.
    async fn pass(self: Arc<Self>, registers: bool) -> u64 {
        poll_fn(|cx| {
            if registers {
                self.waker.register(cx.waker());
            }
            if self.is_open.load(Ordering::Relaxed) {
                Poll::Ready(7)
            } else {
                Poll::Pending
            }
        })
        .await
    }
}

/// A leader and `BATCH` followers, each polled when it comes and when it is to be ready. A shared
/// future is not polled unless it is woken, so there the work has to register its waker.
fn followers<C: Coalesces, const BATCH: u64, const REGISTERS: bool>(n: u64) {
    let waker = Waker::from(Arc::new(Silent));
    let mut cx = Context::from_waker(&waker);
    let (mut lock, gate) = (C::default(), Arc::new(Gate::default()));
    for _ in 0..n / BATCH {
        gate.is_open.store(false, Ordering::Relaxed);
        let mut calls: Vec<Pin<Box<_>>> = (0..=BATCH)
            .map(|_| Box::pin(lock.call(gate.clone().pass(REGISTERS))))
            .collect();
        for call in &mut calls {
            assert!(call.as_mut().poll(&mut cx).is_pending());
        }
        gate.is_open.store(true, Ordering::Relaxed);
        gate.waker.wake();
        while !calls.is_empty() {
            // Where the cell lets in one after the other, it may take more than one round.
            calls.retain_mut(|call| call.as_mut().poll(&mut cx).is_pending());
        }
        drop(calls);
        lock.forget();
    }
}

const THREADS: u64 = 8;

/// Threads that call again and again, with trivial work.
fn threads<C: Coalesces>(n: u64) {
    threads_that(n, |lock: &C, i| {
        black_box(drive(lock.call(async move { black_box(i) })));
    });
}

fn threads_quick_cache_sync(n: u64) {
    threads_that(n, |cache: &QuickCache, i| {
        black_box(cache.get_once(0, || black_box(i)));
    });
}

fn threads_that<C: Default + Send + Sync + 'static>(n: u64, call: fn(&C, u64)) {
    let (lock, start) = (
        Arc::new(C::default()),
        Arc::new(Barrier::new(THREADS as usize)),
    );
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (lock, start) = (lock.clone(), start.clone());
            thread::spawn(move || {
                start.wait();
                (0..n / THREADS).for_each(|i| call(&lock, i));
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().expect("no caller panics"));
}

/// Callers of the same key share a run.
trait CoalescesKeys: Default + 'static {
    fn call<F: Future<Output = u64> + Send + 'static>(&self, key: u64, work: F) -> impl Future;

    fn forget(&mut self, _key: u64) {}
}

#[derive(Default)]
struct SmartasyncMap(smartasync::SmartLockMap<u64, u64>);

impl CoalescesKeys for SmartasyncMap {
    fn call<F: Future<Output = u64> + Send + 'static>(&self, key: u64, work: F) -> impl Future {
        self.0.run_once(key, || work)
    }
}

impl CoalescesKeys for SingleflightAsync {
    fn call<F: Future<Output = u64> + Send + 'static>(&self, key: u64, work: F) -> impl Future {
        self.0.work(key, || work)
    }
}

impl CoalescesKeys for Moka {
    fn call<F: Future<Output = u64> + Send + 'static>(&self, key: u64, work: F) -> impl Future {
        self.0.get_with(key, work)
    }

    fn forget(&mut self, key: u64) {
        drive(self.0.invalidate(&key));
    }
}

impl CoalescesKeys for QuickCache {
    fn call<F: Future<Output = u64> + Send + 'static>(&self, key: u64, work: F) -> impl Future {
        self.get(key, work)
    }

    fn forget(&mut self, key: u64) {
        self.0.remove(&key);
    }
}

/// One caller after the other, over `KEYS` keys.
fn keys<C: CoalescesKeys, const KEYS: u64>(n: u64) {
    let mut map = C::default();
    drive(async {
        for i in 0..n {
            black_box(map.call(i % KEYS, async move { black_box(i) }).await);
            map.forget(i % KEYS);
        }
    });
}

/// The same in sync code.
fn keys_quick_cache_sync<const KEYS: u64>(n: u64) {
    let cache = QuickCache::default();
    for i in 0..n {
        black_box(cache.get_once(i % KEYS, || black_box(i)));
    }
}

/// How often the work ran when `THREADS` threads called it at once, so often.
pub fn runs_of_slow_work(flights: usize) -> usize {
    let (lock, start, runs) = (
        smartasync::SmartLock::new(),
        Barrier::new(THREADS as usize),
        AtomicUsize::new(0),
    );
    for _ in 0..flights {
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    let led = lock.run_once(|| async {
                        runs.fetch_add(1, Ordering::Relaxed);
                        thread::sleep(std::time::Duration::from_millis(20));
                    });
                    led.wait().expect("nobody resets it");
                });
            }
        });
    }
    runs.into_inner()
}

/// Followers, in batches of one size.
macro_rules! follower_cases {
    ($($work:literal, $ours:ident, $batch:literal, $registers:literal;)+) => {
        cases! {
            $($work, $batch => {
                OURS => followers::<$ours, $batch, $registers>,
                "futures, Shared" => followers::<FuturesShared, $batch, $registers>,
                "tokio, OnceCell" => followers::<TokioOnceCell, $batch, $registers>,
                "singleflight-async" => followers::<SingleflightAsync, $batch, $registers>,
                "moka" => followers::<Moka, $batch, $registers>,
                "quick_cache" => followers::<QuickCache, $batch, $registers>,
                LIMIT => followers::<Nothing, $batch, $registers>,
            })+
        }
    };
}

/// One caller after the other, over so many keys.
macro_rules! key_cases {
    ($($work:literal, $keys:literal;)+) => {
        cases! {
            $($work, 1 => {
                OURS => keys::<SmartasyncMap, $keys>,
                "singleflight-async" => keys::<SingleflightAsync, $keys>,
                "moka" => keys::<Moka, $keys>,
                "quick_cache, async" => keys::<QuickCache, $keys>,
                "quick_cache, sync" => keys_quick_cache_sync::<$keys>,
            })+
        }
    };
}

pub const ALONE: &[Case] = cases! {
    "run_once, uncontended", 1 => {
        OURS => uncontended::<Smartasync>, "async-once-cell" => uncontended::<AsyncOnceCell>, "tokio, OnceCell" => uncontended::<TokioOnceCell>,
        "singleflight-async" => uncontended::<SingleflightAsync>, "async_singleflight" => uncontended::<AsyncSingleflight>,
        "moka" => uncontended::<Moka>, "quick_cache, async" => uncontended::<QuickCache>, "quick_cache, sync" => uncontended_quick_cache_sync,
        LIMIT => uncontended::<Nothing>,
    }
};

pub const FOLLOWERS: &[Case] = follower_cases! {
    "run_once, 1,000 followers", Smartasync, 1_000, false;
    "run_once, 10,000 followers", Smartasync, 10_000, false;
    "run_once, 100,000 followers", Smartasync, 100_000, false;
    "run_shared, 10,000 followers", SmartasyncShared, 10_000, true;
};

pub const BY_THREADS: &[Case] = cases! {
    "run_once, 8 threads", 10_000 * THREADS => {
        OURS => threads::<Smartasync>, "singleflight-async" => threads::<SingleflightAsync>, "async_singleflight" => threads::<AsyncSingleflight>,
        "quick_cache, sync" => threads_quick_cache_sync, LIMIT => threads::<Nothing>,
    }
};

pub const MAPS: &[Case] = key_cases! {
    "map, 1 key", 1;
    "map, 64 keys", 64;
    "map, 10,000 keys", 10_000;
};
