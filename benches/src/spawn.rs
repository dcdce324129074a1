//! Many small tasks on one thread, awaited: trivial ones, the same on a thread that had none before,
//! and ones that yield ten times.

use crate::case::{Case, OURS, cases, drive};
use crate::wait::CURRENT_THREAD;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use futures_lite::future::yield_now;
use std::hint::black_box;
use std::thread;

/// An executor of tasks that stay on one thread.
trait Spawns: 'static {
    /// Spawns a task for each number and awaits all.
    fn run_all<F: Future<Output = u64> + 'static>(tasks: impl Iterator<Item = F>);
}

struct Smartasync;

impl Spawns for Smartasync {
    fn run_all<F: Future<Output = u64> + 'static>(tasks: impl Iterator<Item = F>) {
        smartasync::block_on(async {
            let tasks: Vec<_> = tasks.map(smartasync::spawn_local).collect();
            for task in tasks {
                black_box(task.await);
            }
        });
    }
}

/// No tasks in the full sense: futures that one future polls. They cannot be awaited one by one.
struct Unordered;

impl Spawns for Unordered {
    fn run_all<F: Future<Output = u64> + 'static>(tasks: impl Iterator<Item = F>) {
        drive(async {
            let mut tasks: FuturesUnordered<_> = tasks.collect();
            while let Some(output) = tasks.next().await {
                black_box(output);
            }
        });
    }
}

/// The same, in one slab.
struct Buffered;

impl Spawns for Buffered {
    fn run_all<F: Future<Output = u64> + 'static>(tasks: impl Iterator<Item = F>) {
        drive(async {
            let mut tasks: futures_buffered::FuturesUnordered<_> = tasks.collect();
            while let Some(output) = tasks.next().await {
                black_box(output);
            }
        });
    }
}

/// The same, with room for so many.
struct BufferedBounded;

impl Spawns for BufferedBounded {
    fn run_all<F: Future<Output = u64> + 'static>(tasks: impl Iterator<Item = F>) {
        drive(async {
            let mut tasks: futures_buffered::FuturesUnorderedBounded<_> = tasks.collect();
            while let Some(output) = tasks.next().await {
                black_box(output);
            }
        });
    }
}

/// One future of all outputs.
struct BufferedJoinAll;

impl Spawns for BufferedJoinAll {
    fn run_all<F: Future<Output = u64> + 'static>(tasks: impl Iterator<Item = F>) {
        drive(async {
            black_box(futures_buffered::join_all(tasks).await);
        });
    }
}

/// Tasks without handles, run until all have ended. The executor lasts as long as the thread.
struct LocalExecutorDetached;

impl Spawns for LocalExecutorDetached {
    fn run_all<F: Future<Output = u64> + 'static>(tasks: impl Iterator<Item = F>) {
        thread_local! {
            static EXECUTOR: &'static async_executor::StaticLocalExecutor =
                async_executor::LocalExecutor::new().leak();
        }
        EXECUTOR.with(|executor| {
            for task in tasks {
                executor
                    .spawn(async {
                        black_box(task.await);
                    })
                    .detach();
            }
            while executor.try_tick() {}
        });
    }
}

struct LocalExecutor;

impl Spawns for LocalExecutor {
    fn run_all<F: Future<Output = u64> + 'static>(tasks: impl Iterator<Item = F>) {
        let executor = async_executor::LocalExecutor::new();
        drive(executor.run(async {
            let tasks: Vec<_> = tasks.map(|task| executor.spawn(task)).collect();
            for task in tasks {
                black_box(task.await);
            }
        }));
    }
}

struct LocalSet;

impl Spawns for LocalSet {
    fn run_all<F: Future<Output = u64> + 'static>(tasks: impl Iterator<Item = F>) {
        tokio::task::LocalSet::new().block_on(&CURRENT_THREAD, async {
            let tasks: Vec<_> = tasks.map(tokio::task::spawn_local).collect();
            for task in tasks {
                black_box(task.await.expect("the task does not panic"));
            }
        });
    }
}

async fn trivial(n: u64) -> u64 {
    black_box(n)
}

async fn yields(n: u64) -> u64 {
    for _ in 0..10 {
        yield_now().await;
    }
    n
}

fn many_trivial<S: Spawns, const BATCH: u64>(n: u64) {
    for _ in 0..n / BATCH {
        S::run_all((0..BATCH).map(trivial));
    }
}

/// Each batch on a new thread, where nothing is kept from an earlier one.
fn cold_trivial<S: Spawns, const BATCH: u64>(n: u64) {
    for _ in 0..n / BATCH {
        thread::spawn(|| many_trivial::<S, BATCH>(BATCH))
            .join()
            .expect("no task panics");
    }
}

fn many_yielding<S: Spawns, const BATCH: u64>(n: u64) {
    for _ in 0..n / BATCH {
        S::run_all((0..BATCH).map(yields));
    }
}

/// All contenders, at batches of one size.
macro_rules! spawn_cases {
    ($($work:literal, $many:ident, $batch:literal;)+) => {
        cases! {
            $($work, $batch => {
                OURS => $many::<Smartasync, $batch>,
                "FuturesUnordered" => $many::<Unordered, $batch>,
                "futures-buffered, FuturesUnordered" => $many::<Buffered, $batch>,
                "futures-buffered, bounded" => $many::<BufferedBounded, $batch>,
                "futures-buffered, join_all" => $many::<BufferedJoinAll, $batch>,
                "async-executor" => $many::<LocalExecutor, $batch>,
                "async-executor, detached" => $many::<LocalExecutorDetached, $batch>,
                "tokio, LocalSet" => $many::<LocalSet, $batch>,
            })+
        }
    };
}

pub const CASES: &[Case] = spawn_cases! {
    "spawn, 10,000 trivial", many_trivial, 10_000;
    "spawn, 100,000 trivial", many_trivial, 100_000;
    "spawn, 10,000 trivial, new thread", cold_trivial, 10_000;
    "spawn, 10,000 with 10 yields", many_yielding, 10_000;
    "spawn, 100,000 with 10 yields", many_yielding, 100_000;
};
