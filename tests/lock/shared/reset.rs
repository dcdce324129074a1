//! `SmartLock::reset` with `run_shared`: followers are cancelled. The caller that drove last keeps
//! the future, which is now detached from the lock, and gets its result.

use crate::callers::{assert_idle, cancelled, leaked, ok};
use crate::shared::jobs::{Caller, Job, bystander};
use crate::support::{OnDrop, count::Count};
use smartasync::SmartLock;
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

#[test]
fn followers_are_cancelled_and_the_driver_keeps_the_future() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut driver = job.caller(lock, 2).wait_for_its_turn();
    let mut followers = [
        bystander(lock).wait_for_its_turn(),
        bystander(lock).wait_for_its_turn(),
    ];
    job.step();
    assert!(driver.poll().is_pending());
    lock.reset();
    assert_idle(lock);
    for follower in &mut followers {
        assert_eq!(follower.wakes(), 2);
        assert!(cancelled(follower.poll()));
    }
    assert!(driver.poll().is_pending());
    job.step();
    assert_eq!((driver.poll(), job.steps()), (ok(2), vec![0, 1]));
    assert_idle(lock);
}

#[test]
fn the_last_driver_keeps_the_future_of_another_caller() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut first = job.caller(lock, 3).wait_for_its_turn();
    let mut last = Caller::new(lock.run_once(|| async { unreachable!("this call follows") }))
        .wait_for_its_turn();
    job.step();
    assert!(last.poll().is_pending());
    lock.reset();
    assert!(cancelled(first.poll()));
    // From now on the future wakes only this caller.
    for result in [Poll::Pending, ok(3)] {
        let before = last.wakes();
        job.step();
        assert_eq!((last.wakes(), last.poll()), (before + 1, result));
    }
    assert_eq!(job.steps(), [0, 1, 2]);
    assert_idle(lock);
}

#[test]
fn the_next_flight_runs_beside_detached_futures() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let lock = leaked();
        let jobs: Vec<_> = (0..3).map(|_| Arc::<Job>::default()).collect();
        let mut drivers = Vec::new();
        for (index, job) in jobs.iter().enumerate() {
            if index > 0 {
                lock.reset();
            }
            drivers.push(job.caller(lock, index + 1).wait_for_its_turn());
        }
        let mut follower = bystander(lock).wait_for_its_turn();
        for index in order {
            for step in 0..=index {
                jobs[index].step();
                let result = drivers[index].poll();
                assert_eq!(
                    result,
                    if step == index {
                        ok(index + 1)
                    } else {
                        Poll::Pending
                    }
                );
            }
            assert_eq!(jobs[index].polls(), index + 2);
            if index == 2 {
                assert_eq!(follower.poll(), ok(3));
            }
        }
        assert_idle(lock);
    }
}

