//! `SmartLock::run_once` from inside its own leader, which is an error and never a deadlock. Also
//! cases that look similar and are no error, and wakers that use the lock.

use crate::callers::{assert_idle, is_reentrant};
use crate::support::{OnDrop, poll};
use smartasync::{Cancelled, SmartLock, allow_blocking, block_on, forbid_blocking};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn, ready};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

#[test]
fn a_call_that_is_awaited_inside_its_own_leader_ends_with_an_error() {
    let lock = SmartLock::new();
    let outer = lock.run_once(|| async {
        let inner = lock
            .run_once(|| async { unreachable!("this call never leads") })
            .await;
        let error = inner.unwrap_err();
        assert!(error.is_reentrant());
        assert_eq!((lock.is_running(), lock.waiters()), (true, 0));
        error.to_string()
    });
    assert_eq!(
        outer.wait().as_deref(),
        Ok("the call came from inside the run that it would have waited for")
    );
    assert_idle(&lock);
}

#[test]
fn a_call_that_is_awaited_deep_inside_or_late_in_its_own_leader_ends_with_an_error() {
    async fn deeper(lock: &SmartLock<bool>, depth: u32) -> bool {
        futures_lite::future::yield_now().await;
        match depth {
            0 => is_reentrant(lock.run_once(|| ready(false)).await),
            _ => Box::pin(deeper(lock, depth - 1)).await,
        }
    }
    let lock = SmartLock::new();
    assert_eq!(lock.run_once(|| deeper(&lock, 10)).wait(), Ok(true));
    assert_eq!(block_on(lock.run_once(|| deeper(&lock, 10))), Ok(true));
    assert_eq!(
        pollster::block_on(lock.run_once(|| deeper(&lock, 10))),
        Ok(true)
    );
    assert_idle(&lock);
}

#[test]
fn a_call_that_is_waited_for_inside_its_own_leader_ends_with_an_error() {
    let lock = SmartLock::new();
    let inner = || allow_blocking(|| is_reentrant(lock.run_once(|| ready(false)).wait()));
    assert_eq!(
        lock.run_once(|| async { inner() }).wait(),
        Ok(true),
        "in the future"
    );
    let from_closure = lock.run_once(|| {
        let answer = inner();
        ready(answer)
    });
    assert_eq!(from_closure.wait(), Ok(true), "in the closure");
    assert_idle(&lock);
}

#[test]
fn a_call_from_the_destructor_of_its_own_leaders_future_ends_with_an_error() {
    let lock = SmartLock::new();
    let answers = RefCell::new(Vec::new());
    let on_drop = || {
        OnDrop(|| {
            answers.borrow_mut().push(allow_blocking(|| {
                is_reentrant(lock.run_once(|| ready(0)).wait())
            }))
        })
    };

    let mut dropped = Box::pin(lock.run_once(|| {
        let local = on_drop();
        async move {
            let _local = local;
            pending().await
        }
    }));
    assert!(poll(&mut dropped).is_pending());
    drop(dropped);
    assert_eq!(*answers.borrow(), [true], "of a leader that is dropped");
    assert_idle(&lock);

    // A closure keeps what it captured until it is dropped, unlike an async block.
    let done = lock.run_once(|| {
        let captured = on_drop();
        poll_fn(move |_| {
            let _captured = &captured;
            Poll::Ready(1)
        })
    });
    assert_eq!(done.wait(), Ok(1));
    assert_eq!(*answers.borrow(), [true, true], "of a leader that is done");
    assert_idle(&lock);
}

#[test]
fn a_destructor_on_another_thread_gets_the_error_too() {
    let lock = SmartLock::new();
    let reentrant = Mutex::new(None);
    let mut leader = Box::pin(lock.run_once(|| {
        let local = OnDrop(|| {
            *reentrant.lock().unwrap() = Some(is_reentrant(forbid_blocking(|| {
                pollster::block_on(lock.run_once(|| ready(0)))
            })))
        });
        async move {
            let _local = local;
            pending().await
        }
    }));
    assert!(poll(&mut leader).is_pending());
    thread::scope(|scope| scope.spawn(|| drop(leader)).join().unwrap());
    assert_eq!(*reentrant.lock().unwrap(), Some(true));
    assert_idle(&lock);
}

