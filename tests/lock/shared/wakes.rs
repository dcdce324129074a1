//! `SmartLock::run_shared`: no wake-up of the future is lost, at whatever time it comes. The last
//! tests mix callers of `run_once` and `run_shared`.

use crate::callers::{assert_idle, leaked, ok};
use crate::shared::jobs::{Caller, Job, bystander};
use crate::support::count::Count;
use smartasync::Cancelled;
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

/// Polls on another thread. On this thread the poll would be a re-entry.
fn poll_elsewhere(caller: &mut Caller) -> Poll<Result<usize, Cancelled>> {
    thread::scope(|scope| scope.spawn(|| caller.poll()).join().unwrap())
}

// Wake-ups during a poll.

/// The leader's first poll calls `meanwhile` with its waker and a newcomer. The leader is not
/// polled again, so the newcomer has to end the run.
fn newcomer_ends_the_run(meanwhile: impl FnOnce(&Waker, &mut Caller) + Send + 'static) {
    let lock = leaked();
    let newcomer = Arc::new(Mutex::new(bystander(lock)));
    let (inside, mut meanwhile) = (newcomer.clone(), Some(meanwhile));
    let leader = Caller::new(lock.run_shared(move || {
        poll_fn(move |cx| {
            let Some(meanwhile) = meanwhile.take() else {
                return Poll::Ready(1);
            };
            meanwhile(cx.waker(), &mut inside.lock().unwrap());
            Poll::Pending
        })
    }))
    .wait_for_its_turn();
    let mut newcomer = newcomer.lock().unwrap();
    assert!(newcomer.wakes() > 0);
    assert_eq!(newcomer.poll(), ok(1));
    assert_eq!(lock.waiters(), 0);
    drop(leader);
    assert_idle(lock);
}

#[test]
fn a_wake_up_before_the_newcomer_registers_is_not_lost() {
    newcomer_ends_the_run(|waker, newcomer| {
        waker.wake_by_ref();
        assert!(poll_elsewhere(newcomer).is_pending());
        assert_eq!(newcomer.wakes(), 0);
    });
}

#[test]
fn a_wake_up_after_the_newcomer_registered_is_not_lost() {
    newcomer_ends_the_run(|waker, newcomer| {
        assert!(poll_elsewhere(newcomer).is_pending());
        waker.wake_by_ref();
    });
}

#[test]
fn a_wake_up_that_the_newcomer_answered_with_a_poll_during_the_leaders_poll_is_not_lost() {
    newcomer_ends_the_run(|waker, newcomer| {
        assert!(poll_elsewhere(newcomer).is_pending());
        waker.wake_by_ref();
        assert!(poll_elsewhere(newcomer).is_pending());
    });
}

#[test]
fn a_wake_up_from_another_thread_during_a_poll_is_not_lost() {
    newcomer_ends_the_run(|waker, newcomer| {
        assert!(poll_elsewhere(newcomer).is_pending());
        thread::scope(|scope| scope.spawn(|| waker.wake_by_ref()).join().unwrap());
        assert!(poll_elsewhere(newcomer).is_pending());
        waker.wake_by_ref();
    });
}

#[test]
fn a_newcomer_that_leaves_during_a_poll_leaves_the_wake_up_to_the_driver() {
    let lock = leaked();
    let mut polls = 0;
    let mut leader = Caller::new(lock.run_shared(move || {
        poll_fn(move |cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(1);
            }
            let mut newcomer = bystander(lock);
            assert!(poll_elsewhere(&mut newcomer).is_pending());
            cx.waker().wake_by_ref();
            assert!(poll_elsewhere(&mut newcomer).is_pending());
            drop(newcomer);
            Poll::Pending
        })
    }))
    .wait_for_its_turn();
    assert!(leader.wakes() > 0);
    assert_eq!(leader.poll(), ok(1));
    assert_idle(lock);
}

#[test]
fn a_wake_up_while_nobody_listens_is_there_for_the_next_caller() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let first = job.caller(lock, 1).wait_for_its_turn();
    let last = bystander(lock).wait_for_its_turn();
    job.step();
    // Both were woken, and neither is polled.
    assert_eq!(bystander(lock).poll(), ok(1));
    drop((first, last));
    assert_idle(lock);
}

