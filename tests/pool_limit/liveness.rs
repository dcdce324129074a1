//! The limit never stops the program: values that initialise over a wait, mutexes that are held
//! over a wait, deep chains, jobs that are dropped while the pool is stuck.
//!
//! Each scenario would hang if a waiting thread did not help itself. `within` turns a hang into a
//! failure.

use crate::jobs::{run_at_once, with_limit};
use futures_lite::future::{poll_once, zip};
use smartasync::{block_on, offload, smart, smart_fn};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, LazyLock, Mutex, Once, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

smart_fn!(
    /// A sync function, so that a `.wait()` on `connect` waits for a job.
    fn handshake(n: u32) -> u32 {
        n + 1
    }

    async fn connect(n: u32) -> u32 {
        handshake(n).await
    }

    async fn connect_twice(n: u32) -> u32 {
        let (one, two) = zip(handshake(n), handshake(n)).await;
        assert_eq!(one, two);
        one
    }
);

/// Runs `jobs` copies of `read` at once on the pool, driven by each kind of executor.
fn read_at_once(executor: &str, jobs: usize, read: fn() -> u32) {
    let all = async move {
        let jobs: Vec<_> = (0..jobs).map(|_| Box::pin(offload(read))).collect();
        for result in join_all(jobs).await {
            assert_eq!(result, 8);
        }
    };
    match executor {
        "own" => block_on(all),
        "tokio, current thread" => {
            tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
                .block_on(all);
        }
        "tokio, multi thread" => {
            let tokio = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .build();
            tokio
                .unwrap()
                .block_on(async { tokio::spawn(all).await.unwrap() });
        }
        "smol" => smol::block_on(all),
        other => unreachable!("{other}"),
    }
}

