//! `SmartLock::run_once` with wakers that panic when they are woken or dropped: no caller hangs,
//! and the process does not abort.

use crate::callers::{Bomb, Caller, Gate, assert_works, leaked};
use crate::support::child::in_a_child;
use crate::support::{PanicsWhenWoken, panics};
use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Wake};

/// A waker that panics when it is dropped.
struct PanickingDrop(Bomb);

impl Wake for PanickingDrop {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn all_followers_get_the_value_when_a_waker_panics() {
    let lock = leaked();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let mut before = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
    let mut panicking = Caller::new(lock.run_once(|| ready(0))).wait_with(PanicsWhenWoken);
    let mut after = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
    gate.0.set(Some(1));
    drop(catch_unwind(AssertUnwindSafe(|| leader.poll())));
    assert_eq!((before.wakes(), after.wakes()), (1, 1));
    for follower in [&mut before, &mut panicking, &mut after] {
        assert_eq!(follower.poll(), Poll::Ready(Ok(1)));
    }
    assert_works(lock);
}

#[test]
fn a_reset_cancels_all_followers_when_a_waker_panics() {
    let lock = leaked();
    let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let mut before = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
    let mut panicking = Caller::new(lock.run_once(|| ready(0))).wait_with(PanicsWhenWoken);
    let mut after = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
    drop(catch_unwind(AssertUnwindSafe(|| lock.reset())));
    assert_eq!((before.wakes(), after.wakes()), (1, 1));
    for follower in [&mut before, &mut panicking, &mut after] {
        assert!(matches!(follower.poll(), Poll::Ready(Err(_))));
    }
    drop(leader);
    assert_works(lock);
}

/// A waker that panics with a payload that panics when it is dropped.
struct PanickingPayload;

impl Wake for PanickingPayload {
    fn wake(self: Arc<Self>) {
        panic_any(Bomb);
    }
}

#[test]
fn all_followers_get_the_value_when_the_payloads_of_panicking_wakers_panic_too() {
    in_a_child(|| {
        let lock = leaked();
        let gate = Gate::new();
        let mut leader = gate.lead(lock);
        let panicking =
            [(); 3].map(|()| Caller::new(lock.run_once(|| ready(0))).wait_with(PanickingPayload));
        let mut after = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
        gate.0.set(Some(1));
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| leader.poll())) {
            assert!(panics(|| drop(payload)));
        }
        assert_eq!((after.wakes(), after.poll()), (1, Poll::Ready(Ok(1))));
        drop(panicking);
        assert_works(lock);
    });
}

#[test]
fn another_follower_is_woken_when_the_waker_of_the_chosen_one_panics() {
    let lock = leaked();
    let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let panicking =
        [(); 3].map(|()| Caller::new(lock.run_once(|| ready(0))).wait_with(PanicsWhenWoken));
    let mut calm = Caller::new(lock.run_once(|| ready(1))).wait_for_its_turn();
    drop(catch_unwind(AssertUnwindSafe(|| drop(leader))));
    assert_eq!((calm.wakes(), calm.poll()), (1, Poll::Ready(Ok(1))));
    for mut follower in panicking {
        assert_eq!(follower.poll(), Poll::Ready(Ok(1)));
    }
    assert_works(lock);
}

#[test]
fn a_waker_that_panics_while_its_leader_unwinds_does_not_abort() {
    in_a_child(|| {
        let lock = leaked();
        let fuse = Rc::new(Cell::new(false));
        let burning = fuse.clone();
        let mut leader = Caller::new(lock.run_once(|| {
            poll_fn(move |_| {
                if burning.get() {
                    panic!("leader")
                } else {
                    Poll::Pending
                }
            })
        }))
        .wait_for_its_turn();
        let panicking = Caller::new(lock.run_once(|| ready(0))).wait_with(PanicsWhenWoken);
        fuse.set(true);
        let payload = catch_unwind(AssertUnwindSafe(|| leader.poll())).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"leader"));
        drop(panicking);
        assert_works(lock);
    });
}

#[test]
fn a_waker_that_panics_while_the_destructor_of_its_leader_unwinds_does_not_abort() {
    in_a_child(|| {
        let lock = leaked();
        let bomb = Bomb;
        let leader = Caller::new(lock.run_once(|| async move {
            let _bomb = bomb;
            pending().await
        }))
        .wait_for_its_turn();
        let panicking = Caller::new(lock.run_once(|| ready(0))).wait_with(PanicsWhenWoken);
        assert!(panics(|| drop(leader)));
        drop(panicking);
        assert_works(lock);
    });
}

