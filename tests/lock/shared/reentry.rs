//! `SmartLock::run_shared` from inside a poll of its own future, which is an error and never a
//! deadlock. Also cases that look similar and are no error.

use crate::callers::{assert_idle, is_reentrant, leaked};
use crate::support::{OnDrop, poll};
use smartasync::{Cancelled, SmartLock, allow_blocking};
use std::future::{pending, poll_fn, ready};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Poll, Waker};
use std::thread;

type Boxed<T> = Pin<Box<dyn Future<Output = Result<T, Cancelled>> + Send>>;

/// Whether awaited calls of both functions are re-entries.
async fn both_are_reentrant(lock: &SmartLock<bool>) -> bool {
    let shared = is_reentrant(lock.run_shared(|| ready(false)).await);
    shared && is_reentrant(lock.run_once(|| ready(false)).await)
}

#[test]
fn a_call_that_is_awaited_inside_its_own_future_ends_with_an_error() {
    let lock = leaked();
    let early = lock.run_shared(move || both_are_reentrant(lock));
    assert_eq!(early.wait(), Ok(true));
    let late = lock.run_shared(move || async move {
        futures_lite::future::yield_now().await;
        both_are_reentrant(lock).await
    });
    assert_eq!(pollster::block_on(late), Ok(true));
    assert_idle(lock);
}

#[test]
fn a_call_that_is_waited_for_inside_the_closure_or_the_future_ends_with_an_error() {
    let lock = leaked();
    let inner = move || allow_blocking(|| is_reentrant(lock.run_shared(|| ready(false)).wait()));
    assert_eq!(lock.run_shared(move || ready(inner())).wait(), Ok(true));
    assert_eq!(
        lock.run_shared(move || async move { inner() }).wait(),
        Ok(true)
    );
    assert_idle(lock);
}

#[test]
fn a_re_entry_is_an_error_whichever_caller_drives() {
    let lock = leaked();
    let waker = Arc::<Mutex<Option<Waker>>>::default();
    let kept = waker.clone();
    let mut leader: Boxed<bool> = Box::pin(lock.run_shared(move || async move {
        let mut polls = 0;
        poll_fn(move |cx| {
            polls += 1;
            *kept.lock().unwrap() = Some(cx.waker().clone());
            if polls == 2 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        both_are_reentrant(lock).await
    }));
    assert!(poll(&mut leader).is_pending());
    waker.lock().unwrap().take().unwrap().wake();
    // A caller of `run_once` drives, on another thread.
    let follower = thread::spawn(move || lock.run_once(|| ready(false)).wait());
    assert_eq!(follower.join().unwrap(), Ok(true));
    assert_eq!(poll(&mut leader), Poll::Ready(Ok(true)));
    assert_idle(lock);
}

#[test]
fn a_follower_that_moved_into_the_future_ends_with_an_error() {
    let lock = leaked();
    let slot = Arc::<Mutex<Option<Boxed<usize>>>>::default();
    let inside = slot.clone();
    let waker = Arc::<Mutex<Option<Waker>>>::default();
    let kept = waker.clone();
    let mut leader: Boxed<usize> = Box::pin(lock.run_shared(move || {
        poll_fn(move |cx| {
            let Some(mut follower) = inside.lock().unwrap().take() else {
                *kept.lock().unwrap() = Some(cx.waker().clone());
                return Poll::Pending;
            };
            let Poll::Ready(answer) = poll(&mut follower) else {
                panic!("the follower waits for itself")
            };
            assert!(is_reentrant(answer));
            assert_eq!(lock.waiters(), 2, "the leader and the other follower");
            Poll::Ready(1)
        })
    }));
    let mut other: Boxed<usize> = Box::pin(lock.run_shared(|| ready(2)));
    let mut follower: Boxed<usize> = Box::pin(lock.run_shared(|| ready(3)));
    assert!(
        poll(&mut leader).is_pending()
            && poll(&mut other).is_pending()
            && poll(&mut follower).is_pending()
    );
    *slot.lock().unwrap() = Some(follower);
    waker.lock().unwrap().take().unwrap().wake();
    // The newcomer takes the place of the follower, and drives.
    let mut newcomer: Boxed<usize> = Box::pin(lock.run_shared(|| ready(4)));
    assert_eq!(poll(&mut newcomer), Poll::Ready(Ok(1)));
    assert_eq!(
        (poll(&mut leader), poll(&mut other)),
        (Poll::Ready(Ok(1)), Poll::Ready(Ok(1)))
    );
    assert_idle(lock);
}

#[test]
fn a_call_from_the_destructor_of_a_future_that_is_done_ends_with_an_error() {
    let lock = leaked();
    let answer = Arc::new(Mutex::new(None));
    let log = answer.clone();
    let call = lock.run_shared(move || {
        let captured = OnDrop(move || {
            *log.lock().unwrap() = Some(allow_blocking(|| {
                is_reentrant(lock.run_shared(|| ready(0)).wait())
            }))
        });
        // A closure keeps what it captured until it is dropped, unlike an async block.
        poll_fn(move |_| {
            let _captured = &captured;
            Poll::Ready(1)
        })
    });
    assert_eq!(call.wait(), Ok(1));
    assert_eq!(*answer.lock().unwrap(), Some(true));
    assert_idle(lock);
}

#[test]
fn a_call_while_the_future_is_suspended_is_no_re_entry() {
    let lock = leaked();
    let mut first: Boxed<usize> = Box::pin(lock.run_shared(pending));
    for _ in 0..3 {
        assert!(poll(&mut first).is_pending());
        let mut next: Boxed<usize> = Box::pin(lock.run_shared(|| ready(1)));
        assert!(poll(&mut next).is_pending());
        first = next;
    }
}

#[test]
fn a_call_of_another_thread_during_a_poll_is_no_re_entry() {
    let lock = leaked();
    let (inside, proceed) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (ours, theirs, polls) = (inside.clone(), proceed.clone(), AtomicUsize::new(0));
    let leader = thread::spawn(move || {
        let call = lock.run_shared(move || {
            poll_fn(move |cx| {
                if polls.fetch_add(1, Relaxed) == 1 {
                    return Poll::Ready(1);
                }
                ours.wait();
                theirs.wait();
                cx.waker().wake_by_ref();
                Poll::Pending
            })
        });
        call.wait()
    });
    inside.wait();
    let mut follower: Boxed<usize> = Box::pin(lock.run_shared(|| ready(2)));
    assert!(poll(&mut follower).is_pending());
    proceed.wait();
    assert_eq!(
        (leader.join().unwrap(), pollster::block_on(follower)),
        (Ok(1), Ok(1))
    );
    assert_idle(lock);
}

#[test]
fn a_re_entry_is_noticed_through_the_future_of_another_lock() {
    let (outer, inner) = (leaked(), leaked());
    let call = outer.run_shared(move || async move {
        let from_inner = inner.run_shared(move || async move {
            is_reentrant(outer.run_shared(|| ready(Ok(false))).await)
        });
        from_inner.await
    });
    assert_eq!(call.wait(), Ok(Ok(true)));
    assert_idle(outer);
    assert_idle(inner);
}