// Callers that waited before the shared future existed.

#[test]
fn a_follower_that_was_polled_while_the_closure_ran_is_woken_with_the_future() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let follower = Arc::new(Mutex::new(bystander(lock)));
    let (early, own) = (follower.clone(), job.clone());
    let leader = Caller::new(lock.run_shared(move || {
        assert!(poll_elsewhere(&mut early.lock().unwrap()).is_pending());
        own.run(2)
    }))
    .wait_for_its_turn();
    let mut follower = follower.lock().unwrap();
    poll_if_woken(&mut follower);
    drop(leader);
    poll_if_woken(&mut follower);
    job.step();
    assert!(follower.wakes() > 0 && follower.poll().is_pending());
    job.step();
    assert_eq!(follower.poll(), ok(2));
    assert_eq!(job.steps(), [0, 1]);
    assert_idle(lock);
}

/// Polls like an executor does, only after a wake-up. The call has to go on waiting.
fn poll_if_woken(caller: &mut Caller) {
    if caller.woken.0.swap(0, Relaxed) > 0 {
        assert!(caller.poll().is_pending());
    }
}

#[test]
fn followers_of_a_dropped_run_once_leader_are_woken_with_the_next_future() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let mut callers: Vec<_> = (0..4)
        .map(|_| job.caller(lock, 3).wait_for_its_turn())
        .collect();
    drop(leader);
    let chosen = callers
        .iter()
        .position(|caller| caller.wakes() == 1)
        .expect("one follower is woken");
    let mut chosen = callers.remove(chosen);
    assert_eq!(
        callers.iter().map(Caller::wakes).sum::<usize>(),
        0,
        "only one follower is woken"
    );
    assert!(chosen.poll().is_pending());
    drop(chosen);
    callers.iter_mut().for_each(poll_if_woken);
    job.step();
    assert!(callers.iter().all(|caller| caller.wakes() > 0));
    assert!(callers[2].poll().is_pending());
    drop(callers.pop());
    job.step();
    assert!(callers[1].poll().is_pending());
    job.step();
    assert!(callers.iter_mut().all(|caller| caller.poll() == ok(3)));
    assert_eq!(job.steps(), [0, 1, 2]);
    assert_idle(lock);
}

#[test]
fn followers_of_a_future_that_panicked_are_woken_with_the_next_future() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let callers: Arc<Mutex<Vec<_>>> =
        Arc::new(Mutex::new((0..3).map(|_| job.caller(lock, 2)).collect()));
    let early = callers.clone();
    let mut leader = Caller::new(lock.run_shared(move || {
        poll_fn(move |_| {
            assert!(
                early
                    .lock()
                    .unwrap()
                    .iter_mut()
                    .all(|caller| poll_elsewhere(caller).is_pending())
            );
            resume_unwind(Box::new("future"))
        })
    }));
    assert!(catch_unwind(AssertUnwindSafe(|| leader.poll())).is_err());
    let mut callers = callers.lock().unwrap();
    let chosen = callers
        .iter()
        .position(|caller| caller.wakes() == 1)
        .expect("one follower is woken");
    let mut chosen = callers.remove(chosen);
    assert_eq!(
        callers.iter().map(Caller::wakes).sum::<usize>(),
        0,
        "only one follower is woken"
    );
    assert!(chosen.poll().is_pending());
    drop(chosen);
    callers.iter_mut().for_each(poll_if_woken);
    job.step();
    assert!(callers.iter().all(|caller| caller.wakes() == 1));
    assert!(callers[1].poll().is_pending());
    job.step();
    assert!(callers.iter_mut().all(|caller| caller.poll() == ok(2)));
    assert_eq!(job.steps(), [0, 1]);
    assert_idle(lock);
}

// Callers of both functions.

