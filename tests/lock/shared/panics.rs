//! `SmartLock::run_shared` with futures, values and wakers that panic or use the lock.

use crate::callers::{leaked, ok};
use crate::shared::jobs::{Caller, assert_works, bystander};
use crate::shared::turns::Job;
use crate::shared::turns::Turn::{Done, Panic, Sleep};
use crate::support::child::in_a_child;
use crate::support::{panic, panics};
use smartasync::{Cancelled, SmartLock};
use std::future::{pending, poll_fn, ready};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

/// A waker that calls its closure.
struct OnWake<F: Fn()>(F);

impl<F: Fn() + Send + Sync + 'static> OnWake<F> {
    fn waker(f: F) -> Waker {
        Waker::from(Arc::new(Self(f)))
    }
}

impl<F: Fn() + Send + Sync> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

/// Polls on another thread. On this thread the poll would be a re-entry.
fn poll_elsewhere(caller: &mut Caller, waker: &Waker) -> Poll<Result<usize, Cancelled>> {
    thread::scope(|scope| scope.spawn(|| caller.poll_with(waker)).join().unwrap())
}

// Futures that panic.

#[test]
fn a_panic_resumes_in_the_driver_and_one_follower_starts_again() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let first = job.caller(lock, vec![Sleep, Panic], 1).wait_for_its_turn();
    let mut callers: Vec<_> = (2..5)
        .map(|n| job.caller(lock, vec![Sleep, Done], n).wait_for_its_turn())
        .collect();
    drop(first);
    job.wake();
    let mut driver = callers.remove(1);
    let payload = catch_unwind(AssertUnwindSafe(|| driver.poll())).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"quiet"));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 2));
    assert!(panics(|| driver.poll()), "the call has ended");
    drop(driver);
    // The future woke each follower, and the panic woke one of them again.
    assert_eq!(callers.iter().map(Caller::wakes).sum::<usize>(), 3);
    let chosen = callers
        .iter()
        .position(|caller| caller.wakes() == 2)
        .unwrap();
    assert!(callers[chosen].poll().is_pending());
    assert!(callers[1 - chosen].poll().is_pending());
    assert_eq!((job.polls.load(Relaxed), lock.is_running()), (3, true));
    job.wake();
    let results: Vec<_> = callers.iter_mut().map(Caller::poll).collect();
    let value = if chosen == 0 { 2 } else { 4 };
    assert_eq!(results, [ok(value), ok(value)]);
    assert_works(lock);
}

#[test]
fn a_closure_that_panics_leaves_an_idle_lock_and_hands_over() {
    let lock = leaked();
    let mut leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let mut chosen = Caller::new(lock.run_shared(|| -> std::future::Ready<usize> { panic() }))
        .wait_for_its_turn();
    let mut last = Caller::new(lock.run_shared(|| ready(1))).wait_for_its_turn();
    assert!(leader.poll().is_pending());
    drop(leader);
    assert_eq!(chosen.wakes(), 1);
    assert!(panics(|| chosen.poll()));
    assert_eq!((last.wakes(), last.poll()), (1, ok(1)));
    assert_works(lock);
}

#[test]
fn a_future_whose_destructor_panics_leaves_an_idle_lock() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !thread::panicking() {
                panic();
            }
        }
    }
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let bomb = Bomb;
    let mut done = Caller::new(lock.run_shared(move || {
        poll_fn(move |_| {
            let _bomb = &bomb;
            Poll::Ready(1)
        })
    }));
    assert!(panics(|| done.poll()));
    assert_works(lock);
    // When `reset` drops the future, it first cancels all followers. Then the panic reaches its
    // caller.
    let bomb = Bomb;
    let leader = Caller::new(lock.run_shared(move || async move {
        let _bomb = bomb;
        pending().await
    }));
    let leader = leader.wait_for_its_turn();
    let mut follower = job.caller(lock, vec![Done], 2).wait_for_its_turn();
    drop(leader);
    assert!(panics(|| lock.reset()));
    assert_eq!(follower.wakes(), 1);
    assert!(matches!(follower.poll(), Poll::Ready(Err(_))));
    assert_works(lock);
}

// Values.

