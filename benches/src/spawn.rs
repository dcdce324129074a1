//! Many small tasks on one thread, awaited: trivial ones, and ones that yield ten times.

use crate::case::{Case, OURS, cases, drive};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use futures_lite::future::yield_now;
use std::hint::black_box;

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
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("tokio builds its runtime");
        tokio::task::LocalSet::new().block_on(&runtime, async {
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

fn many_yielding<S: Spawns, const BATCH: u64>(n: u64) {
    for _ in 0..n / BATCH {
        S::run_all((0..BATCH).map(yields));
    }
}

pub const CASES: &[Case] = cases! {
    "spawn, 10,000 trivial", 10_000 => {
        OURS => many_trivial::<Smartasync, 10_000>, "FuturesUnordered" => many_trivial::<Unordered, 10_000>,
        "async-executor" => many_trivial::<LocalExecutor, 10_000>, "tokio, LocalSet" => many_trivial::<LocalSet, 10_000>,
    }
    "spawn, 10,000 with 10 yields", 10_000 => {
        OURS => many_yielding::<Smartasync, 10_000>, "FuturesUnordered" => many_yielding::<Unordered, 10_000>,
        "async-executor" => many_yielding::<LocalExecutor, 10_000>, "tokio, LocalSet" => many_yielding::<LocalSet, 10_000>,
    }
    "spawn, 100,000 with 10 yields", 100_000 => {
        OURS => many_yielding::<Smartasync, 100_000>, "FuturesUnordered" => many_yielding::<Unordered, 100_000>,
        "async-executor" => many_yielding::<LocalExecutor, 100_000>, "tokio, LocalSet" => many_yielding::<LocalSet, 100_000>,
    }
};