#[test]
fn a_run_once_caller_follows_and_drives_a_shared_future() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let leader = job.caller(lock, 2).wait_for_its_turn();
    let once = || Caller::new(lock.run_once(|| async { unreachable!("this call follows") }));
    let (mut one, mut two) = (once().wait_for_its_turn(), once().wait_for_its_turn());
    drop(leader);
    job.step();
    assert_eq!((one.wakes(), two.wakes()), (1, 1));
    assert!(one.poll().is_pending());
    drop(one);
    job.step();
    assert_eq!(two.poll(), ok(2));
    assert_eq!((job.steps(), job.polls()), (vec![0, 1], 3));
    assert_idle(lock);
}

#[test]
fn a_run_shared_caller_follows_a_run_once_leader() {
    let lock = leaked();
    let gate = Arc::new(Count::default());
    let open = gate.clone();
    let mut leader = Caller::new(lock.run_once(move || {
        poll_fn(move |_| {
            if open.0.load(Relaxed) > 0 {
                Poll::Ready(1)
            } else {
                Poll::Pending
            }
        })
    }));
    assert!(leader.poll().is_pending());
    let mut follower = bystander(lock).wait_for_its_turn();
    assert!(follower.poll().is_pending());
    gate.0.store(1, Relaxed);
    assert_eq!(
        (leader.poll(), follower.wakes(), follower.poll()),
        (ok(1), 1, ok(1))
    );
    assert_idle(lock);
}

#[test]
fn callers_of_both_functions_take_over_from_each_other() {
    let lock = leaked();
    let once = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let mut shared =
        Caller::new(lock.run_shared(|| poll_fn(|_| resume_unwind(Box::new("future")))))
            .wait_for_its_turn();
    let mut last = Caller::new(lock.run_once(|| ready(3))).wait_for_its_turn();
    drop(once);
    assert_eq!((shared.wakes(), last.wakes()), (1, 0));
    assert!(catch_unwind(AssertUnwindSafe(|| shared.poll())).is_err());
    assert!(last.wakes() > 0);
    assert_eq!(last.poll(), ok(3));
    assert_idle(lock);
}

// What is left of wakers.

/// The ways in which a shared flight may end.
#[derive(Clone, Copy)]
enum End {
    Done,
    Panicked,
    Reset,
    Dropped,
}

#[test]
fn a_future_that_keeps_its_waker_keeps_no_waker_of_its_callers() {
    for end in [End::Done, End::Panicked, End::Reset, End::Dropped] {
        let lock = leaked();
        let kept = Arc::new(Mutex::new(None));
        let (keep, goes_on) = (kept.clone(), Arc::new(Count::default()));
        let gate = goes_on.clone();
        let mut driver = Caller::new(lock.run_shared(move || {
            poll_fn(move |cx| {
                *keep.lock().unwrap() = Some(cx.waker().clone());
                match (gate.0.load(Relaxed), end) {
                    (0, _) => Poll::Pending,
                    (_, End::Panicked) => resume_unwind(Box::new("future")),
                    _ => Poll::Ready(1),
                }
            })
        }))
        .wait_for_its_turn();
        let mut follower = Caller::new(lock.run_shared(|| ready(2))).wait_for_its_turn();
        // Both have a waker that was not woken.
        assert!(driver.poll().is_pending() && follower.poll().is_pending());
        goes_on.0.store(1, Relaxed);
        let waker: Waker = kept.lock().unwrap().clone().unwrap();
        match end {
            End::Done => {
                waker.wake();
                assert_eq!((driver.poll(), follower.poll()), (ok(1), ok(1)));
            }
            End::Panicked => {
                waker.wake();
                assert!(catch_unwind(AssertUnwindSafe(|| driver.poll())).is_err());
                assert_eq!(follower.poll(), ok(2));
            }
            End::Reset => {
                lock.reset();
                assert!(follower.poll().is_ready());
                waker.wake();
                assert_eq!(driver.poll(), ok(1));
            }
            End::Dropped => drop(waker),
        }
        let (of_driver, of_follower) = (driver.woken.clone(), follower.woken.clone());
        drop((driver, follower));
        assert!(kept.lock().unwrap().is_some(), "the waker is kept");
        assert_eq!(
            (
                Arc::strong_count(&of_driver),
                Arc::strong_count(&of_follower)
            ),
            (1, 1)
        );
        assert_idle(lock);
    }
}
