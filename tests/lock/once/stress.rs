//! `SmartLock::run_once` under stress: many threads that start, poll, drop and reset at once.

use crate::support::random::{Random, on_threads};
use smartasync::{Cancelled, SmartLock};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// Sets a flag while a future exists, and fails if the flag is set already.
struct Alone<'a>(&'a AtomicBool);

impl<'a> Alone<'a> {
    fn enter(flag: &'a AtomicBool) -> Self {
        assert!(!flag.swap(true, Ordering::Acquire), "two leaders at once");
        Self(flag)
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Suspends `times` times and wakes itself.
fn yields(mut times: usize) -> impl Future<Output = ()> {
    poll_fn(move |cx| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Polls the call by hand up to three times. Then drops it, or finishes it here or on another
/// thread.
fn use_randomly<F>(
    random: &mut Random,
    call: F,
    elsewhere: &tokio::runtime::Handle,
) -> Option<F::Output>
where
    F: Future<Output = Result<usize, Cancelled>> + Send + 'static,
{
    let mut call = Box::pin(call);
    for _ in 0..random.below(4) {
        if let Poll::Ready(result) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return Some(result);
        }
    }
    match random.below(8) {
        0 | 1 => None,
        2 => {
            drop(elsewhere.spawn(call));
            None
        }
        3 => smartasync::smart(call).wait_timeout(Duration::ZERO).ok(),
        4 => Some(pollster::block_on(call)),
        _ => Some(smartasync::smart(call).wait()),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
}

#[test]
fn threads_that_start_poll_and_drop_calls_never_hang_and_runs_never_overlap() {
    static LOCK: SmartLock<usize> = SmartLock::new();
    static RUNNING: AtomicBool = AtomicBool::new(false);
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let tokio = runtime();
    let handle = tokio.handle().clone();
    on_threads(move |mut random| {
        for _ in 0..5_000 {
            let times = random.below(3);
            let before = RUNS.load(Ordering::Relaxed);
            let call = LOCK.run_once(move || {
                let alone = Alone::enter(&RUNNING);
                async move {
                    yields(times).await;
                    let _alone = alone;
                    RUNS.fetch_add(1, Ordering::Relaxed)
                }
            });
            if let Some(result) = use_randomly(&mut random, call, &handle) {
                let run = result.expect("no test resets this lock");
                // The value is not older than the call, except for a run that was about to end.
                assert!(
                    run + 1 >= before,
                    "{run} ended before the call of run {before}"
                );
            }
        }
    });
    // The calls that were moved to tokio end too.
    while LOCK.is_running() || LOCK.waiters() > 0 {
        thread::yield_now();
    }
    assert!(!RUNNING.load(Ordering::Relaxed));
}

#[test]
fn threads_that_start_poll_drop_and_reset_never_hang() {
    static LOCK: SmartLock<usize> = SmartLock::new();
    let tokio = runtime();
    let handle = tokio.handle().clone();
    on_threads(move |mut random| {
        for n in 0..5_000 {
            let times = random.below(3);
            let call = LOCK.run_once(move || async move {
                yields(times).await;
                n
            });
            if let Some(Err(cancelled)) = use_randomly(&mut random, call, &handle) {
                assert!(!cancelled.is_reentrant());
            }
            if random.below(20) == 0 {
                LOCK.reset();
            }
        }
    });
    while LOCK.is_running() || LOCK.waiters() > 0 {
        thread::yield_now();
    }
}

#[test]
fn threads_whose_leaders_panic_never_hang() {
    static LOCK: SmartLock<usize> = SmartLock::new();
    on_threads(|mut random| {
        for n in 0..2_000 {
            let (times, panics) = (random.below(3), random.below(4) == 0);
            let call = LOCK.run_once(move || async move {
                yields(times).await;
                // This does not call the panic hook, which would print the panic.
                if panics {
                    resume_unwind(Box::new("leader"));
                }
                n
            });
            let result = catch_unwind(AssertUnwindSafe(|| call.wait()));
            assert!(
                matches!(result, Ok(Ok(_))) || panics,
                "a panic stays in the leader"
            );
        }
    });
    assert_eq!((LOCK.is_running(), LOCK.waiters()), (false, 0));
}