#[test]
fn after_a_clone_panics_one_of_the_callers_without_a_value_starts_again() {
    static EXPLODES: AtomicUsize = AtomicUsize::new(0);
    #[derive(Debug, PartialEq)]
    struct PanicsInClone(usize);
    impl Clone for PanicsInClone {
        fn clone(&self) -> Self {
            if self.0 == 1 && EXPLODES.fetch_add(1, Relaxed) == 1 {
                panic();
            }
            Self(self.0)
        }
    }
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let first = job
        .caller(lock, vec![Sleep, Done], PanicsInClone(1))
        .wait_for_its_turn();
    let mut callers: Vec<_> = (2..6)
        .map(|n| {
            job.caller(lock, vec![Done], PanicsInClone(n))
                .wait_for_its_turn()
        })
        .collect();
    drop(first);
    job.wake();
    let mut driver = callers.remove(0);
    assert!(panics(|| driver.poll()));
    drop(driver);
    // The first caller was served before the panic. One of the other two leads.
    assert_eq!((lock.is_running(), lock.waiters()), (false, 2));
    assert_eq!(callers[0].poll(), ok(PanicsInClone(1)));
    assert!(callers[1].wakes() == 2 || callers[2].wakes() == 2);
    assert_eq!(callers[2].poll(), ok(PanicsInClone(5)));
    assert_eq!(callers[1].poll(), ok(PanicsInClone(5)));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

#[test]
fn clones_and_drops_of_values_may_use_the_lock() {
    static LOCK: SmartLock<UsesLock> = SmartLock::new();
    static USES: AtomicUsize = AtomicUsize::new(0);
    #[derive(Debug, PartialEq)]
    struct UsesLock;
    impl Clone for UsesLock {
        fn clone(&self) -> Self {
            let _ = LOCK.waiters();
            USES.fetch_add(1, Relaxed);
            Self
        }
    }
    impl Drop for UsesLock {
        fn drop(&mut self) {
            LOCK.reset();
            USES.fetch_add(1, Relaxed);
        }
    }
    let job = Arc::<Job>::default();
    let mut leader = job
        .caller(&LOCK, vec![Sleep, Done], UsesLock)
        .wait_for_its_turn();
    let mut follower = bystander(&LOCK).wait_for_its_turn();
    let leaves = bystander(&LOCK).wait_for_its_turn();
    job.wake();
    assert_eq!(leader.poll(), ok(UsesLock));
    drop(leaves);
    assert_eq!(follower.poll(), ok(UsesLock));
    assert!(USES.load(Relaxed) >= 5);
    assert_eq!((LOCK.is_running(), LOCK.waiters()), (false, 0));
}

// Wakers.

#[test]
fn all_callers_are_woken_when_a_waker_panics() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut one = job
        .caller(lock, vec![Sleep, Sleep, Done], 1)
        .wait_for_its_turn();
    let mut bad = bystander(lock);
    let bomb = OnWake::waker(|| panic());
    assert!(bad.poll_with(&bomb).is_pending());
    let mut two = bystander(lock).wait_for_its_turn();
    assert!(panics(|| job.wake()));
    assert_eq!((one.wakes(), two.wakes()), (1, 1));
    // The caller with the panicking waker can still drive.
    assert!(bad.poll_with(&bomb).is_pending());
    assert!(one.poll().is_pending() && two.poll().is_pending());
    assert_eq!(job.polls.load(Relaxed), 2);
    assert!(panics(|| job.wake()));
    assert!(
        panics(|| one.poll()),
        "the driver delivers the value and calls the waker"
    );
    assert_eq!((two.poll(), bad.poll_with(&bomb)), (ok(1), ok(1)));
    assert_works(lock);
}

