//! `SmartLock::run_once` when leaders panic: in the closure, in the future, or in its destructor.

use crate::callers::{Bomb, Caller, Gate, assert_works, is_reentrant, leaked, ok};
use crate::support::{OnDrop, panic, panics, poll};
use smartasync::SmartLock;
use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

#[test]
fn a_panic_stays_in_the_leader_and_one_follower_takes_over() {
    let lock = leaked();
    let explode = Rc::new(Cell::new(false));
    let fuse = explode.clone();
    let mut leader = Caller::new(lock.run_once(|| {
        poll_fn(move |_| {
            if fuse.get() {
                panic!("leader")
            } else {
                Poll::Pending
            }
        })
    }))
    .wait_for_its_turn();
    let mut one = Caller::new(lock.run_once(|| ready(1))).wait_for_its_turn();
    let mut two = Caller::new(lock.run_once(|| ready(2))).wait_for_its_turn();
    explode.set(true);
    let payload = catch_unwind(AssertUnwindSafe(|| leader.poll())).unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"leader"));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 2));
    assert_eq!(one.wakes() + two.wakes(), 1);
    let (chosen, other) = if one.wakes() == 1 {
        (&mut one, &mut two)
    } else {
        (&mut two, &mut one)
    };
    let Poll::Ready(Ok(value)) = chosen.poll() else {
        panic!("the chosen follower leads")
    };
    assert_eq!(other.poll(), Poll::Ready(Ok(value)));
    drop(leader);
    assert_works(lock);
}

#[test]
fn a_closure_or_a_first_poll_that_panics_leaves_an_idle_lock() {
    let lock = leaked();
    let mut in_closure =
        Caller::new(lock.run_once(|| -> std::future::Ready<u32> { panic!("closure") }));
    assert!(panics(|| in_closure.poll()));
    let mut in_poll = Caller::new(lock.run_once(|| async { panic!("future") }));
    assert!(panics(|| in_poll.poll()));
    assert!(panics(|| lock
        .run_once(|| async { panic!("waited for") })
        .wait()));
    assert!(panics(|| in_poll.poll()), "the call has ended");
    drop((in_closure, in_poll));
    assert_works(lock);
}

#[test]
fn a_closure_that_panics_after_a_hand_over_hands_over_again() {
    let lock = leaked();
    let leader = Caller::new(lock.run_once(pending)).wait_for_its_turn();
    let mut one = Caller::new(lock.run_once(|| -> std::future::Ready<u32> { panic!("closure") }))
        .wait_for_its_turn();
    let mut two = Caller::new(lock.run_once(|| ready(2))).wait_for_its_turn();
    drop(leader);
    assert!(panics(|| one.poll()));
    assert_eq!((two.wakes(), two.poll()), (1, Poll::Ready(Ok(2))));
    assert_works(lock);
}

#[test]
fn the_future_of_a_leader_that_panics_is_dropped_before_another_caller_can_lead() {
    let lock = leaked();
    let (explode, at_drop) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(None)));
    let (fuse, seen) = (explode.clone(), at_drop.clone());
    let sees = OnDrop(move || {
        let Poll::Ready(inside) = poll(&mut Box::pin(lock.run_once(|| ready(7)))) else {
            panic!("the leader is not replaced yet")
        };
        seen.set(Some((lock.is_running(), is_reentrant(inside))));
    });
    let mut leader = Caller::new(lock.run_once(|| {
        poll_fn(move |_| {
            let _owned = &sees;
            if fuse.get() { panic() } else { Poll::Pending }
        })
    }))
    .wait_for_its_turn();
    let mut follower = Caller::new(lock.run_once(|| ready(1))).wait_for_its_turn();
    explode.set(true);
    assert!(panics(|| leader.poll()));
    assert_eq!(at_drop.get(), Some((true, true)));
    assert_eq!((follower.wakes(), follower.poll()), (1, ok(1)));
    assert_works(lock);
}

#[test]
fn a_leader_whose_destructor_panics_hands_over() {
    let lock = leaked();
    let bomb = Bomb;
    let leader = Caller::new(lock.run_once(|| async move {
        let _bomb = bomb;
        pending().await
    }))
    .wait_for_its_turn();
    let mut follower = Caller::new(lock.run_once(|| ready(1))).wait_for_its_turn();
    assert!(panics(|| drop(leader)));
    assert_eq!((follower.wakes(), follower.poll()), (1, Poll::Ready(Ok(1))));
    assert_works(lock);
}

