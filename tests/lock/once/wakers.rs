//! `SmartLock::run_once` with wakers that panic, when they are woken or when they are dropped.
//! Nobody hangs, nothing aborts.

use crate::callers::{Bomb, Caller, Gate, assert_works, leaked};
use crate::support::child::in_a_child;
use crate::support::{PanicsWhenWoken as Angry, panics};
use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Wake};

/// A waker whose drop panics.
struct Mined(Bomb);

impl Wake for Mined {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_waker_that_panics_keeps_no_value_from_the_followers() {
    let lock = leaked();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let mut before = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
    let mut angry = Caller::new(lock.run_once(|| ready(0))).wait_with(Angry);
    let mut after = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
    gate.0.set(Some(1));
    drop(catch_unwind(AssertUnwindSafe(|| leader.poll())));
    assert_eq!((before.wakes(), after.wakes()), (1, 1));
    for follower in [&mut before, &mut angry, &mut after] {
        assert_eq!(follower.poll(), Poll::Ready(Ok(1)));
    }
    assert_works(lock);
}

#[test]
fn a_waker_that_panics_keeps_no_reset_from_the_followers() {
    let lock = leaked();
    let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let mut before = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
    let mut angry = Caller::new(lock.run_once(|| ready(0))).wait_with(Angry);
    let mut after = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
    drop(catch_unwind(AssertUnwindSafe(|| lock.reset())));
    assert_eq!((before.wakes(), after.wakes()), (1, 1));
    for follower in [&mut before, &mut angry, &mut after] {
        assert!(matches!(follower.poll(), Poll::Ready(Err(_))));
    }
    drop(leader);
    assert_works(lock);
}

/// Panics with a payload that panics when it is dropped.
struct Furious;

impl Wake for Furious {
    fn wake(self: Arc<Self>) {
        panic_any(Bomb);
    }
}

#[test]
fn wakers_that_panic_with_payloads_that_panic_keep_nothing_from_the_followers() {
    in_a_child(|| {
        let lock = leaked();
        let gate = Gate::new();
        let mut leader = gate.lead(lock);
        let furious = [(); 3].map(|()| Caller::new(lock.run_once(|| ready(0))).wait_with(Furious));
        let mut after = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
        gate.0.set(Some(1));
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| leader.poll())) {
            assert!(panics(|| drop(payload)));
        }
        assert_eq!((after.wakes(), after.poll()), (1, Poll::Ready(Ok(1))));
        drop(furious);
        assert_works(lock);
    });
}

#[test]
fn where_the_chosen_followers_waker_panics_another_is_woken() {
    let lock = leaked();
    let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let angry = [(); 3].map(|()| Caller::new(lock.run_once(|| ready(0))).wait_with(Angry));
    let mut calm = Caller::new(lock.run_once(|| ready(1))).wait_for_its_turn();
    drop(catch_unwind(AssertUnwindSafe(|| drop(leader))));
    assert_eq!((calm.wakes(), calm.poll()), (1, Poll::Ready(Ok(1))));
    for mut follower in angry {
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
        let angry = Caller::new(lock.run_once(|| ready(0))).wait_with(Angry);
        fuse.set(true);
        let payload = catch_unwind(AssertUnwindSafe(|| leader.poll())).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"leader"));
        drop(angry);
        assert_works(lock);
    });
}

#[test]
fn a_waker_that_panics_while_its_leaders_destructor_unwinds_does_not_abort() {
    in_a_child(|| {
        let lock = leaked();
        let bomb = Bomb;
        let leader = Caller::new(lock.run_once(|| async move {
            let _bomb = bomb;
            pending().await
        }))
        .wait_for_its_turn();
        let angry = Caller::new(lock.run_once(|| ready(0))).wait_with(Angry);
        assert!(panics(|| drop(leader)));
        drop(angry);
        assert_works(lock);
    });
}

#[test]
fn a_waker_that_panics_while_a_task_with_a_leader_or_a_chosen_follower_unwinds_does_not_abort() {
    in_a_child(|| {
        let lock = leaked();
        let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
        let angry = Caller::new(lock.run_once(|| ready(0))).wait_with(Angry);
        assert!(panics(move || {
            let _local = leader;
            panic!("task with a leader");
        }));
        drop(angry);
        assert_works(lock);

        let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
        let chosen = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
        let angry = Caller::new(lock.run_once(|| ready(0))).wait_with(Angry);
        drop(leader);
        assert_eq!(chosen.wakes(), 1);
        assert!(panics(move || {
            let _local = chosen;
            panic!("task with a follower");
        }));
        drop(angry);
        assert_works(lock);
    });
}

// Wakers that panic when they are dropped.

#[test]
fn a_stale_waker_whose_drop_panics_does_not_leave_a_leader_that_is_none() {
    let lock = leaked();
    let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let mut chosen = Caller::new(lock.run_once(|| ready(1))).wait_for_its_turn();
    let mut mined = Caller::new(lock.run_once(|| ready(2))).wait_with(Mined(Bomb));
    drop(leader);
    // It takes the lead, and drops the waker that it had left in its seat.
    drop(catch_unwind(AssertUnwindSafe(|| mined.poll())));
    assert!(!lock.is_running());
    drop(mined);
    assert!(chosen.wakes() >= 1);
    assert!(matches!(chosen.poll(), Poll::Ready(Ok(_))));
    assert_works(lock);
}

#[test]
fn a_stale_waker_whose_drop_panics_frees_its_seat_once() {
    let lock = leaked();
    let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let chosen = Caller::new(lock.run_once(|| ready(1))).wait_for_its_turn();
    let mut mined = Caller::new(lock.run_once(|| ready(2))).wait_with(Mined(Bomb));
    drop(leader);
    drop(catch_unwind(AssertUnwindSafe(|| mined.poll())));
    // Whoever leads from now on, each of these has a seat of its own.
    lock.reset();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let mut newcomer = Caller::new(lock.run_once(|| ready(3))).wait_for_its_turn();
    drop((mined, chosen));
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
fn a_stale_waker_whose_drop_panics_in_a_re_entry_frees_its_seat_once() {
    let lock = leaked();
    let mined: Rc<Cell<Option<Caller<u32>>>> = Rc::default();
    let slot = mined.clone();
    let mut leader = Caller::new(lock.run_once(move || {
        poll_fn(move |_| match slot.take() {
            None => Poll::Pending,
            Some(mut mined) => {
                // It is polled from inside its own leader: its seat is freed, and its old waker
                // dropped.
                drop(catch_unwind(AssertUnwindSafe(|| mined.poll())));
                assert_eq!(lock.waiters(), 0);
                drop(mined);
                Poll::Ready(1)
            }
        })
    }))
    .wait_for_its_turn();
    mined.set(Some(
        Caller::new(lock.run_once(|| ready(2))).wait_with(Mined(Bomb)),
    ));
    assert_eq!(leader.poll(), Poll::Ready(Ok(1)));
    assert_works(lock);
}

#[test]
fn a_waker_whose_drop_panics_disturbs_nobody_when_its_follower_renews_it_or_leaves() {
    let lock = leaked();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let mut renews = Caller::new(lock.run_once(|| ready(0))).wait_with(Mined(Bomb));
    let leaves = Caller::new(lock.run_once(|| ready(0))).wait_with(Mined(Bomb));
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
