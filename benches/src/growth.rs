//! How cost grows with the number of followers, tasks, outstanding jobs, keys and threads: the same
//! cost for each, or less, is linear.

use crate::allocations;
use smartasync::{SmartLock, SmartLockMap, block_on, offload, spawn_local};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: usize = 9;

/// The median of some rounds, in nanoseconds for each of `n`.
fn each(n: usize, mut round: impl FnMut() -> Duration) -> f64 {
    let mut rounds: Vec<_> = (0..ROUNDS).map(|_| round()).collect();
    rounds.sort();
    rounds[ROUNDS / 2].as_nanos() as f64 / n as f64
}

/// A leader that is done when it is polled again.
async fn twice() -> u64 {
    let mut polled = false;
    poll_fn(|_| {
        if std::mem::replace(&mut polled, true) {
            Poll::Ready(7)
        } else {
            Poll::Pending
        }
    })
    .await
}

/// The time for each follower, and the bytes of heap that it holds while it waits.
fn followers(n: usize) -> (f64, f64) {
    let lock = SmartLock::new();
    let mut cx = Context::from_waker(Waker::noop());
    let mut held = 0.0;
    let time = each(n, || {
        let mut leader = Box::pin(lock.run_once(twice));
        let mut calls: Vec<_> = (0..n).map(|_| Box::pin(lock.run_once(twice))).collect();
        let before = allocations::live();
        let start = Instant::now();
        assert!(leader.as_mut().poll(&mut cx).is_pending());
        calls
            .iter_mut()
            .for_each(|call| assert!(call.as_mut().poll(&mut cx).is_pending()));
        held = (allocations::live() - before) as f64 / n as f64;
        assert!(leader.as_mut().poll(&mut cx).is_ready());
        calls
            .iter_mut()
            .for_each(|call| assert!(call.as_mut().poll(&mut cx).is_ready()));
        start.elapsed()
    });
    (time, held)
}

fn tasks(n: usize) -> f64 {
    each(n, || {
        let start = Instant::now();
        block_on(async {
            let tasks: Vec<_> = (0..n)
                .map(|i| {
                    spawn_local(async move {
                        futures_lite::future::yield_now().await;
                        i
                    })
                })
                .collect();
            for task in tasks {
                task.await;
            }
        });
        start.elapsed()
    })
}

fn jobs(n: usize) -> f64 {
    each(n, || {
        let start = Instant::now();
        block_on(async {
            let mut jobs: Vec<_> = (0..n)
                .map(|i| futures::future::maybe_done(offload(move || i)))
                .collect();
            for job in &mut jobs {
                let _started = Pin::new(job).poll(&mut Context::from_waker(Waker::noop()));
            }
            for job in jobs {
                job.await;
            }
        });
        start.elapsed()
    })
}

/// That many keys in use at once: each has a leader that waits.
fn keys(n: usize) -> f64 {
    let map = SmartLockMap::new();
    let mut cx = Context::from_waker(Waker::noop());
    each(n, || {
        let mut calls: Vec<_> = (0..n)
            .map(|key| Box::pin(map.run_once(key, twice)))
            .collect();
        let start = Instant::now();
        calls
            .iter_mut()
            .for_each(|call| assert!(call.as_mut().poll(&mut cx).is_pending()));
        assert_eq!(map.len(), n);
        calls
            .iter_mut()
            .for_each(|call| assert!(call.as_mut().poll(&mut cx).is_ready()));
        start.elapsed()
    })
}

fn threads(n: usize) -> f64 {
    const CALLS: usize = 20_000;
    let lock = SmartLock::new();
    each(n * CALLS, || {
        let barrier = Barrier::new(n + 1);
        let mut start = Instant::now();
        thread::scope(|scope| {
            for _ in 0..n {
                scope.spawn(|| {
                    barrier.wait();
                    (0..CALLS)
                        .for_each(|i| assert!(lock.run_once(|| async move { i }).wait().is_ok()));
                });
            }
            // All threads are there, and go on when this one comes.
            thread::yield_now();
            start = Instant::now();
            barrier.wait();
        });
        start.elapsed()
    })
}

/// The table, as Markdown.
pub fn table() -> String {
    let mut text = String::from(
        "| how many | follower, ns | follower, bytes held | task, ns | outstanding job, ns | key in use, ns |\n| ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for n in [1, 10, 100, 1_000, 10_000, 100_000] {
        let (follower, held) = followers(n);
        text += &format!(
            "| {n} | {follower:.0} | {held:.0} | {:.0} | {:.0} | {:.0} |\n",
            tasks(n),
            jobs(n),
            keys(n)
        );
    }
    text += "\n| threads on one lock | call, ns |\n| ---: | ---: |\n";
    for n in [1, 2, 4, 8, 16, 64] {
        text += &format!("| {n} | {:.0} |\n", threads(n));
    }
    text
}

pub fn print() {
    print!("{}", table());
}
