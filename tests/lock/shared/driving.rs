//! `SmartLock::run_shared` with callers that come and go. The lock owns the future, so no work is
//! lost with a caller. Whichever caller is polled drives the future.

use crate::callers::{assert_idle, leaked, ok};
use crate::shared::jobs::{Caller, Job, bystander};
use smartasync::TimedOut;
use std::future::ready;
use std::mem;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

// One caller at a time.

#[test]
fn an_uncontended_caller_runs_its_future_and_nothing_is_kept() {
    let lock = leaked();
    drop(bystander(lock));
    for n in 0..3 {
        assert_eq!(lock.run_shared(move || ready(n)).wait(), Ok(n));
        assert_idle(lock);
    }
    let yields = lock.run_shared(|| async {
        futures_lite::future::yield_now().await;
        7
    });
    assert_eq!(yields.wait(), Ok(7));
    assert_idle(lock);
}

#[test]
fn the_next_caller_goes_on_with_the_half_done_future_of_a_dropped_one() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let leader = job.caller(lock, 2).wait_for_its_turn();
    job.step();
    // The future was woken, so the next one drives at once.
    let next = bystander(lock).wait_for_its_turn();
    drop(leader);
    assert_eq!(lock.waiters(), 0);
    assert_eq!((job.steps(), job.polls()), (vec![0], 2));
    let mut last = bystander(lock).wait_for_its_turn();
    drop(next);
    assert_eq!(lock.waiters(), 1);
    assert_eq!(job.polls(), 2, "nobody woke the future");
    job.step();
    assert_eq!((last.wakes(), last.poll()), (1, ok(2)));
    assert_eq!((job.steps(), job.polls()), (vec![0, 1], 3));
    assert_idle(lock);
}

#[test]
fn each_of_many_callers_may_leave_after_one_step() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut caller = job.caller(lock, 10).wait_for_its_turn();
    for n in 0..9 {
        job.step();
        assert_eq!(caller.wakes(), 1);
        assert!(caller.poll().is_pending());
        assert_eq!(job.steps().len(), n + 1);
        caller = bystander(lock).wait_for_its_turn();
    }
    job.step();
    assert_eq!(caller.poll(), ok(10));
    assert_eq!((job.steps(), job.polls()), ((0..10).collect(), 11));
    assert_idle(lock);
}

#[test]
fn no_work_is_lost_with_a_caller_that_timed_out() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    // It is held, and not polled any more.
    let _held = job.caller(lock, 3).wait_for_its_turn();
    for done in 1..3 {
        job.step();
        let next = lock.run_shared(|| async { unreachable!("this call never leads") });
        assert_eq!(next.wait_timeout(Duration::ZERO), Err(TimedOut));
        assert_eq!(job.steps().len(), done);
    }
    job.step();
    assert_eq!(
        lock.run_shared(|| async { unreachable!("this call never leads") })
            .wait(),
        Ok(3)
    );
    assert_eq!(job.steps(), [0, 1, 2]);
    assert_idle(lock);
}

// Followers.

#[test]
fn the_followers_of_a_dropped_leader_go_on_with_its_future() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut leader = job.caller(lock, 3).wait_for_its_turn();
    let mut one = bystander(lock).wait_for_its_turn();
    let mut two = bystander(lock).wait_for_its_turn();
    job.step();
    assert!(leader.poll().is_pending());
    assert!(one.poll().is_pending() && two.poll().is_pending());
    drop(leader);
    job.step();
    assert_eq!((one.wakes(), two.wakes()), (2, 2));
    assert!(one.poll().is_pending());
    drop(one);
    job.step();
    assert_eq!(two.poll(), ok(3));
    assert_eq!((job.steps(), job.polls()), (vec![0, 1, 2], 4));
    assert_idle(lock);
}

#[test]
fn a_leader_that_is_not_polled_any_more_delays_no_follower() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut parked = job.caller(lock, 2).wait_for_its_turn();
    let mut follower = bystander(lock).wait_for_its_turn();
    job.step();
    assert!(follower.poll().is_pending());
    job.step();
    assert_eq!(follower.poll(), ok(2));
    assert_eq!((job.steps(), job.polls()), (vec![0, 1], 3));
    assert_eq!(lock.waiters(), 0);
    assert_eq!(parked.poll(), ok(2), "its value was kept");
    assert_idle(lock);
}

#[test]
fn a_forgotten_leader_delays_no_follower() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    mem::forget(job.caller(lock, 1).wait_for_its_turn());
    let mut follower = bystander(lock).wait_for_its_turn();
    job.step();
    assert_eq!((follower.wakes(), follower.poll()), (1, ok(1)));
    assert_eq!(lock.run_shared(|| ready(2)).wait(), Ok(2));
}

