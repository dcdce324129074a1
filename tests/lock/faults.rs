//! Locks that lose leaders, drivers or chosen followers again and again, and calls that are
//! forgotten. The last test shows on which thread wakers are dropped.

use crate::callers::{Caller, assert_cancelled, leaked, ok};
use crate::shared::jobs::{Job, bystander};
use crate::support::kind::{KINDS, Kind};
use crate::support::random::on_threads;
use crate::support::watchdog::within;
use crate::support::{poll, yield_once};
use smartasync::{Cancelled, SmartLock};
use std::future::{pending, ready};
use std::mem;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

/// A caller whose work never ends.
fn never(lock: &'static SmartLock<usize>, kind: Kind) -> Caller<'static, usize> {
    match kind {
        Kind::Once => Caller::new(lock.run_once(pending)),
        Kind::Shared => Caller::new(lock.run_shared(pending)),
    }
}

fn woken(followers: &[Caller<'_, usize>]) -> usize {
    followers.iter().map(Caller::wakes).sum()
}

#[test]
fn a_hundred_leaders_in_turn_are_dropped_with_1_000_followers() {
    let lock = leaked();
    let mut followers: Vec<_> = (0..1_000)
        .map(|value| Caller::new(lock.run_once(move || ready(value))))
        .collect();
    for round in 1..=100 {
        let mut leader = never(lock, Kind::Once);
        assert!(leader.poll().is_pending());
        // The poll puts each follower to sleep again.
        assert!(
            followers
                .iter_mut()
                .all(|follower| follower.poll().is_pending())
        );
        assert_eq!(lock.waiters(), 1_000);
        drop(leader);
        assert_eq!((woken(&followers), lock.is_running()), (round, false));
    }
    let chosen = followers
        .iter()
        .position(|follower| follower.wakes() > 0)
        .unwrap();
    let mut chosen = followers.remove(chosen);
    let Poll::Ready(Ok(value)) = chosen.poll() else {
        panic!("the chosen follower leads, and is ready")
    };
    assert!(
        followers
            .iter_mut()
            .all(|follower| follower.poll() == ok(value))
    );
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

#[test]
fn a_hundred_drivers_in_turn_are_dropped_with_1_000_followers_and_the_future_stays() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut first = job.caller(lock, 101);
    assert!(first.poll().is_pending());
    let mut followers: Vec<_> = (0..1_100)
        .map(|_| bystander(lock).wait_for_its_turn())
        .collect();
    drop(first);
    for _ in 0..100 {
        job.step();
        let mut driver = followers.pop().unwrap();
        assert!(driver.poll().is_pending());
    }
    assert_eq!(lock.waiters(), 1_000);
    job.step();
    assert!(
        followers
            .iter_mut()
            .all(|follower| follower.poll() == ok(101))
    );
    assert_eq!(job.steps(), Vec::from_iter(0..101));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

#[test]
fn a_thousand_chosen_followers_are_dropped_until_the_last_one_runs() {
    let lock = leaked();
    let mut leader = never(lock, Kind::Once);
    assert!(leader.poll().is_pending());
    let mut followers: Vec<_> = (0..1_000).map(|at| never(lock, KINDS[at % 2])).collect();
    followers.push(Caller::new(lock.run_once(|| ready(9))));
    assert!(
        followers
            .iter_mut()
            .all(|follower| follower.poll().is_pending())
    );
    drop(leader);
    while followers.len() > 1 {
        assert_eq!(woken(&followers), 1, "exactly one follower is chosen");
        let chosen = followers
            .iter()
            .position(|follower| follower.wakes() == 1)
            .unwrap();
        drop(followers.remove(chosen));
    }
    assert_eq!((followers[0].wakes(), followers[0].poll()), (1, ok(9)));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

#[test]
fn a_reset_frees_a_lock_with_forgotten_calls() {
    for leader in KINDS {
        for forget_the_follower_too in [false, true] {
            let lock = leaked();
            let mut lost = never(lock, leader);
            assert!(lost.poll().is_pending());
            mem::forget(lost);
            let mut follower = never(lock, Kind::Once);
            assert!(follower.poll().is_pending());
            assert_eq!((lock.is_running(), lock.waiters()), (true, 1));
            if forget_the_follower_too {
                mem::forget(follower);
                lock.reset();
            } else {
                lock.reset();
                assert_cancelled(follower.poll());
            }
            assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
            assert_eq!(lock.run_once(|| ready(2)).wait(), Ok(2));
        }
    }
}

/// A waker that records the thread on which it is dropped, and uses the lock there.
struct Noted {
    lock: &'static SmartLock<usize>,
    dropped_on: Arc<Mutex<Vec<ThreadId>>>,
}

impl Wake for Noted {
    fn wake(self: Arc<Self>) {
        let _waiters = self.lock.waiters();
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        let _waiters = self.lock.waiters();
        self.dropped_on.lock().unwrap().push(thread::current().id());
    }
}

#[test]
fn wakers_are_dropped_on_the_thread_that_resets_the_lock_or_drops_their_caller() {
    for kind in KINDS {
        let lock = leaked();
        let dropped_on = Arc::<Mutex<Vec<_>>>::default();
        let noted = || {
            Waker::from(Arc::new(Noted {
                lock,
                dropped_on: dropped_on.clone(),
            }))
        };
        let mut leader = Box::pin(lock.run_once(pending::<usize>));
        assert!(poll(&mut leader).is_pending());
        let call =
            || -> std::pin::Pin<Box<dyn Future<Output = Result<usize, Cancelled>> + Send>> {
                match kind {
                    Kind::Once => Box::pin(lock.run_once(|| ready(1))),
                    Kind::Shared => Box::pin(lock.run_shared(|| ready(1))),
                }
            };
        let (mut one, mut two) = (call(), call());
        for follower in [&mut one, &mut two] {
            assert!(
                follower
                    .as_mut()
                    .poll(&mut Context::from_waker(&noted()))
                    .is_pending()
            );
        }
        assert_eq!(dropped_on.lock().unwrap().len(), 0);
        let dropper = thread::spawn(move || drop(one));
        let elsewhere = dropper.thread().id();
        dropper.join().unwrap();
        assert_eq!(*dropped_on.lock().unwrap(), [elsewhere]);
        let resetter = thread::spawn(|| lock.reset());
        let elsewhere_too = resetter.thread().id();
        resetter.join().unwrap();
        assert_eq!(*dropped_on.lock().unwrap(), [elsewhere, elsewhere_too]);
        assert_cancelled(poll(&mut two));
    }
}

#[test]
fn a_stale_waker_is_dropped_while_the_lock_is_free() {
    within(120, || {
        for kind in KINDS {
            let lock = leaked();
            let dropped_on = Arc::<Mutex<Vec<_>>>::default();
            let noted = || {
                Waker::from(Arc::new(Noted {
                    lock,
                    dropped_on: dropped_on.clone(),
                }))
            };
            let mut leader = never(lock, kind);
            let mut followers = [never(lock, KINDS[0]), never(lock, KINDS[1])];
            for _ in 0..3 {
                assert!(leader.poll_with(&noted()).is_pending());
                for follower in &mut followers {
                    assert!(follower.poll_with(&noted()).is_pending());
                }
            }
            assert!(dropped_on.lock().unwrap().len() >= 4);
            drop(leader);
            // Now each follower leads, or drives, and its old waker is stale.
            for mut follower in followers {
                assert!(follower.poll_with(&noted()).is_pending());
            }
            assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
        }
    });
}

#[test]
fn stale_wakers_of_many_threads_are_dropped_while_the_lock_is_free() {
    let lock = leaked();
    on_threads(move |mut random| {
        for _ in 0..300 {
            let mut caller = match random.below(3) {
                0 => Caller::new(lock.run_once(|| async {
                    yield_once().await;
                    1
                })),
                1 => Caller::new(lock.run_shared(|| async {
                    yield_once().await;
                    2
                })),
                _ => never(lock, KINDS[random.below(2)]),
            };
            for _ in 0..random.below(4) {
                let dropped_on = Arc::default();
                let waker = Waker::from(Arc::new(Noted { lock, dropped_on }));
                if caller.poll_with(&waker).is_ready() {
                    break;
                }
            }
        }
    });
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}
