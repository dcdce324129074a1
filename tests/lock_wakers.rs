//! `SmartLock::run_once` with wakers that panic, when they are woken or when they are dropped. Nobody hangs, nothing aborts.

use smartasync::{Cancelled, SmartLock};
use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::Pin;
use std::process::Command;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::{env, thread};

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A waker that panics when it is woken.
struct Angry;

impl Wake for Angry {
    fn wake(self: Arc<Self>) {
        panic!("waker");
    }
}

/// Panics when it is dropped, unless its thread panics already.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic!("drop");
        }
    }
}

/// A waker whose drop panics.
struct Mined(Bomb);

impl Wake for Mined {
    fn wake(self: Arc<Self>) {}
}

struct Caller<T> {
    call: Pin<Box<dyn Future<Output = Result<T, Cancelled>>>>,
    woken: Arc<Count>,
}

impl<T> Caller<T> {
    fn new(call: impl Future<Output = Result<T, Cancelled>> + 'static) -> Self {
        Self { call: Box::pin(call), woken: Arc::default() }
    }

    fn poll(&mut self) -> Poll<Result<T, Cancelled>> {
        let waker = Waker::from(self.woken.clone());
        self.poll_with(&waker)
    }

    fn poll_with(&mut self, waker: &Waker) -> Poll<Result<T, Cancelled>> {
        self.call.as_mut().poll(&mut Context::from_waker(waker))
    }

    /// Polls once; the call has to wait.
    fn wait_for_its_turn(mut self) -> Self {
        assert!(self.poll().is_pending());
        self
    }

    /// Polls once, and leaves the only reference to `waker` behind.
    fn wait_with(mut self, waker: impl Wake + Send + Sync + 'static) -> Self {
        let waker = Waker::from(Arc::new(waker));
        assert!(self.poll_with(&waker).is_pending());
        // Not its last reference, so nothing blows up here.
        drop(waker);
        self
    }

    fn wakes(&self) -> usize {
        self.woken.0.load(Ordering::Relaxed)
    }
}

/// A lock for ever, so that hooks in its values may use it.
fn leaked<T>() -> &'static SmartLock<T> {
    Box::leak(Box::default())
}

/// Suspends its leader until it has a value.
struct Gate<T>(Rc<Cell<Option<T>>>);

impl<T: Clone + 'static> Gate<T> {
    fn new() -> Self {
        Self(Rc::default())
    }

    fn run(&self) -> impl Future<Output = T> + use<T> {
        let value = self.0.clone();
        poll_fn(move |_| value.take().map_or(Poll::Pending, Poll::Ready))
    }

    /// A caller that leads, if nobody does.
    fn lead(&self, lock: &'static SmartLock<T>) -> Caller<T> {
        let run = self.run();
        Caller::new(lock.run_once(|| run)).wait_for_its_turn()
    }
}

fn panics<T>(f: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

/// Runs `scenario` in a child process: where it fails, it aborts.
fn in_a_child(test: &str, scenario: impl FnOnce()) {
    const CHILD: &str = "SMARTASYNC_LOCK_PANICS_CHILD";
    if env::var_os(CHILD).is_some() {
        return scenario();
    }
    let output = Command::new(env::current_exe().unwrap()).args([test, "--exact", "--nocapture"]).env(CHILD, "1").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Nobody is left on the lock, and it works.
fn assert_works(lock: &SmartLock<u32>) {
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
    assert_eq!(lock.run_once(|| ready(9)).wait(), Ok(9));
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
    in_a_child("wakers_that_panic_with_payloads_that_panic_keep_nothing_from_the_followers", || {
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
    in_a_child("a_waker_that_panics_while_its_leader_unwinds_does_not_abort", || {
        let lock = leaked();
        let fuse = Rc::new(Cell::new(false));
        let burning = fuse.clone();
        let mut leader =
            Caller::new(lock.run_once(|| poll_fn(move |_| if burning.get() { panic!("leader") } else { Poll::Pending }))).wait_for_its_turn();
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
    in_a_child("a_waker_that_panics_while_its_leaders_destructor_unwinds_does_not_abort", || {
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
    in_a_child("a_waker_that_panics_while_a_task_with_a_leader_or_a_chosen_follower_unwinds_does_not_abort", || {
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
    assert_eq!((leader.poll(), newcomer.poll()), (Poll::Ready(Ok(4)), Poll::Ready(Ok(4))));
    assert!(others.iter_mut().all(|other| other.wakes() == 1 && other.poll() == Poll::Ready(Ok(4))));
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
                // It is polled from inside its own leader: its seat is freed, and its old waker dropped.
                drop(catch_unwind(AssertUnwindSafe(|| mined.poll())));
                assert_eq!(lock.waiters(), 0);
                drop(mined);
                Poll::Ready(1)
            }
        })
    }))
    .wait_for_its_turn();
    mined.set(Some(Caller::new(lock.run_once(|| ready(2))).wait_with(Mined(Bomb))));
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