#[test]
fn any_one_of_the_waiting_callers_can_drive_alone() {
    for only in 0..4 {
        let (lock, job) = (leaked(), Arc::<Job>::default());
        let mut callers: Vec<_> = (0..4)
            .map(|_| job.caller(lock, 2).wait_for_its_turn())
            .collect();
        for (step, result) in [Poll::Pending, ok(2)].into_iter().enumerate() {
            job.step();
            // The other callers were woken in the first step. They are not woken again before a
            // poll.
            let woken: Vec<_> = callers.iter().map(Caller::wakes).collect();
            assert!(
                woken
                    .iter()
                    .enumerate()
                    .all(|(index, &wakes)| wakes == if index == only { step + 1 } else { 1 }),
                "{woken:?}"
            );
            assert_eq!(callers[only].poll(), result);
        }
        for (index, caller) in callers.iter_mut().enumerate() {
            if index != only {
                assert_eq!(caller.poll(), ok(2));
            }
        }
        assert_eq!((job.steps(), job.polls()), (vec![0, 1], 3));
        assert_idle(lock);
    }
}

#[test]
fn only_one_of_many_woken_callers_polls_the_future() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut callers: Vec<_> = (0..10)
        .map(|_| job.caller(lock, 3).wait_for_its_turn())
        .collect();
    assert_eq!((job.polls(), lock.waiters()), (1, 9));
    for polls in 2..4 {
        job.step();
        assert!(callers.iter_mut().all(|caller| caller.poll().is_pending()));
        assert_eq!(job.polls(), polls);
    }
    job.step();
    assert!(
        callers
            .iter_mut()
            .rev()
            .all(|caller| caller.poll() == ok(3))
    );
    assert_eq!((job.steps(), job.polls()), (vec![0, 1, 2], 4));
    assert_idle(lock);
}

#[test]
fn a_caller_does_not_poll_a_future_that_was_not_woken() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut leader = job.caller(lock, 1).wait_for_its_turn();
    let mut follower = bystander(lock).wait_for_its_turn();
    for _ in 0..3 {
        assert!(leader.poll().is_pending() && follower.poll().is_pending());
    }
    assert_eq!((job.polls(), leader.wakes(), follower.wakes()), (1, 0, 0));
}

#[test]
fn the_waker_of_the_last_poll_is_woken() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut callers = [
        job.caller(lock, 2).wait_for_its_turn(),
        bystander(lock).wait_for_its_turn(),
    ];
    for (step, result) in [Poll::Pending, ok(2)].into_iter().enumerate() {
        let old: Vec<_> = callers
            .iter_mut()
            .map(|caller| mem::take(&mut caller.woken))
            .collect();
        assert!(callers.iter_mut().all(|caller| caller.poll().is_pending()));
        job.step();
        assert!(old.iter().all(|count| count.0.load(Relaxed) == step));
        assert!(callers.iter().all(|caller| caller.wakes() == 1));
        // This holds for the driver and for the follower.
        assert!(callers.iter_mut().all(|caller| caller.poll() == result));
    }
    assert_idle(lock);
}

#[test]
fn a_caller_that_leaves_after_it_was_woken_leaves_the_work_to_the_others() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let leader = job.caller(lock, 1).wait_for_its_turn();
    let one = bystander(lock).wait_for_its_turn();
    let mut two = bystander(lock).wait_for_its_turn();
    job.step();
    drop(leader);
    drop(one);
    assert_eq!((two.wakes(), two.poll()), (1, ok(1)));
    assert_eq!(job.steps(), [0]);
    assert_idle(lock);
}

#[test]
fn followers_are_served_after_the_future_was_dropped() {
    struct Gone(Arc<Mutex<Vec<&'static str>>>);
    impl Drop for Gone {
        fn drop(&mut self) {
            self.0.lock().unwrap().push("gone");
        }
    }
    struct Tell(Arc<Mutex<Vec<&'static str>>>);
    impl Wake for Tell {
        fn wake(self: Arc<Self>) {
            self.0.lock().unwrap().push("woken");
        }
    }
    let (lock, log) = (leaked(), Arc::<Mutex<Vec<_>>>::default());
    let (gone, job) = (Gone(log.clone()), Arc::<Job>::default());
    let own = job.clone();
    let mut leader = Caller::new(lock.run_shared(move || async move {
        let _gone = gone;
        own.run(1).await
    }))
    .wait_for_its_turn();
    let mut follower = bystander(lock);
    let waker = Waker::from(Arc::new(Tell(log.clone())));
    assert!(
        follower
            .call
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    job.step();
    assert_eq!((leader.poll(), follower.poll()), (ok(1), ok(1)));
    // The follower is woken when the future is woken, and again with the value.
    assert_eq!(*log.lock().unwrap(), ["woken", "gone", "woken"]);
    assert_idle(lock);
}
