//! `SmartLock::run_once`, polled by hand on one thread: which caller leads, and what followers get.

use crate::callers::{Caller, Gate, assert_idle, ok};
use smartasync::{Cancelled, SmartLock};
use std::cell::Cell;
use std::future::{poll_fn, ready};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

#[test]
fn the_caller_that_is_polled_first_leads() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let mut made_first = Caller::new(lock.run_once(|| async { unreachable!("this call follows") }));
    let mut made_second = Caller::new(lock.run_once(|| gate.run()));
    assert!(made_second.poll().is_pending());
    assert!(made_first.poll().is_pending());
    gate.0.set(Some(7));
    assert_eq!(made_second.poll(), ok(7));
    assert_eq!(made_first.poll(), ok(7));
}

#[test]
fn followers_get_clones_and_do_not_run_their_closures() {
    let (lock, gate, runs) = (SmartLock::new(), Gate::new(), Cell::new(0));
    let load = || {
        runs.set(runs.get() + 1);
        gate.run()
    };
    let mut callers: Vec<_> = (0..5).map(|_| Caller::new(lock.run_once(load))).collect();
    assert!(callers.iter_mut().all(|caller| caller.poll().is_pending()));
    gate.0.set(Some(1));
    assert_eq!(callers[0].poll(), ok(1));
    assert_eq!(
        callers.iter().map(Caller::wakes).collect::<Vec<_>>(),
        [0, 1, 1, 1, 1]
    );
    // The followers take their values in any order.
    for index in [3, 1, 4, 2] {
        assert_eq!(callers[index].poll(), ok(1));
    }
    assert_eq!(runs.get(), 1);
    assert_idle(&lock);
}

#[test]
fn followers_with_another_closure_type_share_the_value() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let mut leader = Caller::new(lock.run_once(|| gate.run()));
    let mut follower = Caller::new(lock.run_once(|| ready(2)));
    assert!(leader.poll().is_pending() && follower.poll().is_pending());
    gate.0.set(Some(1));
    assert_eq!((leader.poll(), follower.poll()), (ok(1), ok(1)));
}

#[test]
fn a_call_that_was_never_polled_has_no_effect() {
    let lock = SmartLock::new();
    drop(lock.run_once(|| async { unreachable!("the call is never polled") }));
    let unpolled = lock.run_once(|| ready(1));
    assert_idle(&lock);
    assert_eq!(lock.run_once(|| ready(2)).wait(), Ok(2));
    assert_eq!(unpolled.wait(), Ok(1));
}

#[test]
fn nothing_is_cached_after_the_flight() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    for round in 0..3 {
        let mut leader = Caller::new(lock.run_once(|| gate.run()));
        let mut follower = Caller::new(lock.run_once(|| gate.run()));
        assert!(leader.poll().is_pending() && follower.poll().is_pending());
        gate.0.set(Some(round));
        assert_eq!(leader.poll(), ok(round));
        // The follower's value is kept for that follower only.
        assert_eq!(lock.run_once(|| ready(100 + round)).wait(), Ok(100 + round));
        assert_eq!(follower.poll(), ok(round));
    }
}

#[test]
fn uncontended_calls_each_run_their_own_closure() {
    let lock = SmartLock::new();
    for n in 0..10_000 {
        assert_eq!(lock.run_once(|| ready(n)).wait(), Ok(n));
        assert_idle(&lock);
    }
}

#[test]
fn the_closure_and_its_future_may_borrow() {
    let lock = SmartLock::new();
    let mut log = Vec::new();
    let text = String::from("borrowed");
    let length = lock.run_once(|| async {
        log.push(text.as_str());
        log.len()
    });
    assert_eq!(length.wait(), Ok(1));
    assert_eq!(log, ["borrowed"]);
}

#[test]
fn a_follower_is_woken_through_its_latest_waker() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let mut leader = Caller::new(lock.run_once(|| gate.run()));
    let mut follower = Caller::new(lock.run_once(|| ready(0)));
    assert!(leader.poll().is_pending() && follower.poll().is_pending());
    let stale = mem::take(&mut follower.woken);
    assert!(follower.poll().is_pending());
    assert_eq!(Arc::strong_count(&stale), 1, "the stale waker is dropped");
    // Another poll with the same waker changes nothing.
    assert!(follower.poll().is_pending());
    assert_eq!(lock.waiters(), 1);
    gate.0.set(Some(1));
    assert_eq!(leader.poll(), ok(1));
    assert_eq!((stale.0.load(Ordering::Relaxed), follower.wakes()), (0, 1));
    assert_eq!(follower.poll(), ok(1));
}

