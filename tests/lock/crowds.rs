//! Locks with crowds of callers: threads and tasks that share one run, and followers that are
//! served, cancelled or dropped.
//!
//! Two tests compare times, to show that the cost of a crowd grows in proportion to its size. They
//! are ignored by default, because a busy machine makes them fail:
//!
//! ```text
//! cargo test --release --test lock -- --ignored
//! ```

use crate::support::gated_lock::{GatedLock, SendCall};
use crate::support::kind::{KINDS, Kind};
use crate::support::{count::Count, poll, yield_once};
use smartasync::{Cancelled, SmartLock, block_on, spawn_local};
use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn a_hundred_thousand_tasks_share_one_run() {
    const TASKS: usize = 100_000;
    for kind in KINDS {
        let gated = GatedLock::new(kind);
        block_on(async {
            let tasks: Vec<_> = gated.calls(TASKS).into_iter().map(spawn_local).collect();
            while gated.lock.waiters() < TASKS - 1 {
                yield_once().await;
            }
            gated.gate.open();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap();
            }
            assert_eq!(sum, TASKS);
        });
        gated.assert_one_run();
    }
}

#[test]
fn two_hundred_threads_and_ten_thousand_tasks_share_one_run() {
    const THREADS: usize = 200;
    const TASKS: usize = 5_000;
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    for kind in KINDS {
        let gated = GatedLock::new(kind);
        let on_tokio: Vec<_> = gated
            .calls(TASKS)
            .into_iter()
            .map(|call| tokio.spawn(call))
            .collect();
        let on_smol: Vec<_> = gated.calls(TASKS).into_iter().map(smol::spawn).collect();
        let start = |call| {
            thread::Builder::new()
                .stack_size(256 * 1024)
                .spawn(|| smartasync::smart(call).wait())
                .unwrap()
        };
        let threads: Vec<_> = gated.calls(THREADS).into_iter().map(start).collect();
        gated.until_followed_by(2 * TASKS + THREADS - 1);
        gated.gate.open();
        assert!(
            threads
                .into_iter()
                .all(|thread| thread.join().unwrap() == Ok(1))
        );
        assert!(
            on_tokio
                .into_iter()
                .all(|task| pollster::block_on(task).unwrap() == Ok(1))
        );
        assert!(
            on_smol
                .into_iter()
                .all(|task| pollster::block_on(task) == Ok(1))
        );
        gated.assert_one_run();
    }
}

// Followers by the hundred thousand.

/// Followers of the leader of a lock, each with the counter of its waker.
type Crowd<'a> = Vec<(
    Pin<Box<dyn Future<Output = Result<usize, Cancelled>> + 'a>>,
    Arc<Count>,
)>;

const CROWD: usize = 100_000;

/// Makes `n` followers of the leader of `lock`. Each would give its own number.
fn crowd(lock: &SmartLock<usize>, n: usize) -> Crowd<'_> {
    let follow = |index| {
        let count = Arc::<Count>::default();
        let mut call: Pin<Box<dyn Future<Output = _>>> =
            Box::pin(lock.run_once(move || ready(index)));
        let waker = Waker::from(count.clone());
        assert!(
            call.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        (call, count)
    };
    (0..n).map(follow).collect()
}

fn wakes(count: &Count) -> usize {
    count.0.load(Relaxed)
}

#[test]
fn a_leader_that_is_dropped_with_1_000_followers_wakes_one_which_serves_the_rest() {
    let lock = SmartLock::new();
    let mut leader = Box::pin(lock.run_once(pending));
    assert!(poll(&mut leader).is_pending());
    let mut followers = crowd(&lock, 1_000);
    drop(leader);
    let woken = followers
        .iter()
        .map(|(_, count)| wakes(count))
        .sum::<usize>();
    assert_eq!(woken, 1);
    let chosen = followers
        .iter()
        .position(|(_, count)| wakes(count) == 1)
        .unwrap();
    let (mut call, _count) = followers.remove(chosen);
    assert_eq!(poll(&mut call), Poll::Ready(Ok(chosen)));
    for (call, count) in &mut followers {
        assert_eq!((wakes(count), poll(call)), (1, Poll::Ready(Ok(chosen))));
    }
}

#[test]
fn one_run_serves_a_crowd_of_100_000() {
    let lock = SmartLock::new();
    let done = Cell::new(false);
    let run = || {
        poll_fn(|_| {
            if done.get() {
                Poll::Ready(usize::MAX)
            } else {
                Poll::Pending
            }
        })
    };
    let mut leader = Box::pin(lock.run_once(run));
    assert!(poll(&mut leader).is_pending());
    let followers = crowd(&lock, CROWD);
    assert_eq!(lock.waiters(), CROWD);
    done.set(true);
    assert_eq!(poll(&mut leader), Poll::Ready(Ok(usize::MAX)));
    for (mut call, count) in followers {
        assert_eq!(
            (wakes(&count), poll(&mut call)),
            (1, Poll::Ready(Ok(usize::MAX)))
        );
    }
}

