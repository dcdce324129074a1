//! The flights of a lock on two and three threads: leaders, followers, callers that are dropped,
//! and `reset`.

use super::{check, poll_once, wait_for};
use crate::lock::Cancelled;
use crate::lock::inner::Core;
use crate::lock::run;
use crate::sync::{Arc, Mutex, Ordering};
use core::future::poll_fn;
use core::mem;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use loom::sync::atomic::AtomicUsize;
use loom::thread;
use std::boxed::Box;
use std::vec::Vec;

pub(super) type Lock = Arc<Core<usize>>;

/// A future that asks for one more poll before it is ready.
pub(super) async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Runs on the lock. The closure counts its runs, and checks that no two runs are active at once.
fn run_once(
    lock: &Core<usize>,
    runs: &AtomicUsize,
    active: &AtomicUsize,
    value: usize,
) -> Result<usize, Cancelled> {
    wait_for(run::run_once(lock, || async {
        runs.fetch_add(1, Ordering::Relaxed);
        assert_eq!(
            active.fetch_add(1, Ordering::Relaxed),
            0,
            "two leaders at once"
        );
        yield_once().await;
        active.fetch_sub(1, Ordering::Relaxed);
        value
    }))
}

fn callers(threads: usize, preemptions: usize) {
    check("callers", preemptions, move || {
        let lock: Lock = Arc::new(Core::new());
        let counts = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let others: Vec<_> = (1..threads)
            .map(|value| {
                let (lock, counts) = (lock.clone(), counts.clone());
                thread::spawn(move || {
                    assert!(run_once(&lock, &counts.0, &counts.1, value).unwrap() < 3)
                })
            })
            .collect();
        assert!(run_once(&lock, &counts.0, &counts.1, 0).unwrap() < 3);
        for other in others {
            other.join().unwrap();
        }
        let runs = counts.0.load(Ordering::Relaxed);
        assert!(1 <= runs && runs <= threads);
        assert!(!lock.is_running() && lock.waiters() == 0);
    });
}

#[test]
fn two_callers_both_get_a_value_and_never_lead_at_once() {
    callers(2, 5);
}

#[test]
fn three_callers_all_get_a_value_and_never_lead_at_once() {
    callers(3, 3);
}

#[test]
fn a_follower_takes_over_from_a_leader_that_is_dropped() {
    check("dropped leader", 4, || {
        let lock: Lock = Arc::new(Core::new());
        let theirs = lock.clone();
        let gone = thread::spawn(move || {
            let mut call = pin!(run::run_once(&*theirs, core::future::pending::<usize>));
            // The call leads or follows. It is dropped in either role.
            let _polled = poll_once(call.as_mut());
        });
        assert_eq!(wait_for(run::run_once(&*lock, || async { 1 })).unwrap(), 1);
        gone.join().unwrap();
        assert!(!lock.is_running() && lock.waiters() == 0);
    });
}

#[test]
fn a_chosen_follower_that_is_dropped_hands_over_again() {
    check("dropped follower", 4, || {
        let lock: Lock = Arc::new(Core::new());
        let mut leader = Box::pin(run::run_once(&*lock, core::future::pending::<usize>));
        assert!(poll_once(leader.as_mut()).is_pending());
        let mut chosen = Box::pin(run::run_once(&*lock, || async { 1 }));
        assert!(poll_once(chosen.as_mut()).is_pending());
        let theirs = lock.clone();
        let other = thread::spawn(move || {
            assert_eq!(
                wait_for(run::run_once(&*theirs, || async { 2 })).unwrap(),
                2
            )
        });
        drop(leader);
        drop(chosen);
        other.join().unwrap();
    });
}

#[test]
fn a_reset_frees_the_follower_and_leaves_the_leader_its_value() {
    check("reset", 3, || {
        let lock: Lock = Arc::new(Core::new());
        let (theirs, resetting) = (lock.clone(), lock.clone());
        let other = thread::spawn(move || {
            let followed = wait_for(run::run_once(&*theirs, || async {
                yield_once().await;
                2
            }));
            assert!(matches!(followed, Ok(1 | 2) | Err(_)));
        });
        let reset = thread::spawn(move || resetting.reset());
        let mut led = false;
        let own = wait_for(run::run_once(&*lock, || {
            led = true;
            async {
                yield_once().await;
                1
            }
        }));
        if led {
            assert_eq!(own.unwrap(), 1);
        }
        other.join().unwrap();
        reset.join().unwrap();
        assert!(!lock.is_running() && lock.waiters() == 0);
    });
}

/// An event that one thread waits for and another thread causes.
#[derive(Default)]
pub(super) struct Event {
    state: Mutex<(bool, Option<Waker>)>,
}

impl Event {
    pub(super) fn happen(&self) {
        let waker = {
            let mut state = self.state.lock();
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        if state.0 {
            return Poll::Ready(());
        }
        let old = state.1.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }
}

/// Makes a closure that counts its calls, and starts a future that waits for `event`.
fn wait_for_event(
    event: &Arc<Event>,
    starts: &Arc<AtomicUsize>,
) -> impl FnOnce() -> Pin<Box<dyn Future<Output = usize> + Send>> + use<> {
    let (event, starts) = (event.clone(), starts.clone());
    move || {
        starts.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            poll_fn(|cx| event.poll(cx)).await;
            1
        })
    }
}

#[test]
fn a_shared_future_gets_on_though_its_first_driver_is_polled_no_more() {
    check("shared", 4, || {
        let lock: Lock = Arc::new(Core::new());
        let (event, starts) = (Arc::new(Event::default()), Arc::new(AtomicUsize::new(0)));
        let mut parked = Box::pin(run::run_shared(&*lock, wait_for_event(&event, &starts)));
        assert!(poll_once(parked.as_mut()).is_pending());
        let (theirs, join) = (lock.clone(), wait_for_event(&event, &starts));
        let other = thread::spawn(move || {
            assert_eq!(wait_for(run::run_shared(&*theirs, join)).unwrap(), 1)
        });
        event.happen();
        other.join().unwrap();
        assert_eq!(starts.load(Ordering::Relaxed), 1);
        assert!(matches!(poll_once(parked.as_mut()), Poll::Ready(Ok(1))));
    });
}

#[test]
fn a_wake_up_during_the_poll_of_a_driver_reaches_who_came_meanwhile() {
    check("shared, woken while out", 3, || {
        let lock: Lock = Arc::new(Core::new());
        let (event, starts) = (Arc::new(Event::default()), Arc::new(AtomicUsize::new(0)));
        let (theirs, drive) = (lock.clone(), wait_for_event(&event, &starts));
        let driver = thread::spawn(move || {
            let mut call = Box::pin(run::run_shared(&*theirs, drive));
            // Polls the call once, and then neither polls nor drops it.
            let _polled = poll_once(call.as_mut());
            mem::forget(call);
        });
        let (theirs, join) = (lock.clone(), wait_for_event(&event, &starts));
        let other = thread::spawn(move || {
            assert_eq!(wait_for(run::run_shared(&*theirs, join)).unwrap(), 1)
        });
        event.happen();
        driver.join().unwrap();
        other.join().unwrap();
    });
}
