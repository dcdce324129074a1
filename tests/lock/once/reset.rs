//! `SmartLock::reset` with `run_once`: followers are cancelled, a running leader keeps its own
//! result, and the next caller leads a new flight.

use crate::callers::{Caller, Gate, assert_cancelled, assert_idle, ok};
use smartasync::SmartLock;
use std::future::{pending, ready};
use std::mem;

#[test]
fn a_reset_cancels_the_followers_and_wakes_each_once() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let mut leader = Caller::new(lock.run_once(|| gate.run()));
    let mut followers: Vec<_> = (0..3)
        .map(|_| Caller::new(lock.run_once(|| ready(0))))
        .collect();
    assert!(leader.poll().is_pending());
    assert!(
        followers
            .iter_mut()
            .all(|follower| follower.poll().is_pending())
    );
    lock.reset();
    assert_idle(&lock);
    lock.reset();
    for follower in &mut followers {
        assert_eq!(follower.wakes(), 1);
        assert_cancelled(follower.poll());
    }
    gate.0.set(Some(1));
    assert_eq!(leader.poll(), ok(1));
    assert_idle(&lock);
}

#[test]
fn a_reset_of_an_idle_lock_does_nothing() {
    let lock = SmartLock::new();
    lock.reset();
    assert_idle(&lock);
    let fresh = lock.run_once(|| ready(1));
    lock.reset();
    assert_eq!(
        fresh.wait(),
        Ok(1),
        "a call that was not polled yet does not follow"
    );
}

#[test]
fn after_a_reset_the_old_leader_neither_serves_nor_clears_the_next_flight() {
    let (lock, old_gate, new_gate) = (SmartLock::new(), Gate::new(), Gate::new());
    let mut old = Caller::new(lock.run_once(|| old_gate.run()));
    assert!(old.poll().is_pending());
    lock.reset();
    let mut new = Caller::new(lock.run_once(|| new_gate.run()));
    let mut follower = Caller::new(lock.run_once(|| ready(0)));
    assert!(new.poll().is_pending() && follower.poll().is_pending());
    assert!(old.poll().is_pending());
    old_gate.0.set(Some(1));
    assert_eq!(old.poll(), ok(1));
    assert_eq!(
        (lock.is_running(), lock.waiters(), follower.wakes()),
        (true, 1, 0)
    );
    assert!(follower.poll().is_pending());
    new_gate.0.set(Some(2));
    assert_eq!((new.poll(), follower.poll()), (ok(2), ok(2)));
}

#[test]
fn an_old_leader_that_is_dropped_after_a_reset_does_not_hand_over() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let mut old = Caller::new(lock.run_once(pending::<u32>));
    assert!(old.poll().is_pending());
    lock.reset();
    let mut new = Caller::new(lock.run_once(|| gate.run()));
    let mut follower = Caller::new(lock.run_once(|| ready(0)));
    assert!(new.poll().is_pending() && follower.poll().is_pending());
    drop(old);
    assert_eq!(
        (lock.is_running(), lock.waiters(), follower.wakes()),
        (true, 1, 0)
    );
    gate.0.set(Some(2));
    assert_eq!((new.poll(), follower.poll()), (ok(2), ok(2)));
}

#[test]
fn an_old_leader_that_ends_before_the_new_one_begins_leaves_the_lock_idle() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let mut old = Caller::new(lock.run_once(|| gate.run()));
    assert!(old.poll().is_pending());
    lock.reset();
    gate.0.set(Some(1));
    assert_eq!(old.poll(), ok(1));
    assert_idle(&lock);
    assert_eq!(lock.run_once(|| ready(2)).wait(), Ok(2));
}

#[test]
fn a_delivered_value_survives_a_reset() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let mut leader = Caller::new(lock.run_once(|| gate.run()));
    let mut follower = Caller::new(lock.run_once(|| ready(0)));
    assert!(leader.poll().is_pending() && follower.poll().is_pending());
    gate.0.set(Some(1));
    assert_eq!(leader.poll(), ok(1));
    lock.reset();
    assert_eq!((follower.wakes(), follower.poll()), (1, ok(1)));
}

#[test]
fn a_reset_cancels_the_chosen_follower_too_and_the_next_caller_leads() {
    let lock = SmartLock::new();
    let mut leader = Caller::new(lock.run_once(pending::<u32>));
    let mut chosen = Caller::new(lock.run_once(|| ready(1)));
    let mut other = Caller::new(lock.run_once(|| ready(2)));
    assert!(leader.poll().is_pending() && chosen.poll().is_pending() && other.poll().is_pending());
    drop(leader);
    lock.reset();
    assert_eq!((chosen.wakes(), other.wakes()), (1, 1));
    assert_eq!(lock.run_once(|| ready(3)).wait(), Ok(3));
    drop(chosen);
    assert_cancelled(other.poll());
    assert_idle(&lock);
}

#[test]
fn a_cancelled_follower_may_be_dropped_without_another_poll() {
    let lock = SmartLock::new();
    let mut leader = Caller::new(lock.run_once(pending::<u32>));
    let mut cancelled = Caller::new(lock.run_once(|| ready(1)));
    assert!(leader.poll().is_pending() && cancelled.poll().is_pending());
    lock.reset();
    let mut new = Caller::new(lock.run_once(pending));
    let mut follower = Caller::new(lock.run_once(|| ready(2)));
    assert!(new.poll().is_pending() && follower.poll().is_pending());
    drop(cancelled);
    assert_eq!((follower.wakes(), lock.waiters()), (0, 1));
    drop(new);
    assert_eq!((follower.wakes(), follower.poll()), (1, ok(2)));
}

#[test]
fn a_reset_frees_the_followers_of_a_forgotten_leader() {
    let lock = SmartLock::new();
    let mut leader = Caller::new(lock.run_once(pending::<u32>));
    let mut follower = Caller::new(lock.run_once(|| ready(1)));
    assert!(leader.poll().is_pending() && follower.poll().is_pending());
    mem::forget(leader);
    assert!(follower.poll().is_pending());
    lock.reset();
    assert_cancelled(follower.poll());
    assert_eq!(lock.run_once(|| ready(2)).wait(), Ok(2));
}