#[test]
fn a_crowd_of_100_000_hands_over_until_all_are_gone() {
    let lock = SmartLock::new();
    let mut leader = Box::pin(lock.run_once(pending));
    assert!(poll(&mut leader).is_pending());
    let followers = crowd(&lock, CROWD);
    drop(leader);
    for (index, (call, count)) in followers.into_iter().enumerate() {
        assert_eq!((wakes(&count), lock.waiters()), (1, CROWD - index));
        drop(call);
    }
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

#[test]
fn a_reset_cancels_what_is_left_of_a_crowd_of_100_000() {
    let lock = SmartLock::new();
    let mut leader = Box::pin(lock.run_once(pending));
    assert!(poll(&mut leader).is_pending());
    let mut followers = crowd(&lock, CROWD);
    // Followers leave from the middle and from the end.
    while followers.len() > CROWD / 2 {
        drop(followers.swap_remove(followers.len() / 2));
    }
    assert_eq!(lock.waiters(), CROWD / 2);
    lock.reset();
    for (mut call, count) in followers {
        assert_eq!(wakes(&count), 1);
        assert!(matches!(poll(&mut call), Poll::Ready(Err(_))));
    }
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

#[test]
fn the_future_wakes_each_of_a_crowd_that_has_not_left() {
    const CROWD: usize = 10_000;
    let gated = GatedLock::new(Kind::Shared);
    let mut leader = gated.call();
    assert!(poll(&mut leader).is_pending());
    let woken = Arc::new(Count::default());
    let waker = Waker::from(woken.clone());
    let mut followers = gated.calls(CROWD);
    for follower in &mut followers {
        assert!(
            follower
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    let mut at = 0;
    followers.retain(|_| {
        at += 1;
        at % 3 != 0
    });
    gated.gate.open();
    assert_eq!(wakes(&woken), followers.len());
}

// The cost of a crowd.

/// A waker that counts and uses the lock. It would deadlock if the lock called it from inside.
struct UsesLock {
    lock: &'static SmartLock<usize>,
    woken: AtomicUsize,
}

impl Wake for UsesLock {
    fn wake(self: Arc<Self>) {
        let _waiters = self.lock.waiters();
        self.woken.fetch_add(1, Relaxed);
    }
}

/// A way to end a flight: `complete` or `reset`.
type End = fn(&GatedLock, &mut SendCall);

fn complete(gated: &GatedLock, leader: &mut SendCall) {
    gated.gate.open();
    assert!(poll(leader).is_ready());
}

fn reset(gated: &GatedLock, _: &mut SendCall) {
    gated.lock.reset();
}

/// Ends a flight with `n` followers. Returns how often they were woken, and how long the end took.
fn end_a_flight(kind: Kind, n: usize, end: End) -> (usize, Duration) {
    let gated = GatedLock::new(kind);
    let uses_lock = Arc::new(UsesLock {
        lock: gated.lock,
        woken: AtomicUsize::new(0),
    });
    let waker = Waker::from(uses_lock.clone());
    let mut cx = Context::from_waker(&waker);
    let mut leader = gated.call();
    assert!(poll(&mut leader).is_pending());
    let mut followers = gated.calls(n);
    assert!(
        followers
            .iter_mut()
            .all(|follower| follower.as_mut().poll(&mut cx).is_pending())
    );
    let since = Instant::now();
    end(&gated, &mut leader);
    let time = since.elapsed();
    assert!(
        followers
            .iter_mut()
            .all(|follower| poll(follower).is_ready())
    );
    (uses_lock.woken.load(Relaxed), time)
}

#[test]
fn the_end_of_a_flight_wakes_each_follower_once_outside_the_lock() {
    const FOLLOWERS: usize = 10_000;
    for kind in KINDS {
        let (woken, _) = end_a_flight(kind, FOLLOWERS, reset);
        assert_eq!(woken, FOLLOWERS, "{kind:?}, reset");
        let (woken, _) = end_a_flight(kind, FOLLOWERS, complete);
        let wakes_each = match kind {
            Kind::Once => 1,
            // Once when the shared future is woken, and once with the value.
            Kind::Shared => 2,
        };
        assert_eq!(woken, wakes_each * FOLLOWERS, "{kind:?}, complete");
    }
}

/// Asserts that 16 times as many followers do not take 100 times as long. With a quadratic cost
/// they would take 256 times as long. Takes the best of five times, because the machine may be
/// busy.
fn assert_proportional(few: usize, time: impl Fn(usize) -> Duration) {
    let best = |n| (0..5).map(|_| time(n)).min().unwrap();
    let (of_few, of_many) = (best(few), best(16 * few));
    assert!(
        of_many < 100 * of_few,
        "{few} followers took {of_few:?}, {} took {of_many:?}",
        16 * few
    );
}

#[test]
#[ignore = "compares times, which needs an idle machine"]
fn the_end_of_a_flight_takes_time_in_proportion_to_its_followers() {
    for kind in KINDS {
        for end in [complete as End, reset] {
            assert_proportional(10_000, |n| end_a_flight(kind, n, end).1);
        }
    }
}

#[test]
#[ignore = "compares times, which needs an idle machine"]
fn lost_leaders_take_time_in_proportion_to_their_number() {
    // As many followers sleep as leaders are lost twice over. Each lost leader wakes a follower
    // that is not polled. The lock must not look at each of these.
    let lose_leaders = |n: usize| {
        let lock = SmartLock::<usize>::new();
        let call = || {
            let mut call = Box::pin(lock.run_once(pending));
            assert!(poll(&mut call).is_pending());
            call
        };
        let leader = call();
        let followers: Vec<_> = (0..n).map(|_| call()).collect();
        drop(leader);
        let since = Instant::now();
        (0..2 * n).for_each(|_| drop(call()));
        let time = since.elapsed();
        assert_eq!(lock.waiters(), followers.len());
        time
    };
    assert_proportional(1_000, lose_leaders);
}
