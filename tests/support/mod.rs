//! What several test files share: each takes it in with `mod support;`, and uses a part.
#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod both;
pub(crate) mod chains;
pub(crate) mod child;
pub(crate) mod choices;
pub(crate) mod count;
pub(crate) mod gate;
pub(crate) mod graph;
pub(crate) mod is_send;
pub(crate) mod lock;
pub(crate) mod map;
pub(crate) mod net;
pub(crate) mod oracle;
pub(crate) mod random;
pub(crate) mod refused;
pub(crate) mod shared;
pub(crate) mod turns;
pub(crate) mod watchdog;
pub(crate) mod work;

pub(crate) use count::Count;
use smartasync::Offload;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

/// This counts how often it is dropped.
pub(crate) struct CountsDrops(pub(crate) Arc<AtomicUsize>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// This panics when it is dropped, quietly: without the hook, which would print it.
pub(crate) struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        resume_unwind(Box::new("dropped"));
    }
}

/// This calls its closure when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Is pending once, and wakes itself.
pub(crate) async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls a call once, with a waker that does nothing.
pub(crate) fn poll<F: Future + ?Sized>(call: &mut Pin<Box<F>>) -> Poll<F::Output> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Starts the job, unless the pool is busy, and leaves nobody to be woken.
pub(crate) fn start<T>(job: &mut Offload<T>) {
    assert!(
        Pin::new(job)
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
}

/// Panics quietly: without the hook, which would print it.
pub(crate) fn panic() -> ! {
    resume_unwind(Box::new("quiet"))
}

/// Says whether `f` panics.
pub(crate) fn panics<T>(f: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}
