//! `SmartLock::run_once` with values whose `Clone` and `Drop` panic or use the lock, and with
//! followers that are dropped while the leader clones the value.

use crate::callers::{Caller, Gate, leaked};
use crate::support::child::in_a_child;
use crate::support::{PanicsWhenWoken, panics};
use smartasync::{Cancelled, SmartLock};
use std::cell::{Cell, RefCell};
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

/// A value that calls a closure when it is cloned, and another when a clone of it is dropped.
struct Value {
    number: u32,
    on_clone: Rc<dyn Fn()>,
    on_drop: Option<Rc<dyn Fn()>>,
    is_clone: bool,
}

impl Value {
    fn new(number: u32) -> Self {
        Self {
            number,
            on_clone: Rc::new(|| {}),
            on_drop: None,
            is_clone: false,
        }
    }

    fn on_clone(mut self, f: impl Fn() + 'static) -> Self {
        self.on_clone = Rc::new(f);
        self
    }

    fn on_first_clone(self, f: impl FnOnce() + 'static) -> Self {
        let f = Cell::new(Some(f));
        self.on_clone(move || {
            if let Some(f) = f.take() {
                f();
            }
        })
    }

    fn on_drop_of_a_clone(mut self, f: impl Fn() + 'static) -> Self {
        self.on_drop = Some(Rc::new(f));
        self
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        (self.on_clone)();
        Self {
            number: self.number,
            on_clone: self.on_clone.clone(),
            on_drop: self.on_drop.clone(),
            is_clone: true,
        }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if let Some(on_drop) = self.on_drop.take().filter(|_| self.is_clone) {
            on_drop();
        }
    }
}

fn number(polled: Poll<Result<Value, Cancelled>>) -> Poll<Result<u32, Cancelled>> {
    polled.map_ok(|value| value.number)
}

fn followers<const N: usize>(lock: &'static SmartLock<Value>) -> [Caller<'static, Value>; N] {
    [(); N].map(|()| Caller::new(lock.run_once(|| ready(Value::new(1)))).wait_for_its_turn())
}

#[test]
fn after_a_clone_panics_one_of_the_followers_without_a_value_leads() {
    const FOLLOWERS: usize = 5;
    for served in 0..FOLLOWERS {
        let lock = leaked();
        let gate = Gate::new();
        let mut leader = gate.lead(lock);
        let mut waiting: [_; FOLLOWERS] = followers(lock);
        let clones = Cell::new(0);
        gate.0.set(Some(Value::new(0).on_clone(move || {
            assert!(clones.replace(clones.get() + 1) != served, "clone")
        })));
        assert!(panics(|| leader.poll()));
        assert_eq!(
            (lock.is_running(), lock.waiters()),
            (false, FOLLOWERS - served)
        );
        // The followers with a value are woken, and one more that is to lead.
        assert_eq!(waiting.iter().map(Caller::wakes).sum::<usize>(), served + 1);
        let mut values = [None; FOLLOWERS];
        for _ in 0..2 {
            // The second round polls the followers that the new leader served.
            for (value, follower) in values
                .iter_mut()
                .zip(&mut waiting)
                .filter(|(value, follower)| value.is_none() && follower.wakes() > 0)
            {
                let Poll::Ready(Ok(number)) = number(follower.poll()) else {
                    panic!("a woken follower gets a value or leads")
                };
                *value = Some(number);
            }
        }
        assert_eq!(
            values.iter().filter(|&&value| value == Some(0)).count(),
            served
        );
        assert_eq!(
            values.iter().filter(|&&value| value == Some(1)).count(),
            FOLLOWERS - served
        );
        assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
    }
}

#[test]
fn followers_without_a_value_after_a_panic_follow_a_leader_that_began_during_the_clone() {
    let lock = leaked();
    let (gate, new_gate) = (Gate::new(), Rc::new(Gate::new()));
    let mut leader = gate.lead(lock);
    let [mut one, mut two] = followers(lock);
    let new: Rc<Cell<Option<Caller<Value>>>> = Rc::default();
    let (slot, in_clone) = (new.clone(), new_gate.clone());
    gate.0.set(Some(Value::new(0).on_first_clone(move || {
        slot.set(Some(in_clone.lead(lock)));
        panic!("clone");
    })));
    assert!(panics(|| leader.poll()));
    assert_eq!(
        (lock.is_running(), lock.waiters(), one.wakes(), two.wakes()),
        (true, 2, 0, 0)
    );
    new_gate.0.set(Some(Value::new(3)));
    assert_eq!(number(new.take().unwrap().poll()), Poll::Ready(Ok(3)));
    assert_eq!(
        (number(one.poll()), number(two.poll())),
        (Poll::Ready(Ok(3)), Poll::Ready(Ok(3)))
    );
}

