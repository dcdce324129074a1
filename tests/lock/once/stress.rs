//! `SmartLock::run_once` in bulk: many threads that start, poll, drop and reset at once, and crowds
//! of followers.

use crate::support::count::Count;
use crate::support::random::{Random, on_threads};
use smartasync::{Cancelled, SmartLock};
use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// Sets a flag while a future lives that nobody may live beside.
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

/// Yields to its executor `times` times.
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

/// Polls by hand up to three times, and drops the call or finishes it, in place or on another
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
fn many_threads_that_start_poll_and_drop_calls_never_hang_and_never_overlap() {
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
                let run = result.expect("nobody resets");
                // The value is not older than the call, but for the run that was about to end.
                assert!(
                    run + 1 >= before,
                    "{run} ended before the call of run {before}"
                );
            }
        }
    });
    // What went to tokio ends, too.
    while LOCK.is_running() || LOCK.waiters() > 0 {
        thread::yield_now();
    }
    assert!(!RUNNING.load(Ordering::Relaxed));
}

#[test]
fn many_threads_that_start_poll_drop_and_reset_never_hang() {
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
fn many_threads_whose_leaders_panic_never_hang() {
    static LOCK: SmartLock<usize> = SmartLock::new();
    on_threads(|mut random| {
        for n in 0..2_000 {
            let (times, panics) = (random.below(3), random.below(4) == 0);
            let call = LOCK.run_once(move || async move {
                yields(times).await;
                // Without the hook, which would print it.
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

// Crowds.

type Crowd<'a> = Vec<(
    Pin<Box<dyn Future<Output = Result<usize, Cancelled>> + 'a>>,
    Arc<Count>,
)>;

/// `n` followers of the leader on `lock`; each would make its own number.
fn crowd(lock: &SmartLock<usize>, n: usize) -> Crowd<'_> {
    let follow = |index| {
        let count = Arc::<Count>::default();
        let mut call: Pin<Box<dyn Future<Output = _>>> =
            Box::pin(lock.run_once(move || ready(index)));
        assert!(
            call.as_mut()
                .poll(&mut Context::from_waker(&Waker::from(count.clone())))
                .is_pending()
        );
        (call, count)
    };
    (0..n).map(follow).collect()
}

fn wakes(count: &Count) -> usize {
    count.0.load(Ordering::Relaxed)
}

#[test]
fn a_leader_that_is_dropped_with_1_000_followers_wakes_one_which_serves_the_rest() {
    let lock = SmartLock::new();
    let mut leader = Box::pin(lock.run_once(pending));
    assert!(
        leader
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    let mut followers = crowd(&lock, 1_000);
    drop(leader);
    assert_eq!(
        followers
            .iter()
            .map(|(_, count)| wakes(count))
            .sum::<usize>(),
        1
    );
    let chosen = followers
        .iter()
        .position(|(_, count)| wakes(count) == 1)
        .unwrap();
    let (mut call, _count) = followers.remove(chosen);
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(call.as_mut().poll(&mut cx), Poll::Ready(Ok(chosen)));
    for (call, count) in &mut followers {
        assert_eq!(
            (wakes(count), call.as_mut().poll(&mut cx)),
            (1, Poll::Ready(Ok(chosen)))
        );
    }
}

#[test]
fn a_crowd_of_100_000_is_served_by_one_run_hands_over_100_000_times_and_is_reset_in_linear_time() {
    const CROWD: usize = 100_000;
    let lock = SmartLock::new();
    let mut cx = Context::from_waker(Waker::noop());
    let gate = Cell::new(false);
    let lead = || {
        Box::pin(lock.run_once(|| {
            poll_fn(|_| {
                if gate.get() {
                    Poll::Ready(usize::MAX)
                } else {
                    Poll::Pending
                }
            })
        }))
    };

    let mut leader = lead();
    assert!(leader.as_mut().poll(&mut cx).is_pending());
    let followers = crowd(&lock, CROWD);
    assert_eq!(lock.waiters(), CROWD);
    gate.set(true);
    assert_eq!(leader.as_mut().poll(&mut cx), Poll::Ready(Ok(usize::MAX)));
    for (mut call, count) in followers {
        assert_eq!(
            (wakes(&count), call.as_mut().poll(&mut cx)),
            (1, Poll::Ready(Ok(usize::MAX)))
        );
    }

    gate.set(false);
    let mut leader = lead();
    assert!(leader.as_mut().poll(&mut cx).is_pending());
    let followers = crowd(&lock, CROWD);
    drop(leader);
    for (index, (call, count)) in followers.into_iter().enumerate() {
        assert_eq!((wakes(&count), lock.waiters()), (1, CROWD - index));
        drop(call);
    }

    let mut leader = lead();
    assert!(leader.as_mut().poll(&mut cx).is_pending());
    // Out of the middle and from the end they leave as cheaply.
    let mut followers = crowd(&lock, CROWD);
    while followers.len() > CROWD / 2 {
        drop(followers.swap_remove(followers.len() / 2));
    }
    lock.reset();
    for (mut call, count) in followers {
        assert_eq!(wakes(&count), 1);
        assert!(matches!(call.as_mut().poll(&mut cx), Poll::Ready(Err(_))));
    }
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}
