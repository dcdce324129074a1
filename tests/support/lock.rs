//! Calls on locks, polled by hand.

use super::Count;
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

/// This is a call with a waker of its own, whatever else is known of its future.
pub(crate) struct CallerOf<F: ?Sized> {
    pub(crate) call: Pin<Box<F>>,
    pub(crate) woken: Arc<Count>,
}

/// This is a call with a waker of its own, which stays on its thread; `shared::Caller` may be sent.
pub(crate) type Caller<'a, T> = CallerOf<dyn Future<Output = Result<T, Cancelled>> + 'a>;

impl<'a, T> Caller<'a, T> {
    /// Makes a caller that was not polled yet.
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

    /// Polls once; the call has to wait.
    pub(crate) fn wait_for_its_turn(mut self) -> Self {
        assert!(self.poll().is_pending());
        self
    }

    /// Polls once, and leaves the only reference to `waker` behind.
    pub(crate) fn wait_with(mut self, waker: impl Wake + Send + Sync + 'static) -> Self {
        let waker = Waker::from(Arc::new(waker));
        assert!(self.poll_with(&waker).is_pending());
        // Not its last reference, so nothing blows up here.
        drop(waker);
        self
    }

    /// Says how often the caller's own waker was woken.
    pub(crate) fn wakes(&self) -> usize {
        self.woken.0.load(Relaxed)
    }
}

/// This suspends its leader until it has a value.
pub(crate) struct Gate<T>(pub(crate) Rc<Cell<Option<T>>>);

impl<T: Clone + 'static> Gate<T> {
    /// Makes a gate without a value.
    pub(crate) fn new() -> Self {
        Self(Rc::default())
    }

    /// Is pending until the gate has a value, which it takes.
    pub(crate) fn run(&self) -> impl Future<Output = T> + use<T> {
        let value = self.0.clone();
        poll_fn(move |_| value.take().map_or(Poll::Pending, Poll::Ready))
    }

    /// Makes a caller that leads, if nobody does.
    pub(crate) fn lead(&self, lock: &'static SmartLock<T>) -> Caller<'static, T> {
        let run = self.run();
        Caller::new(lock.run_once(|| run)).wait_for_its_turn()
    }
}

/// This waker panics when it is woken.
pub(crate) struct Angry;

impl Wake for Angry {
    fn wake(self: Arc<Self>) {
        panic!("waker");
    }
}

/// This panics when it is dropped, unless its thread panics already.
pub(crate) struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic!("drop");
        }
    }
}

/// Makes a lock for ever, so that threads and hooks in its values may use it.
pub(crate) fn leaked<T>() -> &'static SmartLock<T> {
    Box::leak(Box::default())
}

/// This is what a poll returns that ends with `value`.
pub(crate) fn ok<T>(value: T) -> Poll<Result<T, Cancelled>> {
    Poll::Ready(Ok(value))
}

/// Says whether the result is the error of a call from inside its own leader.
pub(crate) fn is_reentrant<T>(result: Result<T, Cancelled>) -> bool {
    result.is_err_and(|error| error.is_reentrant())
}

/// Says whether the call was cancelled, by another than itself.
pub(crate) fn cancelled<T>(result: Poll<Result<T, Cancelled>>) -> bool {
    matches!(result, Poll::Ready(Err(error)) if !error.is_reentrant())
}

/// Asserts that the call was cancelled, by another than itself.
pub(crate) fn assert_cancelled<T: Debug>(polled: Poll<Result<T, Cancelled>>) {
    match polled {
        Poll::Ready(Err(cancelled)) => assert!(!cancelled.is_reentrant()),
        other => panic!("expected `Err(Cancelled)`, got {other:?}"),
    }
}

/// Asserts that nobody is left on the lock.
pub(crate) fn assert_idle<T>(lock: &SmartLock<T>) {
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}

/// Asserts that nobody is left on the lock, and that it works.
pub(crate) fn assert_works(lock: &SmartLock<u32>) {
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
    assert_eq!(lock.run_once(|| ready(9)).wait(), Ok(9));
}
