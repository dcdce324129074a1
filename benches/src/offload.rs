//! Blocking closures awaited from async code: one at a time, and many outstanding.

use crate::case::{Case, OURS, cases, drive};
use futures::FutureExt;
use futures::future::maybe_done;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Waker};

/// A pool that closures are sent to.
trait Offloads: 'static {
    fn offload(f: impl FnOnce() -> u64 + Send + 'static) -> impl Future<Output = u64> + Unpin;

    fn run<F: Future>(future: F) -> F::Output {
        drive(future)
    }
}

struct Smartasync;

impl Offloads for Smartasync {
    fn offload(f: impl FnOnce() -> u64 + Send + 'static) -> impl Future<Output = u64> + Unpin {
        smartasync::offload(f)
    }

    fn run<F: Future>(future: F) -> F::Output {
        smartasync::block_on(future)
    }
}

struct Blocking;

impl Offloads for Blocking {
    fn offload(f: impl FnOnce() -> u64 + Send + 'static) -> impl Future<Output = u64> + Unpin {
        blocking::unblock(f)
    }
}

/// Tokio's pool, with so many threads at most; 512 is its default.
struct Tokio<const THREADS: usize>;

impl<const THREADS: usize> Offloads for Tokio<THREADS> {
    fn offload(f: impl FnOnce() -> u64 + Send + 'static) -> impl Future<Output = u64> + Unpin {
        tokio::task::spawn_blocking(f).map(|output| output.expect("the closure does not panic"))
    }

    fn run<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(THREADS)
            .build();
        runtime.expect("tokio builds its runtime").block_on(future)
    }
}

fn one_at_a_time<P: Offloads>(n: u64) {
    P::run(async {
        for i in 0..n {
            black_box(P::offload(move || black_box(i)).await);
        }
    });
}

/// One thread of its own, and a value that it keeps: nothing else of it is general.
fn one_at_a_time_asyncified(n: u64) {
    drive(async {
        let thread = asyncified::Asyncified::new(|| Ok::<_, std::convert::Infallible>(0_u64))
            .await
            .expect("it starts");
        for i in 0..n {
            black_box(thread.call(move |_| black_box(i)).await);
        }
    });
}

/// Starts a batch, then awaits one after the other.
fn outstanding<P: Offloads, const BATCH: u64>(n: u64) {
    P::run(async {
        for _ in 0..n / BATCH {
            let mut calls: Vec<_> = (0..BATCH)
                .map(|i| maybe_done(P::offload(move || black_box(i))))
                .collect();
            for call in &mut calls {
                // Whoever submits at the first poll does it here.
                let _started = Pin::new(call).poll(&mut Context::from_waker(Waker::noop()));
            }
            for mut call in calls {
                (&mut call).await;
                black_box(Pin::new(&mut call).take_output());
            }
        }
    });
}

pub const CASES: &[Case] = cases! {
    "offload, one at a time", 1 => {
        OURS => one_at_a_time::<Smartasync>, "asyncified" => one_at_a_time_asyncified, "blocking" => one_at_a_time::<Blocking>,
        "tokio" => one_at_a_time::<Tokio<512>>,
    }
    "offload, 1,000 outstanding", 1_000 => {
        OURS => outstanding::<Smartasync, 1_000>, "tokio, 2 threads" => outstanding::<Tokio<2>, 1_000>, "tokio" => outstanding::<Tokio<512>, 1_000>,
        "blocking" => outstanding::<Blocking, 1_000>,
    }
    "offload, 10,000 outstanding", 10_000 => {
        OURS => outstanding::<Smartasync, 10_000>, "tokio, 2 threads" => outstanding::<Tokio<2>, 10_000>, "tokio" => outstanding::<Tokio<512>, 10_000>,
        "blocking" => outstanding::<Blocking, 10_000>,
    }
};