#[test]
fn a_detached_future_may_be_dropped_or_panic_and_the_next_flight_goes_on() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let dropped = Arc::<Count>::default();
    let count = dropped.clone();
    let mut polls = 0;
    let panicking = Caller::new(lock.run_shared(move || {
        poll_fn(move |cx| {
            polls += 1;
            if polls == 3 {
                resume_unwind(Box::new("detached"));
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }));
    let mut panicking = panicking.wait_for_its_turn();
    lock.reset();
    let leaving = Caller::new(lock.run_shared(move || {
        let local = OnDrop(move || count.clone().wake());
        async move {
            let _local = local;
            pending().await
        }
    }));
    let leaving = leaving.wait_for_its_turn();
    lock.reset();
    let mut leader = job.caller(lock, 1).wait_for_its_turn();
    let mut follower = bystander(lock).wait_for_its_turn();
    drop(leaving);
    assert_eq!(dropped.0.load(Relaxed), 1);
    assert!(
        panicking.poll().is_pending(),
        "the detached future was woken before"
    );
    assert!(catch_unwind(AssertUnwindSafe(|| panicking.poll())).is_err());
    drop(panicking);
    assert_eq!(
        (lock.is_running(), lock.waiters(), follower.wakes()),
        (true, 1, 0)
    );
    job.step();
    assert_eq!((leader.poll(), follower.poll()), (ok(1), ok(1)));
    assert_idle(lock);
}

#[test]
fn a_driver_that_is_reset_during_its_poll_keeps_the_future() {
    for ready_at in [1, 2] {
        let lock = leaked();
        let (inside, proceed) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
        let (ours, theirs) = (inside.clone(), proceed.clone());
        let mut polls = 0;
        let mut old = Caller::new(lock.run_shared(move || {
            poll_fn(move |cx| {
                polls += 1;
                if polls == 1 {
                    ours.wait();
                    theirs.wait();
                    cx.waker().wake_by_ref();
                }
                if polls == ready_at {
                    Poll::Ready(1)
                } else {
                    Poll::Pending
                }
            })
        }));
        thread::scope(|scope| {
            let old = scope.spawn(move || (old.poll(), old));
            inside.wait();
            let mut follower = bystander(lock).wait_for_its_turn();
            lock.reset();
            assert!(cancelled(follower.poll()));
            assert_idle(lock);
            let job = Arc::<Job>::default();
            let mut leader = job.caller(lock, 1).wait_for_its_turn();
            let mut follower = bystander(lock).wait_for_its_turn();
            proceed.wait();
            let (result, mut old) = old.join().unwrap();
            if ready_at == 2 {
                assert_eq!((result, old.poll()), (Poll::Pending, ok(1)));
                // The future woke it, and the reset may have woken it too.
                assert!(old.wakes() > 0);
            } else {
                assert_eq!(result, ok(1));
            }
            assert_eq!(
                (lock.is_running(), leader.wakes(), follower.wakes()),
                (true, 0, 0)
            );
            job.step();
            assert_eq!((leader.poll(), follower.poll()), (ok(1), ok(1)));
        });
        assert_idle(lock);
    }
}

#[test]
fn a_reset_from_inside_the_closure_or_the_future_detaches_that_future() {
    let lock = leaked();
    let in_closure = lock.run_shared(move || {
        lock.reset();
        async move {
            futures_lite::future::yield_now().await;
            // This call leads a flight of its own, so it is no re-entry.
            lock.run_shared(|| ready(1)).await.unwrap()
        }
    });
    assert_eq!(in_closure.wait(), Ok(1));
    let in_future = lock.run_shared(move || async move {
        lock.reset();
        futures_lite::future::yield_now().await;
        lock.reset();
        lock.run_shared(|| ready(2)).await.unwrap()
    });
    assert_eq!(in_future.wait(), Ok(2));
    assert_idle(lock);

    let mut job = Arc::<Job>::default();
    for _ in 0..2 {
        let own = job.clone();
        let mut detached = Caller::new(lock.run_shared(move || {
            lock.reset();
            own.run(1)
        }))
        .wait_for_its_turn();
        assert_idle(lock);
        assert_eq!(lock.run_shared(|| ready(5)).wait(), Ok(5));
        job.step();
        assert_eq!((detached.wakes(), detached.poll()), (1, ok(1)));
        job = Arc::default();
    }
}

#[test]
fn the_future_goes_with_its_last_caller_or_its_driver_and_the_destructor_may_use_the_lock() {
    for also_a_follower in [false, true] {
        let lock = leaked();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let leader = Caller::new(lock.run_shared(move || {
            let local = OnDrop(move || {
                lock.reset();
                let answer = lock.run_shared(|| ready(7)).wait();
                log.lock()
                    .unwrap()
                    .push((lock.is_running(), lock.waiters(), answer));
            });
            async move {
                let _local = local;
                pending().await
            }
        }))
        .wait_for_its_turn();
        let follower = also_a_follower.then(|| bystander(lock).wait_for_its_turn());
        drop(leader);
        assert_eq!(seen.lock().unwrap().is_empty(), also_a_follower);
        lock.reset();
        assert_eq!(*seen.lock().unwrap(), [(false, 0, Ok(7))]);
        assert!(
            follower.is_none_or(|mut follower| cancelled(follower.poll())),
            "the follower never drove"
        );
        assert_eq!(lock.run_shared(|| ready(8)).wait(), Ok(8));
        assert_idle(lock);
    }
}

#[test]
fn the_destructor_of_a_detached_future_may_use_the_lock() {
    let lock = leaked();
    let leader = Caller::new(lock.run_shared(move || {
        let local = OnDrop(move || {
            assert_eq!(lock.run_shared(|| ready(7)).wait(), Ok(7));
            lock.reset();
        });
        async move {
            let _local = local;
            pending().await
        }
    }))
    .wait_for_its_turn();
    lock.reset();
    drop(leader);
    assert_idle(lock);
}

#[test]
fn a_waker_may_reset_the_lock_and_a_delivered_value_survives_a_reset() {
    struct Resets(&'static SmartLock<usize>);
    impl Wake for Resets {
        fn wake(self: Arc<Self>) {
            self.0.reset();
        }
    }
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut leader = job.caller(lock, 1).wait_for_its_turn();
    let mut resets = bystander(lock);
    let waker = Waker::from(Arc::new(Resets(lock)));
    assert!(
        resets
            .call
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    let mut follower = bystander(lock).wait_for_its_turn();
    // The wake-up of the future resets the lock. The leader keeps the future.
    job.step();
    assert!(cancelled(resets.poll()) && cancelled(follower.poll()));
    assert_eq!(leader.poll(), ok(1));

    let mut leader = Caller::new(lock.run_shared(|| async {
        futures_lite::future::yield_now().await;
        2
    }))
    .wait_for_its_turn();
    let mut follower = bystander(lock);
    assert_eq!(follower.poll(), ok(2), "the future was woken before");
    lock.reset();
    assert_eq!(leader.poll(), ok(2));
    assert_idle(lock);
}
