//! Calls on locks that are polled by hand.

use crate::support::count::Count;
use smartasync::{Cancelled, SmartLock};
use std::cell::Cell;
use std::fmt::Debug;
use std::future::{poll_fn, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

/// A call with a waker of its own. `F` is a `dyn Future`.
pub(crate) struct CallerOf<F: ?Sized> {
    pub(crate) call: Pin<Box<F>>,
    pub(crate) woken: Arc<Count>,
}

/// A call with a waker of its own that stays on its thread. `shared::jobs::Caller` is `Send`.
pub(crate) type Caller<'a, T> = CallerOf<dyn Future<Output = Result<T, Cancelled>> + 'a>;

impl<'a, T> Caller<'a, T> {
    /// Makes a caller that is not polled yet.
    pub(crate) fn new(call: impl Future<Output = Result<T, Cancelled>> + 'a) -> Self {
        Self {
            call: Box::pin(call),
            woken: Arc::default(),
        }
    }
}

impl<F: Future + ?Sized> CallerOf<F> {
    /// Polls once, with the caller's own waker.
    pub(crate) fn poll(&mut self) -> Poll<F::Output> {
        let waker = Waker::from(self.woken.clone());
        self.poll_with(&waker)
    }

    /// Polls once, with another waker.
    pub(crate) fn poll_with(&mut self, waker: &Waker) -> Poll<F::Output> {
        self.call.as_mut().poll(&mut Context::from_waker(waker))
    }

    /// Polls once. The call has to wait.
    pub(crate) fn wait_for_its_turn(mut self) -> Self {
        assert!(self.poll().is_pending());
        self
    }

    /// Polls once. The lock then has the only reference to `waker`.
    pub(crate) fn wait_with(mut self, waker: impl Wake + Send + Sync + 'static) -> Self {
        let waker = Waker::from(Arc::new(waker));
        assert!(self.poll_with(&waker).is_pending());
        // This is not the last reference, so a waker that panics when it is dropped does not panic
        // here.
        drop(waker);
        self
    }

    /// How often the caller's own waker was woken.
    pub(crate) fn wakes(&self) -> usize {
        self.woken.0.load(Relaxed)
    }
}

/// A gate for a leader, which is suspended until the gate has a value.
pub(crate) struct Gate<T>(pub(crate) Rc<Cell<Option<T>>>);

impl<T: Clone + 'static> Gate<T> {
    /// Makes a gate without a value.
    pub(crate) fn new() -> Self {
        Self(Rc::default())
    }

    /// A run that waits for the value of the gate and takes it.
    pub(crate) fn run(&self) -> impl Future<Output = T> + use<T> {
        let value = self.0.clone();
        poll_fn(move |_| value.take().map_or(Poll::Pending, Poll::Ready))
    }

    /// Makes a caller whose run waits for this gate, and polls it. It leads if the lock is idle.
    pub(crate) fn lead(&self, lock: &'static SmartLock<T>) -> Caller<'static, T> {
        let run = self.run();
        Caller::new(lock.run_once(|| run)).wait_for_its_turn()
    }
}

/// A value that panics when it is dropped, unless its thread panics already.
pub(crate) struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic!("drop");
        }
    }
}

/// Makes a lock that is never freed, so that threads and values can use it.
pub(crate) fn leaked<T>() -> &'static SmartLock<T> {
    Box::leak(Box::default())
}

/// The result of a poll that ends with `value`.
pub(crate) fn ok<T>(value: T) -> Poll<Result<T, Cancelled>> {
    Poll::Ready(Ok(value))
}

/// Whether the result is the error of a re-entry.
pub(crate) fn is_reentrant<T>(result: Result<T, Cancelled>) -> bool {
    result.is_err_and(|error| error.is_reentrant())
}

/// Whether the call was cancelled by a reset.
pub(crate) fn cancelled<T>(result: Poll<Result<T, Cancelled>>) -> bool {
    matches!(result, Poll::Ready(Err(error)) if !error.is_reentrant())
}

/// Asserts that the call was cancelled by a reset.
pub(crate) fn assert_cancelled<T: Debug>(polled: Poll<Result<T, Cancelled>>) {
    match polled {
        Poll::Ready(Err(cancelled)) => assert!(!cancelled.is_reentrant()),
        other => panic!("expected `Err(Cancelled)`, got {other:?}"),
    }
}

/// Asserts that the lock has no leader and no follower.
pub(crate) fn assert_idle<T>(lock: &SmartLock<T>) {
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

/// Asserts that the lock has no leader and no follower, and that it works.
pub(crate) fn assert_works(lock: &SmartLock<u32>) {
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
    assert_eq!(lock.run_once(|| ready(9)).wait(), Ok(9));
}