#[test]
fn the_run_goes_on_after_a_waker_panics_during_a_poll() {
    let lock = leaked();
    let callers = (bystander(lock), Caller::new(lock.run_shared(|| ready(2))));
    let early = Arc::new(Mutex::new(callers));
    let (inside, mut polls) = (early.clone(), 0);
    let mut driver = Caller::new(lock.run_shared(move || {
        poll_fn(move |cx| {
            polls += 1;
            if polls == 2 {
                return Poll::Ready(1);
            }
            let (bad, other) = &mut *inside.lock().unwrap();
            let count = Waker::from(other.woken.clone());
            assert!(
                poll_elsewhere(bad, &OnWake::waker(|| panic())).is_pending()
                    && poll_elsewhere(other, &count).is_pending()
            );
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }));
    assert!(panics(|| driver.poll()));
    drop(driver);
    let (bad, other) = &mut *early.lock().unwrap_or_else(PoisonError::into_inner);
    // The future still works, and the registered callers were woken.
    assert!(other.wakes() > 0);
    assert_eq!((bad.poll(), other.poll()), (ok(1), ok(1)));
    assert_works(lock);
}

#[test]
fn wakers_may_use_the_lock() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let answers = Arc::new(Mutex::new(Vec::new()));
    let log = answers.clone();
    let uses_lock = OnWake::waker(move || {
        let mut call = Box::pin(lock.run_shared(|| ready(9)));
        let answer = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        log.lock().unwrap().push((answer, lock.waiters()));
    });
    let mut leader = job.caller(lock, vec![Sleep, Done], 1);
    assert!(leader.poll_with(&uses_lock).is_pending());
    let mut follower = bystander(lock);
    assert!(follower.poll_with(&uses_lock).is_pending());
    job.wake();
    // The call in the first waker drove the future to its end. The delivery of the value then woke
    // both callers.
    assert_eq!(
        (leader.poll_with(&uses_lock), follower.poll_with(&uses_lock)),
        (ok(1), ok(1))
    );
    assert!(
        answers
            .lock()
            .unwrap()
            .iter()
            .any(|(answer, _)| *answer == ok(1))
    );
    assert_works(lock);
}

#[test]
fn a_waker_that_panics_while_the_driver_unwinds_does_not_abort() {
    let lock = leaked();
    let early = Arc::new(Mutex::new((
        bystander(lock),
        OnWake::waker(|| panic_any(1)),
    )));
    let mut last = Caller::new(lock.run_shared(|| ready(3)));
    let inside = early.clone();
    let mut leader = Caller::new(lock.run_shared(move || {
        poll_fn(move |_| {
            let (follower, waker) = &mut *inside.lock().unwrap();
            assert!(poll_elsewhere(follower, waker).is_pending());
            resume_unwind(Box::new("future"))
        })
    }));
    let payload = catch_unwind(AssertUnwindSafe(|| leader.poll())).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"future"));
    assert_eq!((lock.waiters(), last.poll()), (1, ok(3)));
    let mut early = early.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(early.0.poll(), ok(3));
    assert_works(lock);
}

/// A waker that panics when it is dropped, even while its thread panics already. Two such wakers
/// abort the process if they are dropped together.
struct Relentless;

impl Wake for Relentless {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Relentless {
    fn drop(&mut self) {
        panic!("drop");
    }
}

#[test]
fn wakers_whose_drops_panic_at_a_reset_do_not_abort() {
    in_a_child(|| {
        let lock = leaked();
        let mut leader = Caller::new(lock.run_shared(pending)).wait_for_its_turn();
        let mut followers =
            [(); 3].map(|()| Caller::new(lock.run_shared(|| ready(0))).wait_with(Relentless));
        assert!(panics(|| lock.reset()));
        for caller in followers.iter_mut().chain([&mut leader]) {
            drop(catch_unwind(AssertUnwindSafe(|| caller.poll())));
        }
        assert_works(lock);
    });
}

#[test]
fn a_driver_whose_wakers_panic_when_dropped_aborts_nothing() {
    // The future is ready or panics, in its first poll or in a later one.
    let futures = [
        vec![Done],
        vec![Sleep, Done],
        vec![Panic],
        vec![Sleep, Panic],
    ];
    for turns in futures {
        in_a_child(|| {
            let (lock, job) = (leaked(), Arc::<Job>::default());
            let polls = turns.len();
            let mut driver = job.caller(lock, turns, 1);
            for nth in 0..polls {
                if nth > 0 {
                    job.wake();
                }
                let waker = ManuallyDrop::new(Waker::from(Arc::new(Relentless)));
                drop(catch_unwind(AssertUnwindSafe(|| {
                    driver.poll_with(&waker).is_ready()
                })));
            }
            drop(catch_unwind(AssertUnwindSafe(|| drop(driver))));
            assert_works(lock);
        });
    }
}