#[test]
fn followers_may_be_polled_while_the_leader_clones() {
    let lock = leaked();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let [due, mut other] = followers(lock);
    let due = Rc::new(RefCell::new(due));
    let in_clone = due.clone();
    gate.0.set(Some(Value::new(0).on_first_clone(move || {
        // It is polled with a new waker, and that waker has to be woken.
        let mut due = in_clone.borrow_mut();
        due.woken = Arc::default();
        assert!(due.poll().is_pending());
        assert_eq!((lock.is_running(), due.wakes()), (false, 0));
    })));
    assert_eq!(number(leader.poll()), Poll::Ready(Ok(0)));
    assert_eq!((due.borrow().wakes(), other.wakes()), (1, 1));
    assert_eq!(
        (number(due.borrow_mut().poll()), number(other.poll())),
        (Poll::Ready(Ok(0)), Poll::Ready(Ok(0)))
    );
}

#[test]
fn followers_that_leave_and_join_while_the_leader_clones_are_not_mixed_up() {
    for clone_panics in [false, true] {
        let lock = leaked();
        let gate = Gate::new();
        let mut leader = gate.lead(lock);
        let [mut stay, one, two] = followers(lock);
        let joined: Rc<RefCell<Vec<Caller<Value>>>> = Rc::default();
        let newcomers = joined.clone();
        gate.0.set(Some(Value::new(0).on_first_clone(move || {
            drop((one, two));
            // The newcomers must not take the places of the followers that left, because the old
            // leader still serves these places.
            let mut newcomers = newcomers.borrow_mut();
            newcomers.push(Caller::new(lock.run_once(pending)).wait_for_its_turn());
            newcomers.extend(followers::<3>(lock));
            assert!(!clone_panics, "clone");
        })));
        assert_eq!(panics(|| leader.poll()), clone_panics);
        let mut joined = joined.take();
        assert_eq!(
            (lock.is_running(), lock.waiters()),
            (true, 3 + usize::from(clone_panics))
        );
        assert!(
            joined
                .iter_mut()
                .all(|newcomer| newcomer.poll().is_pending())
        );
        assert_eq!(stay.poll().is_ready(), !clone_panics);
        drop(joined.remove(0));
        assert!(
            joined
                .iter_mut()
                .all(|newcomer| number(newcomer.poll()) == Poll::Ready(Ok(1)))
        );
        drop(stay);
        assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
    }
}

#[test]
fn a_reset_while_the_leader_clones_does_not_cancel_a_follower_that_gets_its_value() {
    let lock = leaked();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let [mut follower] = followers(lock);
    gate.0
        .set(Some(Value::new(0).on_first_clone(|| lock.reset())));
    assert_eq!(number(leader.poll()), Poll::Ready(Ok(0)));
    assert_eq!(
        (follower.wakes(), number(follower.poll())),
        (1, Poll::Ready(Ok(0)))
    );
}

#[test]
fn a_reset_while_the_leader_clones_cancels_a_follower_whose_clone_panics_afterwards() {
    let lock = leaked();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let [mut follower] = followers(lock);
    gate.0.set(Some(Value::new(0).on_first_clone(|| {
        lock.reset();
        panic!("clone");
    })));
    assert!(panics(|| leader.poll()));
    assert_eq!(
        (lock.is_running(), lock.waiters(), follower.wakes()),
        (false, 0, 1)
    );
    assert!(matches!(follower.poll(), Poll::Ready(Err(cancelled)) if !cancelled.is_reentrant()));
}

#[test]
fn clones_and_drops_may_use_the_lock() {
    let lock = leaked();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let [mut one, two, three] = followers(lock);
    let uses = Rc::new(Cell::new(0));
    let (in_clone, in_drop) = (uses.clone(), uses.clone());
    let leaving = Cell::new(Some(three));
    let value = Value::new(0)
        .on_clone(move || {
            drop(leaving.take());
            in_clone.set(in_clone.get() + 1);
            assert_eq!(
                number(Caller::new(lock.run_once(|| ready(Value::new(7)))).poll()),
                Poll::Ready(Ok(7))
            );
            lock.reset();
        })
        .on_drop_of_a_clone(move || {
            in_drop.set(in_drop.get() + 10);
            assert_eq!(
                number(Caller::new(lock.run_once(|| ready(Value::new(8)))).poll()),
                Poll::Ready(Ok(8))
            );
            assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
        });
    gate.0.set(Some(value));
    assert_eq!(number(leader.poll()), Poll::Ready(Ok(0)));
    assert_eq!(uses.get(), 3 + 10, "the third follower has left");
    drop(two);
    assert_eq!(uses.get(), 3 + 20);
    assert_eq!(number(one.poll()), Poll::Ready(Ok(0)));
    assert_eq!(uses.get(), 3 + 30);
}