#[test]
fn a_re_entry_does_not_affect_the_leader_and_its_followers() {
    let lock = SmartLock::new();
    let proceed = Cell::new(false);
    let mut leader = Box::pin(lock.run_once(|| async {
        assert!(is_reentrant(lock.run_once(|| ready(0)).await));
        poll_fn(|_| {
            assert!(is_reentrant(allow_blocking(|| lock
                .run_once(|| ready(0))
                .wait())));
            if proceed.get() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        1
    }));
    let mut follower = Box::pin(lock.run_once(|| ready(2)));
    assert!(poll(&mut leader).is_pending() && poll(&mut follower).is_pending());
    assert_eq!((lock.is_running(), lock.waiters()), (true, 1));
    proceed.set(true);
    assert_eq!(
        (poll(&mut leader), poll(&mut follower)),
        (Poll::Ready(Ok(1)), Poll::Ready(Ok(1)))
    );
}

#[test]
fn a_follower_that_is_polled_inside_its_own_leader_ends_with_an_error() {
    type Slot<'a> = RefCell<Option<Pin<Box<dyn Future<Output = Result<u32, Cancelled>> + 'a>>>>;
    let lock = SmartLock::new();
    let slot: Slot<'_> = RefCell::new(None);
    let mut leader = Box::pin(lock.run_once(|| {
        poll_fn(|cx| {
            let Some(mut follower) = slot.borrow_mut().take() else {
                return Poll::Pending;
            };
            let Poll::Ready(answer) = follower.as_mut().poll(cx) else {
                panic!("the follower waits for itself")
            };
            assert!(is_reentrant(answer));
            assert_eq!(lock.waiters(), 1);
            Poll::Ready(1)
        })
    }));
    let mut other = Box::pin(lock.run_once(|| ready(2)));
    assert!(poll(&mut leader).is_pending() && poll(&mut other).is_pending());
    let mut follower = Box::pin(lock.run_once(|| ready(3)));
    assert!(poll(&mut follower).is_pending());
    *slot.borrow_mut() = Some(follower);
    assert_eq!(
        (poll(&mut leader), poll(&mut other)),
        (Poll::Ready(Ok(1)), Poll::Ready(Ok(1)))
    );
    assert_idle(&lock);
}

#[test]
fn a_call_while_the_leader_is_suspended_is_no_re_entry() {
    let lock = SmartLock::new();
    let proceed = Cell::new(false);
    let mut leader = Box::pin(lock.run_once(|| {
        poll_fn(|_| {
            if proceed.get() {
                Poll::Ready(1)
            } else {
                Poll::Pending
            }
        })
    }));
    for _ in 0..2 {
        assert!(poll(&mut leader).is_pending());
        let mut follower = Box::pin(lock.run_once(|| ready(2)));
        assert!(poll(&mut follower).is_pending());
    }
    let mut follower = Box::pin(lock.run_once(|| ready(2)));
    assert!(poll(&mut follower).is_pending());
    proceed.set(true);
    assert_eq!(
        (poll(&mut leader), poll(&mut follower)),
        (Poll::Ready(Ok(1)), Poll::Ready(Ok(1)))
    );
}

#[test]
fn a_call_after_a_leader_panicked_is_no_re_entry() {
    let lock = SmartLock::new();
    let panicked = thread::scope(|scope| {
        scope
            .spawn(|| lock.run_once(|| async { panic!("leader") }).wait())
            .join()
    });
    assert!(panicked.is_err());
    // The new thread may get the number of the one that panicked.
    thread::scope(|scope| {
        assert_eq!(
            scope
                .spawn(|| lock.run_once(|| ready(1)).wait())
                .join()
                .unwrap(),
            Ok(1)
        )
    });
}

#[test]
fn a_call_while_another_thread_polls_the_leader_is_no_re_entry() {
    let lock = SmartLock::new();
    let (inside, proceed) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
    let first_poll = AtomicUsize::new(0);
    let mut leader = Box::pin(lock.run_once(|| {
        poll_fn(|_| {
            if first_poll.fetch_add(1, Ordering::Relaxed) == 0 {
                return Poll::Pending;
            }
            inside.wait();
            proceed.wait();
            Poll::Ready(1)
        })
    }));
    assert!(poll(&mut leader).is_pending());
    thread::scope(|scope| {
        let other = scope.spawn(|| poll(&mut leader));
        inside.wait();
        // The other thread polls the leader now. This thread polled it before, and follows.
        let mut follower = Box::pin(lock.run_once(|| ready(2)));
        assert!(poll(&mut follower).is_pending());
        proceed.wait();
        assert_eq!(other.join().unwrap(), Poll::Ready(Ok(1)));
        assert_eq!(poll(&mut follower), Poll::Ready(Ok(1)));
    });
}

#[test]
fn a_leader_may_reset_its_lock_and_start_a_new_flight() {
    let lock = SmartLock::new();
    let outer = lock.run_once(|| async {
        lock.reset();
        assert_idle(&lock);
        let inner = lock.run_once(|| async {
            assert!(
                is_reentrant(lock.run_once(|| ready(0)).await),
                "the inner one is a leader like any other"
            );
            1
        });
        inner.await.unwrap() + allow_blocking(|| lock.run_once(|| ready(10)).wait()).unwrap()
    });
    assert_eq!(outer.wait(), Ok(11));
    assert_idle(&lock);
}

#[test]
fn a_leader_may_call_another_lock() {
    let (one, two) = (SmartLock::new(), SmartLock::new());
    let outer = one.run_once(|| async {
        let inner = two.run_once(|| async { is_reentrant(one.run_once(|| ready(false)).await) });
        let second = two.run_once(|| ready(true)).await == Ok(true);
        inner.await == Ok(true) && second
    });
    assert_eq!(outer.wait(), Ok(true));
}

#[test]
fn the_error_says_whether_it_was_a_re_entry_or_a_reset() {
    let lock = SmartLock::new();
    let mut leader = Box::pin(
        lock.run_once(|| async { lock.run_once(pending::<Cancelled>).await.unwrap_err() }),
    );
    let Poll::Ready(Ok(reentry)) = poll(&mut leader) else {
        panic!("the call ends at once")
    };
    let mut leader = Box::pin(lock.run_once(pending));
    let mut follower = Box::pin(lock.run_once(pending));
    assert!(poll(&mut leader).is_pending() && poll(&mut follower).is_pending());
    lock.reset();
    let Poll::Ready(Err(reset)) = poll(&mut follower) else {
        panic!("the follower is cancelled")
    };
    assert_eq!(
        (reentry.is_reentrant(), reset.is_reentrant()),
        (true, false)
    );
    assert_ne!(reentry.to_string(), reset.to_string());
    assert!(reset.to_string().contains("reset"));
    assert_ne!(reentry, reset);
    let _as_error: &dyn std::error::Error = &reset;
}

// Wakers that use the lock.

/// A waker that uses a lock when it is woken and when it is dropped.
struct Busy {
    lock: &'static SmartLock<u32>,
    woken: AtomicUsize,
    dropped: Arc<AtomicUsize>,
}

impl Busy {
    fn use_lock(&self) {
        let mut call = pin!(self.lock.run_once(|| ready(7)));
        let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(
            polled.is_pending()
                || polled == Poll::Ready(Ok(7))
                || matches!(polled, Poll::Ready(Err(_)))
        );
        // The state depends on where the waker is used, so only a bound is asserted.
        assert!(self.lock.waiters() < 100 && format!("{:?}", self.lock).contains("running"));
    }
}

impl Wake for Busy {
    fn wake(self: Arc<Self>) {
        self.woken.fetch_add(1, Ordering::Relaxed);
        self.use_lock();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        self.use_lock();
    }
}

#[test]
fn wakers_may_use_the_lock_when_they_are_woken_or_dropped() {
    let lock: &'static SmartLock<u32> = Box::leak(Box::default());
    let dropped = Arc::new(AtomicUsize::new(0));
    // The lock gets the only reference to the waker.
    let busy_poll = |call: &mut Pin<Box<dyn Future<Output = Result<u32, Cancelled>>>>| {
        let waker = Waker::from(Arc::new(Busy {
            lock,
            woken: AtomicUsize::new(0),
            dropped: dropped.clone(),
        }));
        call.as_mut().poll(&mut Context::from_waker(&waker))
    };
    let value = Rc::new(Cell::new(None));
    let lead = || -> Pin<Box<dyn Future<Output = Result<u32, Cancelled>>>> {
        let value = value.clone();
        Box::pin(
            lock.run_once(|| poll_fn(move |_| value.take().map_or(Poll::Pending, Poll::Ready))),
        )
    };
    let drops = || dropped.load(Ordering::Relaxed);

    // The lock does not keep the leader's waker.
    let (mut leader, mut one, mut two) = (lead(), lead(), lead());
    assert!(busy_poll(&mut leader).is_pending());
    assert_eq!(drops(), 1);
    assert!(busy_poll(&mut one).is_pending() && busy_poll(&mut two).is_pending());
    assert_eq!(drops(), 1);
    assert!(busy_poll(&mut one).is_pending());
    assert_eq!(drops(), 2, "a stale waker");
    value.set(Some(1));
    assert_eq!(busy_poll(&mut leader), Poll::Ready(Ok(1)));
    assert_eq!(drops(), 5, "two woken wakers, and the leader's");
    assert_eq!(
        (poll(&mut one), poll(&mut two)),
        (Poll::Ready(Ok(1)), Poll::Ready(Ok(1)))
    );

    let (mut leader, mut one, two) = (lead(), lead(), lead());
    assert!(busy_poll(&mut leader).is_pending() && busy_poll(&mut one).is_pending());
    let mut leaving = two;
    assert!(busy_poll(&mut leaving).is_pending());
    drop(leaving);
    assert_eq!(drops(), 7, "the leader's, and the dropped follower's");
    drop(leader);
    assert_eq!(drops(), 8, "the waker of the chosen follower");
    // The call in that waker led a flight and served this follower.
    assert_eq!(poll(&mut one), Poll::Ready(Ok(7)));

    let (mut leader, mut one) = (lead(), lead());
    assert!(busy_poll(&mut leader).is_pending() && busy_poll(&mut one).is_pending());
    lock.reset();
    assert_eq!(drops(), 10, "the leader's, and the cancelled follower's");
    assert!(matches!(poll(&mut one), Poll::Ready(Err(_))));
    drop(leader);
    assert_idle(lock);
}