#[test]
fn a_leader_that_panics_while_its_finished_future_is_dropped_hands_over() {
    let lock = leaked();
    let gate = Gate::new();
    let (bomb, inner) = (Bomb, gate.run());
    let mut leader = Caller::new(lock.run_once(|| {
        let mut inner = Box::pin(inner);
        poll_fn(move |cx| {
            let _captured = &bomb;
            inner.as_mut().poll(cx)
        })
    }))
    .wait_for_its_turn();
    let mut follower = Caller::new(lock.run_once(|| ready(1))).wait_for_its_turn();
    gate.0.set(Some(0));
    assert!(panics(|| leader.poll()));
    assert_eq!((follower.wakes(), follower.poll()), (1, Poll::Ready(Ok(1))));
    assert_works(lock);
}

#[test]
fn a_leader_that_panics_after_a_reset_does_not_affect_the_new_flight() {
    let lock = leaked();
    let (gate, fuse) = (Gate::new(), Rc::new(Cell::new(false)));
    let burning = fuse.clone();
    let mut old = Caller::new(lock.run_once(|| {
        poll_fn(move |_| {
            if burning.get() {
                panic!("old")
            } else {
                Poll::Pending
            }
        })
    }))
    .wait_for_its_turn();
    lock.reset();
    let mut new = gate.lead(lock);
    let mut follower = Caller::new(lock.run_once(|| ready(0))).wait_for_its_turn();
    fuse.set(true);
    assert!(panics(|| old.poll()));
    assert_eq!(
        (lock.is_running(), lock.waiters(), follower.wakes()),
        (true, 1, 0)
    );
    gate.0.set(Some(2));
    assert_eq!(
        (new.poll(), follower.poll()),
        (Poll::Ready(Ok(2)), Poll::Ready(Ok(2)))
    );
}

/// A value whose second clone panics. The first clone drops the follower that it is for.
struct Value {
    is_clone: bool,
    scene: Arc<Scene>,
}

#[derive(Default)]
struct Scene {
    clones: AtomicUsize,
    first_follower: Mutex<Option<Box<dyn Send>>>,
    next_leader: Count,
    wakes_at_the_drop_of_the_clone: Mutex<Option<usize>>,
}

#[derive(Default)]
struct Count(Arc<AtomicUsize>);

impl Clone for Value {
    fn clone(&self) -> Self {
        if self.scene.clones.fetch_add(1, Relaxed) == 1 {
            panic()
        }
        drop(self.scene.first_follower.lock().unwrap().take());
        Self {
            is_clone: true,
            scene: self.scene.clone(),
        }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if self.is_clone {
            let wakes = self.scene.next_leader.0.load(Relaxed);
            let seen = &self.scene.wakes_at_the_drop_of_the_clone;
            *seen.lock().unwrap() = Some(wakes);
        }
    }
}

struct CountsWakes(Arc<AtomicUsize>);

impl Wake for CountsWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn the_next_leader_is_woken_before_values_that_nobody_wants_are_dropped() {
    let lock: &'static SmartLock<Value> = Box::leak(Box::default());
    let (scene, gate) = (Arc::<Scene>::default(), Arc::new(AtomicBool::new(false)));
    let value = Value {
        is_clone: false,
        scene: scene.clone(),
    };
    let (mut value, is_open) = (Some(value), gate.clone());
    let mut leader = Box::pin(lock.run_once(|| {
        poll_fn(move |_| {
            if is_open.load(Relaxed) {
                Poll::Ready(value.take().unwrap())
            } else {
                Poll::Pending
            }
        })
    }));
    let follower = || Box::pin(lock.run_once(pending::<Value>));
    let (mut first, mut second) = (follower(), follower());
    assert!(poll(&mut leader).is_pending() && poll(&mut first).is_pending());
    let waker = Waker::from(Arc::new(CountsWakes(scene.next_leader.0.clone())));
    let mut cx = Context::from_waker(&waker);
    assert!(second.as_mut().poll(&mut cx).is_pending());
    *scene.first_follower.lock().unwrap() = Some(Box::new(first));
    gate.store(true, Relaxed);
    assert!(panics(|| drop(poll(&mut leader))));
    assert_eq!(
        scene.wakes_at_the_drop_of_the_clone.lock().unwrap().take(),
        Some(1)
    );
    assert_eq!(lock.waiters(), 1);
}