#[test]
fn a_delivered_value_whose_drop_panics_panics_in_its_follower() {
    let lock = leaked();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let [one, mut two] = followers(lock);
    let dropped = Cell::new(false);
    gate.0.set(Some(Value::new(0).on_drop_of_a_clone(move || {
        assert!(dropped.replace(true), "drop")
    })));
    assert_eq!(number(leader.poll()), Poll::Ready(Ok(0)));
    assert!(panics(|| drop(one)));
    assert_eq!(number(two.poll()), Poll::Ready(Ok(0)));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

#[test]
fn values_of_followers_that_left_do_not_abort_when_their_drops_panic() {
    in_a_child(|| {
        let lock = leaked();
        let gate = Gate::new();
        let mut leader = gate.lead(lock);
        let [one, two, mut stay] = followers(lock);
        let drops = Cell::new(0);
        let value = Value::new(0)
            .on_first_clone(move || drop((one, two)))
            .on_drop_of_a_clone(move || assert!(drops.replace(drops.get() + 1) >= 2, "drop"));
        gate.0.set(Some(value));
        drop(catch_unwind(AssertUnwindSafe(|| leader.poll())));
        assert_eq!((stay.wakes(), number(stay.poll())), (1, Poll::Ready(Ok(0))));
        assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
    });
}

#[test]
fn a_value_of_a_follower_that_left_does_not_abort_when_its_drop_panics_while_a_clone_unwinds() {
    in_a_child(|| {
        let lock = leaked();
        let gate = Gate::new();
        let mut leader = gate.lead(lock);
        let [one, mut two] = followers(lock);
        let (clones, leaving) = (Cell::new(0), Cell::new(Some(one)));
        let value = Value::new(0)
            .on_clone(move || {
                if clones.replace(clones.get() + 1) == 1 {
                    drop(leaving.take());
                    panic!("clone");
                }
            })
            .on_drop_of_a_clone(|| panic!("drop"));
        gate.0.set(Some(value));
        let payload = catch_unwind(AssertUnwindSafe(|| leader.poll()))
            .map(number)
            .unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"clone"));
        assert_eq!((two.wakes(), number(two.poll())), (1, Poll::Ready(Ok(1))));
    });
}

#[test]
fn a_waker_that_panics_while_a_clone_unwinds_does_not_abort() {
    in_a_child(|| {
        let lock = leaked();
        let gate = Gate::new();
        let mut leader = gate.lead(lock);
        let mut panicking = Caller::new(lock.run_once(|| ready(Value::new(1))));
        assert!(
            panicking
                .poll_with(&Waker::from(Arc::new(PanicsWhenWoken)))
                .is_pending()
        );
        let [mut other] = followers(lock);
        gate.0
            .set(Some(Value::new(0).on_first_clone(|| panic!("clone"))));
        let payload = catch_unwind(AssertUnwindSafe(|| leader.poll()))
            .map(number)
            .unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"clone"));
        drop(panicking);
        assert_eq!(
            (other.wakes(), number(other.poll())),
            (1, Poll::Ready(Ok(1)))
        );
    });
}

#[test]
fn a_delivery_wakes_no_second_follower_to_lead() {
    let lock = leaked();
    let gate = Gate::new();
    let mut leader = gate.lead(lock);
    let [mut due] = followers(lock);
    let joined: Rc<Cell<Option<[Caller<Value>; 2]>>> = Rc::default();
    let slot = joined.clone();
    gate.0.set(Some(Value::new(0).on_first_clone(move || {
        let newcomer = Caller::new(lock.run_once(pending)).wait_for_its_turn();
        slot.set(Some(followers(lock)));
        drop(newcomer);
    })));
    assert_eq!(number(leader.poll()), Poll::Ready(Ok(0)));
    let [mut chosen, mut other] = joined.take().unwrap();
    assert_eq!((due.wakes(), chosen.wakes(), other.wakes()), (1, 1, 0));
    assert_eq!(number(due.poll()), Poll::Ready(Ok(0)));
    assert_eq!(number(chosen.poll()), Poll::Ready(Ok(1)));
    assert_eq!(
        (other.wakes(), number(other.poll())),
        (1, Poll::Ready(Ok(1)))
    );
}