#[test]
fn a_waker_that_panics_while_a_stack_with_a_leader_or_a_chosen_follower_unwinds_does_not_abort() {
    in_a_child(|| {
        let lock = leaked();
        let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
        let panicking = Caller::new(lock.run_once(|| ready(0))).wait_with(PanicsWhenWoken);
        assert!(panics(move || {
            let _local = leader;
            panic!("stack with a leader");
        }));
        drop(panicking);
        assert_works(lock);

        let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
        let chosen = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
        let panicking = Caller::new(lock.run_once(|| ready(0))).wait_with(PanicsWhenWoken);
        drop(leader);
        assert_eq!(chosen.wakes(), 1);
        assert!(panics(move || {
            let _local = chosen;
            panic!("stack with a follower");
        }));
        drop(panicking);
        assert_works(lock);
    });
}

// Wakers that panic when they are dropped.

#[test]
fn a_new_leader_whose_old_waker_panics_when_dropped_hands_over() {
    let lock = leaked();
    let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let mut chosen = Caller::new(lock.run_once(|| ready(1))).wait_for_its_turn();
    let mut waiting = Caller::new(lock.run_once(|| ready(2))).wait_with(PanickingDrop(Bomb));
    drop(leader);
    // It leads, and the lock drops the waker of its earlier poll.
    drop(catch_unwind(AssertUnwindSafe(|| waiting.poll())));
    assert!(!lock.is_running());
    drop(waiting);
    assert!(chosen.wakes() >= 1);
    assert!(matches!(chosen.poll(), Poll::Ready(Ok(_))));
    assert_works(lock);
}

#[test]
fn a_follower_whose_old_waker_panics_when_dropped_leaves_the_lock_once() {
    let lock = leaked();
    let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let chosen = Caller::new(lock.run_once(|| ready(1))).wait_for_its_turn();
    let mut waiting = Caller::new(lock.run_once(|| ready(2))).wait_with(PanickingDrop(Bomb));
    drop(leader);
    drop(catch_unwind(AssertUnwindSafe(|| waiting.poll())));
    // From now on each follower has a place of its own.
    lock.reset();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let mut newcomer = Caller::new(lock.run_once(|| ready(3))).wait_for_its_turn();
    drop((waiting, chosen));
    let mut others = [(); 3].map(|()| Caller::new(lock.run_once(|| ready(3))).wait_for_its_turn());
    assert_eq!(lock.waiters(), 4);
    gate.0.set(Some(4));
    assert_eq!(
        (leader.poll(), newcomer.poll()),
        (Poll::Ready(Ok(4)), Poll::Ready(Ok(4)))
    );
    assert!(
        others
            .iter_mut()
            .all(|other| other.wakes() == 1 && other.poll() == Poll::Ready(Ok(4)))
    );
    assert_works(lock);
}

#[test]
fn a_re_entering_follower_whose_old_waker_panics_when_dropped_leaves_the_lock_once() {
    let lock = leaked();
    let waiting: Rc<Cell<Option<Caller<u32>>>> = Rc::default();
    let slot = waiting.clone();
    let mut leader = Caller::new(lock.run_once(move || {
        poll_fn(move |_| match slot.take() {
            None => Poll::Pending,
            Some(mut waiting) => {
                // This poll is inside its own leader. The follower leaves the lock, and its old
                // waker is dropped.
                drop(catch_unwind(AssertUnwindSafe(|| waiting.poll())));
                assert_eq!(lock.waiters(), 0);
                drop(waiting);
                Poll::Ready(1)
            }
        })
    }))
    .wait_for_its_turn();
    waiting.set(Some(
        Caller::new(lock.run_once(|| ready(2))).wait_with(PanickingDrop(Bomb)),
    ));
    assert_eq!(leader.poll(), Poll::Ready(Ok(1)));
    assert_works(lock);
}

#[test]
fn a_follower_whose_waker_panics_when_dropped_may_replace_it_or_leave() {
    let lock = leaked();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let mut renews = Caller::new(lock.run_once(|| ready(0))).wait_with(PanickingDrop(Bomb));
    let leaves = Caller::new(lock.run_once(|| ready(0))).wait_with(PanickingDrop(Bomb));
    let mut stays = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
    drop(catch_unwind(AssertUnwindSafe(|| renews.poll())));
    drop(catch_unwind(AssertUnwindSafe(|| drop(leaves))));
    assert_eq!(lock.waiters(), 2);
    gate.0.set(Some(1));
    assert_eq!(leader.poll(), Poll::Ready(Ok(1)));
    assert_eq!((stays.wakes(), stays.poll()), (1, Poll::Ready(Ok(1))));
    assert_eq!((renews.wakes(), renews.poll()), (1, Poll::Ready(Ok(1))));
    assert_works(lock);
}
