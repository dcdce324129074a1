//! One scenario, on every executor that people use: the results are the same, those of sync code
//! included. No runtime is installed.

use futures::StreamExt;
use futures::future::{join, join_all};
use neighbours::within;
use smartasync::{
    SmartLock, SmartLockMap, SmartStream, Source, block_on, is_async_context, offload, smart,
    smart_await, smart_fn, smart_iter, smart_sync, smart_unfold, spawn_local,
};
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::Poll;
use std::thread;

/// Is pending once; a thread wakes it.
async fn pause() {
    let mut begun = false;
    poll_fn(move |cx| {
        if begun {
            return Poll::Ready(());
        }
        begun = true;
        let waker = cx.waker().clone();
        thread::spawn(move || waker.wake());
        Poll::Pending
    })
    .await;
}

/// What a scenario saw.
#[derive(Debug, PartialEq)]
struct Seen {
    lengths: [usize; 3],
    depth: u32,
    shared: (u32, u32),
    by_key: Vec<usize>,
    stream: Vec<u32>,
    read_ahead: u64,
    panic: &'static str,
}

impl Seen {
    /// What everybody has to see.
    fn expected() -> Self {
        Self {
            lengths: [5, 5, 5],
            depth: 8,
            shared: (7 * 8, 1),
            by_key: vec![3, 3, 5],
            stream: vec![0, 1, 4, 9],
            read_ahead: 5050,
            panic: "of a job",
        }
    }
}

smart_fn!(
    async fn length_async(text: &str) -> usize {
        pause().await;
        text.len()
    }

    fn length_sync(text: &str) -> usize {
        text.len()
    }

    #[maybe_async]
    async fn length_either(text: &str) -> usize {
        smart_await!(length_sync(text)).max(smart_await!(length_async(text)))
    }

    fn down_sync(depth: u32) -> u32 {
        if depth == 0 {
            0
        } else {
            down_async(depth - 1).wait() + 1
        }
    }

    async fn down_async(depth: u32) -> u32 {
        if depth == 0 {
            0
        } else {
            down_sync(depth - 1).await + 1
        }
    }

    #[maybe_async]
    async fn square(n: u32) -> Option<(u32, u32)> {
        smart_await!(length_either("12345"));
        (n < 4).then(|| (n * n, n + 1))
    }
);

fn squares() -> SmartStream<impl Source<Item = u32>> {
    smart_unfold(0, square)
}

fn numbers() -> SmartStream<impl Source<Item = u64>> {
    smart_iter(1..=100, NonZeroUsize::new(8).unwrap())
}

async fn load(runs: &AtomicU32) -> u32 {
    runs.fetch_add(1, Relaxed);
    pause().await;
    7
}

/// The scenario in async code.
async fn awaited() -> Seen {
    let (lock, map, runs) = (SmartLock::new(), SmartLockMap::new(), AtomicU32::new(0));
    let shared: u32 = join_all((0..8).map(|_| lock.run_once(|| load(&runs))))
        .await
        .into_iter()
        .map(Result::unwrap)
        .sum();
    let of_key =
        |key: &'static str| map.run_shared(key, move || async move { length_async(key).await });
    let by_key = join_all([of_key("one"), of_key("one"), of_key("three")]).await;
    let (a, b) = join(length_async("12345"), length_sync("12345")).await;
    let panic = offload::<()>(|| resume_unwind(Box::new("of a job")));
    let payload = futures::FutureExt::catch_unwind(AssertUnwindSafe(panic))
        .await
        .unwrap_err();
    assert!(smart(async { is_async_context() }).await);
    assert!(smart(async { length_sync("").try_wait().is_err() }).await);
    assert!(map.is_empty() && !lock.is_running());
    Seen {
        lengths: [a, b, length_either("12345").await],
        depth: smart_sync(|| down_sync(8).wait()).await,
        shared: (shared, runs.load(Relaxed)),
        by_key: by_key.into_iter().map(Result::unwrap).collect(),
        stream: squares().collect().await,
        read_ahead: numbers().fold(0, |sum, n| async move { sum + n }).await,
        panic: payload.downcast_ref::<&str>().unwrap(),
    }
}

/// The same in sync code.
fn waited() -> Seen {
    let (lock, map, runs) = (SmartLock::new(), SmartLockMap::new(), AtomicU32::new(0));
    let all_follow = || async {
        // Everybody is there before the leader goes on.
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            if lock.waiters() == 7 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        load(&runs).await
    };
    let shared = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| lock.run_once(all_follow).wait().unwrap()))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    let payload =
        catch_unwind(|| smart(offload(|| resume_unwind(Box::new("of a job")))).wait()).unwrap_err();
    let mut stream = Vec::new();
    for square in squares() {
        stream.push(square);
    }
    Seen {
        lengths: [
            length_async("12345").wait(),
            length_sync("12345").wait(),
            length_either("12345").wait(),
        ],
        depth: smart_sync(|| down_sync(8).wait()).wait(),
        shared: (shared, runs.load(Relaxed)),
        by_key: ["one", "one", "three"]
            .into_iter()
            .map(|key| {
                map.run_shared(key, move || length_async(key))
                    .wait()
                    .unwrap()
            })
            .collect(),
        stream,
        read_ahead: numbers().into_iter().sum(),
        panic: payload.downcast_ref::<&str>().unwrap(),
    }
}

/// Runs the scenario a few times, each within a time-out.
fn everybody_sees_the_same(run: impl Fn() -> Seen + Send + 'static) {
    within(60, move || {
        (0..5).for_each(|_| assert_eq!(run(), Seen::expected()))
    });
}

#[test]
fn in_sync_code() {
    everybody_sees_the_same(waited);
}

#[test]
fn on_our_own_loop() {
    everybody_sees_the_same(|| block_on(awaited()));
    everybody_sees_the_same(|| block_on(async { spawn_local(awaited()).await }));
    everybody_sees_the_same(|| smart(awaited()).wait());
}

#[test]
fn on_tokio_s_current_thread() {
    everybody_sees_the_same(|| {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(awaited())
    });
    everybody_sees_the_same(|| {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        tokio.block_on(async { tokio::spawn(awaited()).await.unwrap() })
    });
}

#[test]
fn on_tokio_s_threads() {
    everybody_sees_the_same(|| {
        let tokio = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        tokio.block_on(async { tokio::spawn(awaited()).await.unwrap() })
    });
}

#[test]
fn on_smol() {
    everybody_sees_the_same(|| smol::block_on(awaited()));
    everybody_sees_the_same(|| smol::block_on(smol::spawn(awaited())));
}

#[test]
fn on_futures_executor() {
    everybody_sees_the_same(|| futures::executor::block_on(awaited()));
}

#[test]
fn on_pollster() {
    everybody_sees_the_same(|| pollster::block_on(awaited()));
}

#[test]
fn on_embassy_futures() {
    everybody_sees_the_same(|| embassy_futures::block_on(awaited()));
}