#[test]
fn dropped_followers_leave_no_waker_behind_and_are_not_counted() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let mut leader = Caller::new(lock.run_once(|| gate.run()));
    assert!(leader.poll().is_pending());
    let mut stay = Caller::new(lock.run_once(|| ready(0)));
    assert!(stay.poll().is_pending());
    for _ in 0..100 {
        let mut passing: Vec<_> = (0..3)
            .map(|_| Caller::new(lock.run_once(|| ready(0))))
            .collect();
        assert!(
            passing
                .iter_mut()
                .all(|follower| follower.poll().is_pending())
        );
        assert_eq!(lock.waiters(), 4);
        drop(passing.remove(1));
        drop(passing.remove(0));
        let woken = passing.remove(0).woken;
        assert_eq!(
            (
                Arc::strong_count(&woken),
                woken.0.load(Ordering::Relaxed),
                lock.waiters()
            ),
            (1, 0, 1)
        );
    }
    gate.0.set(Some(1));
    assert_eq!(leader.poll(), ok(1));
    assert_eq!(stay.poll(), ok(1));
}

#[test]
fn a_delivered_value_is_dropped_with_its_follower() {
    let lock = SmartLock::new();
    let value = Rc::new(());
    let gate = Cell::new(None);
    let mut leader =
        Caller::new(lock.run_once(|| poll_fn(|_| gate.take().map_or(Poll::Pending, Poll::Ready))));
    let mut followers: Vec<_> = (0..3)
        .map(|_| Caller::new(lock.run_once(|| async { unreachable!("this call follows") })))
        .collect();
    assert!(leader.poll().is_pending());
    assert!(
        followers
            .iter_mut()
            .all(|follower| follower.poll().is_pending())
    );
    gate.set(Some(value.clone()));
    assert!(leader.poll().is_ready());
    assert_eq!(Rc::strong_count(&value), 4);
    drop(followers.pop());
    assert_eq!(Rc::strong_count(&value), 3);
    assert!(followers[0].poll().is_ready());
    assert_eq!(Rc::strong_count(&value), 2);
    drop(followers);
    assert_eq!(Rc::strong_count(&value), 1);
}

#[test]
fn is_running_and_waiters_report_each_stage() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let state = || (lock.is_running(), lock.waiters());
    let mut leader = Caller::new(lock.run_once(|| {
        assert_eq!(state(), (true, 0), "in the closure");
        gate.run()
    }));
    let mut one = Caller::new(lock.run_once(|| {
        assert_eq!(
            state(),
            (true, 1),
            "in the closure of a follower that took over"
        );
        gate.run()
    }));
    let mut two = Caller::new(lock.run_once(|| gate.run()));
    assert_eq!(state(), (false, 0));
    assert!(leader.poll().is_pending());
    assert_eq!(state(), (true, 0));
    assert!(one.poll().is_pending());
    assert_eq!(state(), (true, 1));
    assert!(two.poll().is_pending());
    assert_eq!(state(), (true, 2));
    drop(leader);
    assert_eq!(state(), (false, 2));
    assert!(one.poll().is_pending());
    assert_eq!(state(), (true, 1));
    assert_eq!(
        format!("{lock:?}"),
        "SmartLock { running: true, waiters: 1 }"
    );
    gate.0.set(Some(1));
    assert_eq!(one.poll(), ok(1));
    assert_eq!(state(), (false, 0));
    assert_eq!(two.poll(), ok(1));
    assert_eq!(state(), (false, 0));
}

#[test]
fn a_call_that_is_polled_after_its_end_panics() {
    let lock = SmartLock::new();
    let mut call = Caller::new(lock.run_once(|| ready(1)));
    assert_eq!(call.poll(), ok(1));
    assert!(catch_unwind(AssertUnwindSafe(|| call.poll())).is_err());
    drop(call);
    assert_eq!(lock.run_once(|| ready(2)).wait(), Ok(2));
}

#[test]
fn a_lock_can_be_a_static_and_has_a_default() {
    static LOCK: SmartLock<String> = SmartLock::new();
    assert_eq!(
        LOCK.run_once(|| ready("static".into())).wait().as_deref(),
        Ok("static")
    );
    assert_eq!(SmartLock::default().run_once(|| ready(1)).wait(), Ok(1));
}

/// A type that is `Send` implements this trait twice, so `probe` is ambiguous and does not compile.
/// Any other type implements it once. `NotSync` does the same for `Sync`.
trait NotSend<Which> {
    fn probe() {}
}
trait NotSync<Which> {
    fn probe() {}
}
struct WhenSend;
impl<T: ?Sized> NotSend<()> for T {}
impl<T: ?Sized + Send> NotSend<WhenSend> for T {}
impl<T: ?Sized> NotSync<()> for T {}
impl<T: ?Sized + Sync> NotSync<WhenSend> for T {}

#[test]
fn a_lock_is_send_and_sync_exactly_where_its_value_is_send() {
    fn assert_send_and_sync<T: Send + Sync>() {}
    assert_send_and_sync::<SmartLock<Cell<u32>>>();
    assert_send_and_sync::<Cancelled>();
    <SmartLock<Rc<u32>> as NotSend<_>>::probe();
    <SmartLock<Rc<u32>> as NotSync<_>>::probe();

    fn assert_send<T: Send>(call: T) -> T {
        call
    }
    let lock: SmartLock<Cell<u32>> = SmartLock::new();
    let value = assert_send(lock.run_once(|| async { Cell::new(1) })).wait();
    assert_eq!(value, Ok(Cell::new(1)));
}