/// Polls all futures, in their order, until each has its value.
async fn join_all<F: Future + Unpin>(mut futures: Vec<F>) -> Vec<F::Output> {
    let mut outputs: Vec<_> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(move |cx| {
        for (future, output) in futures.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                if let std::task::Poll::Ready(value) = Pin::new(future).poll(cx) {
                    *output = Some(value);
                }
            }
        }
        if outputs.iter().all(Option::is_some) {
            std::task::Poll::Ready(outputs.iter_mut().filter_map(Option::take).collect())
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

const EXECUTORS: [&str; 4] = [
    "own",
    "tokio, current thread",
    "tokio, multi thread",
    "smol",
];

fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

#[test]
fn a_lazy_value_whose_initialiser_waits_stops_no_pool() {
    fn read(executor: &'static str) -> u32 {
        static VALUES: Mutex<Vec<(&str, &LazyLock<u32>)>> = Mutex::new(Vec::new());
        let value = {
            let mut values = VALUES.lock().unwrap();
            match values.iter().find(|(name, _)| *name == executor) {
                Some((_, value)) => *value,
                None => {
                    let value: &'static LazyLock<u32> = leaked(LazyLock::new(|| connect(7).wait()));
                    values.push((executor, value));
                    value
                }
            }
        };
        **value
    }
    for (limit, names) in [(1, ["a", "b"]), (2, ["c", "d"]), (6, ["e", "f"])] {
        for name in names {
            with_limit(limit, move || {
                let results = run_at_once(64, move || read(name));
                assert!(results.into_iter().all(|value| value == 8));
            });
        }
    }
}

#[test]
fn a_lazy_value_stops_no_pool_on_any_executor() {
    static OWN: LazyLock<u32> = LazyLock::new(|| connect(7).wait());
    static CURRENT: LazyLock<u32> = LazyLock::new(|| connect(7).wait());
    static MULTI: LazyLock<u32> = LazyLock::new(|| connect(7).wait());
    static SMOL: LazyLock<u32> = LazyLock::new(|| connect_twice(7).wait());
    let reads: [fn() -> u32; 4] = [|| *OWN, || *CURRENT, || *MULTI, || *SMOL];
    for (executor, read) in EXECUTORS.into_iter().zip(reads) {
        with_limit(2, move || read_at_once(executor, 64, read));
    }
}

#[test]
fn a_once_lock_and_a_once_that_a_plain_thread_initialises_over_a_wait_stop_no_pool() {
    for limit in [1, 2, 6] {
        with_limit(limit, move || {
            let (value, once) = (leaked(OnceLock::new()), leaked(Once::new()));
            let started = Arc::new(Barrier::new(limit + 1));
            let readers = thread::spawn({
                let started = started.clone();
                move || {
                    let first = AtomicUsize::new(0);
                    let first = leaked(first);
                    run_at_once(64, move || {
                        // As many readers as the limit block at once; the rest is queued.
                        if first.fetch_add(1, Ordering::SeqCst) < limit {
                            started.wait();
                        }
                        once.call_once(|| unreachable!("the plain thread initialises it"));
                        *value.get_or_init(|| unreachable!("the plain thread initialises it"))
                    })
                }
            });
            once.call_once(|| {
                let got = value.get_or_init(|| {
                    started.wait();
                    connect(7).wait()
                });
                assert_eq!(*got, 8);
            });
            assert!(readers.join().unwrap().into_iter().all(|value| value == 8));
        });
    }
}

#[test]
fn a_mutex_that_a_job_holds_over_a_wait_stops_no_pool() {
    static SHARED: Mutex<u32> = Mutex::new(0);
    for limit in [1, 2, 6] {
        for executor in EXECUTORS {
            with_limit(limit, move || {
                // One job holds the mutex, and more than the limit want it.
                read_at_once(executor, limit + 2, || {
                    let mut held = SHARED.lock().unwrap();
                    *held = connect(7).wait();
                    *held
                });
            });
        }
    }
}

#[test]
fn a_mutex_that_a_job_holds_over_a_wait_for_several_jobs_stops_no_pool() {
    for limit in [1, 2, 6] {
        with_limit(limit, || {
            static SHARED: Mutex<u32> = Mutex::new(0);
            let results = run_at_once(6, || {
                let mut held = SHARED.lock().unwrap();
                *held = connect_twice(7).wait();
                *held
            });
            assert!(results.into_iter().all(|value| value == 8));
        });
    }
}

#[test]
fn a_mutex_that_a_plain_thread_holds_over_a_wait_stops_no_pool() {
    for limit in [1, 2, 6] {
        with_limit(limit, move || {
            let shared = leaked(Mutex::new(0));
            let started = Arc::new(Barrier::new(limit + 1));
            let held = shared.lock().unwrap();
            let contenders = thread::spawn({
                let started = started.clone();
                move || {
                    let first = leaked(AtomicUsize::new(0));
                    run_at_once(64, move || {
                        if first.fetch_add(1, Ordering::SeqCst) < limit {
                            started.wait();
                        }
                        *shared.lock().unwrap()
                    })
                }
            });
            started.wait();
            // All places are taken by threads that wait for the mutex.
            assert_eq!(connect(7).wait(), 8);
            drop(held);
            assert_eq!(contenders.join().unwrap().len(), 64);
        });
    }
}

#[test]
fn a_plain_thread_runs_the_job_that_it_waits_for_on_its_own_stack() {
    with_limit(1, || {
        let stuck = Stuck::new();
        let here = thread::current().id();
        assert_eq!(block_on(offload(|| thread::current().id())), here);
        stuck.end();
    });
}

#[test]
fn a_wait_with_a_deadline_runs_no_job_on_its_stack() {
    with_limit(1, || {
        let stuck = Stuck::new();
        let ran = Arc::new(AtomicUsize::new(0));
        let runs = ran.clone();
        let job = offload(move || runs.fetch_add(1, Ordering::SeqCst));
        // Longer than a waiting thread is patient.
        assert!(smart(job).wait_timeout(Duration::from_millis(350)).is_err());
        assert_eq!(ran.load(Ordering::SeqCst), 0);
        stuck.end();
    });
}

#[test]
fn without_a_thread_that_waits_for_a_queued_job_the_limit_is_never_exceeded() {
    with_limit(2, || {
        let (active, most) = (leaked(AtomicUsize::new(0)), leaked(AtomicUsize::new(0)));
        // Each job lasts longer than a waiting thread is patient, and other jobs are queued. The
        // loop awaits them in tasks, so no thread waits for one job.
        run_at_once(6, move || {
            let now = active.fetch_add(1, Ordering::SeqCst) + 1;
            most.fetch_max(now, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(250));
            active.fetch_sub(1, Ordering::SeqCst);
        });
        assert_eq!(most.load(Ordering::SeqCst), 2);
    });
}

/// The only place of the pool, taken by a job that blocks.
struct Stuck {
    open: mpsc::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Stuck {
    fn new() -> Self {
        let (open, closed) = mpsc::channel();
        let (entered, inside) = mpsc::channel();
        let job = move || {
            entered.send(()).unwrap();
            closed.recv().unwrap();
        };
        let thread = thread::spawn(move || block_on(offload(job)));
        inside.recv().unwrap();
        Self { open, thread }
    }

    fn end(self) {
        self.open.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

/// A chain of jobs that each wait for the next one, with frames of this size.
fn chain<const FRAME: usize>(depth: usize) -> usize {
    let frame = std::hint::black_box([1u8; FRAME]);
    if depth == 0 {
        return 0;
    }
    let next = smart(async move { offload(move || chain::<FRAME>(depth - 1)).await });
    next.wait() + usize::from(frame[depth % FRAME])
}

#[test]
fn a_chain_of_ten_thousand_small_jobs_ends() {
    with_limit(2, || {
        assert_eq!(block_on(offload(|| chain::<16>(10_000))), 10_000);
    });
}

#[test]
fn a_chain_of_two_thousand_jobs_with_large_frames_ends() {
    with_limit(2, || {
        assert_eq!(block_on(offload(|| chain::<8192>(2_000))), 2_000);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn dropped_jobs_give_their_memory_back_while_the_pool_is_stuck() {
    fn resident() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<usize>()
            .unwrap()
    }
    with_limit(1, || {
        let stuck = Stuck::new();
        let before = resident();
        block_on(async {
            for _ in 0..100_000 {
                let load = [7u8; 4096];
                let mut job = Box::pin(offload(move || load.len()));
                assert!(poll_once(&mut job).await.is_none());
            }
        });
        let grown = resident().saturating_sub(before);
        assert!(grown < 20_000, "{grown} KiB stay");
        stuck.end();
    });
}

#[test]
fn a_value_that_is_there_at_the_deadline_is_returned() {
    with_limit(2, || {
        let late = Instant::now() + Duration::from_millis(60);
        // The task keeps the thread busy beyond the deadline; the job ends at once.
        let busy = smartasync::spawn_local(async move {
            while Instant::now() < late {
                std::hint::spin_loop();
            }
        });
        let value = smart(offload(|| 1)).wait_timeout(Duration::from_millis(20));
        assert_eq!(value, Ok(1));
        drop(busy);
    });
}
