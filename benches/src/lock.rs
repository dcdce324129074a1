//! Coalescing, against singleflight crates, once-cells and caches.

use crate::case::{Case, OURS};
use smartasync::{SmartLock, block_on};
use std::hint::black_box;

fn uncontended_wait(n: u64) {
    let lock = SmartLock::new();
    for i in 0..n {
        let _ = black_box(lock.run_once(|| async move { black_box(i) }).wait());
    }
}
fn uncontended_await(n: u64) {
    let lock = SmartLock::new();
    block_on(async {
        for i in 0..n {
            let _ = black_box(lock.run_once(|| async move { black_box(i) }).await);
        }
    });
}
fn uncontended_shared(n: u64) {
    let lock = SmartLock::new();
    block_on(async {
        for i in 0..n {
            let _ = black_box(lock.run_shared(|| async move { black_box(i) }).await);
        }
    });
}
fn spawn(n: u64) {
    block_on(async {
        for i in 0..n {
            black_box(smartasync::spawn_local(async move { black_box(i) }).await);
        }
    });
}
fn spawn10(n: u64) {
    block_on(async {
        for i in 0..n {
            black_box(
                smartasync::spawn_local(async move {
                    for _ in 0..10 {
                        futures_lite::future::yield_now().await;
                    }
                    black_box(i)
                })
                .await,
            );
        }
    });
}
fn spawn_batch(n: u64) {
    block_on(async {
        for _ in 0..n / 1000 {
            let v: Vec<_> = (0..1000).map(|i| smartasync::spawn_local(async move { black_box(i) })).collect();
            for t in v {
                black_box(t.await);
            }
        }
    });
}
fn fu_batch(n: u64) {
    use futures::StreamExt;
    futures_lite::future::block_on(async {
        for _ in 0..n / 1000 {
            let mut v: futures::stream::FuturesUnordered<_> = (0..1000).map(|i| async move { black_box(i) }).collect();
            while let Some(x) = v.next().await {
                black_box(x);
            }
        }
    });
}
fn fu10_batch(n: u64) {
    use futures::StreamExt;
    futures_lite::future::block_on(async {
        for _ in 0..n / 1000 {
            let mut v: futures::stream::FuturesUnordered<_> = (0..1000)
                .map(|i| async move {
                    for _ in 0..10 {
                        futures_lite::future::yield_now().await;
                    }
                    black_box(i)
                })
                .collect();
            while let Some(x) = v.next().await {
                black_box(x);
            }
        }
    });
}
fn spawn10_batch(n: u64) {
    block_on(async {
        for _ in 0..n / 1000 {
            let v: Vec<_> = (0..1000)
                .map(|i| {
                    smartasync::spawn_local(async move {
                        for _ in 0..10 {
                            futures_lite::future::yield_now().await;
                        }
                        black_box(i)
                    })
                })
                .collect();
            for t in v {
                black_box(t.await);
            }
        }
    });
}
fn offload_one(n: u64) {
    block_on(async {
        for i in 0..n {
            black_box(smartasync::offload(move || black_box(i)).await);
        }
    });
}
fn offload_blocking(n: u64) {
    futures_lite::future::block_on(async {
        for i in 0..n {
            black_box(blocking::unblock(move || black_box(i)).await);
        }
    });
}
fn offload_1000(n: u64) {
    block_on(async {
        for _ in 0..n/1000 {
            let mut calls: Vec<_> = (0..1000u64).map(|i| smartasync::offload(move || black_box(i))).collect();
            for call in &mut calls { let _ = futures_lite::future::poll_once(call).await; }
            for call in calls { black_box(call.await); }
        }
    });
}
fn offload_1000_tokio(n: u64) {
    let rt = tokio::runtime::Builder::new_current_thread().max_blocking_threads(2).build().unwrap();
    rt.block_on(async {
        for _ in 0..n/1000 {
            let calls: Vec<_> = (0..1000u64).map(|i| tokio::task::spawn_blocking(move || black_box(i))).collect();
            for call in calls { black_box(call.await.unwrap()); }
        }
    });
}


use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};
use std::sync::Arc;
struct Nop;
impl Wake for Nop { fn wake(self: Arc<Self>) {} fn wake_by_ref(self: &Arc<Self>) {} }
const K: u64 = 10_000;
struct Gate(std::sync::atomic::AtomicBool);
impl Gate {
    async fn pass(&self) -> u64 {
        std::future::poll_fn(|_| if self.0.load(std::sync::atomic::Ordering::Relaxed) { Poll::Ready(7) } else { Poll::Pending }).await
    }
}
fn drive<'a, F: Future<Output = u64>>(n: u64, mut start: impl FnMut(&'a Gate) -> F, gate: &'a Gate, mut fin: impl FnMut()) {
    let w = Waker::from(Arc::new(Nop));
    let mut cx = Context::from_waker(&w);
    for _ in 0..n / K {
        gate.0.store(false, std::sync::atomic::Ordering::Relaxed);
        let mut fs: Vec<Pin<Box<F>>> = (0..K + 1).map(|_| Box::pin(start(gate))).collect();
        for f in &mut fs { assert!(f.as_mut().poll(&mut cx).is_pending()); }
        gate.0.store(true, std::sync::atomic::Ordering::Relaxed);
        for f in &mut fs { assert!(f.as_mut().poll(&mut cx).is_ready()); }
        fin();
    }
}
fn followers(n: u64) {
    let gate = Gate(Default::default());
    let lock = SmartLock::new();
    drive(n, |gate| { let c = lock.run_once(move || gate.pass()); async move { c.await.unwrap() } }, &gate, || {});
}
fn followers_bare(n: u64) {
    let gate = Gate(Default::default());
    drive(n, |gate| gate.pass(), &gate, || {});
}
fn followers_shared(n: u64) {
    use futures::FutureExt;
    let gate: &'static Gate = Box::leak(Box::new(Gate(Default::default())));
    let sh = std::cell::RefCell::new(gate.pass().shared());
    drive(n, |_| sh.borrow().clone(), gate, || {*sh.borrow_mut() = gate.pass().shared();});
}
pub const CASES: &[Case] = &[
    Case { work: "run_once, wait", who: OURS, run: uncontended_wait },
    Case { work: "run_once, await", who: OURS, run: uncontended_await },
    Case { work: "run_shared, await", who: OURS, run: uncontended_shared },
    Case { work: "followers", who: OURS, run: followers },
    Case { work: "followers", who: "bare", run: followers_bare },
    Case { work: "followers", who: "Shared", run: followers_shared },
    Case { work: "spawn await", who: OURS, run: spawn },
    Case { work: "spawn10 await", who: OURS, run: spawn10 },
    Case { work: "spawn batch", who: OURS, run: spawn_batch },
    Case { work: "spawn10 batch", who: OURS, run: spawn10_batch },
    Case { work: "spawn batch", who: "fu", run: fu_batch },
    Case { work: "spawn10 batch", who: "fu", run: fu10_batch },
    Case { work: "offload one", who: OURS, run: offload_one },
    Case { work: "offload one", who: "blocking", run: offload_blocking },
    Case { work: "offload 1000", who: OURS, run: offload_1000 },
    Case { work: "offload 1000", who: "tokio2", run: offload_1000_tokio },
];
