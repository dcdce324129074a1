//! What several test binaries share. Each binary includes this module and uses a part of it.
//!
//! The model of the lock (`oracle.rs`, `work.rs`) and the random graphs of calls (`graph.rs`) are
//! not in this module: `tests/lock`, `tests/pool_limit` and the fuzz targets include these files
//! themselves.
#![allow(dead_code, reason = "each binary uses a part")]

pub(crate) mod both;
pub(crate) mod chains;
pub(crate) mod child;
pub(crate) mod choices;
pub(crate) mod count;
pub(crate) mod gate;
pub(crate) mod gated_lock;
pub(crate) mod is_send;
pub(crate) mod kind;
pub(crate) mod net;
pub(crate) mod random;
pub(crate) mod refused;
pub(crate) mod watchdog;

use smartasync::Offload;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

/// A value that counts how often it is dropped.
pub(crate) struct CountsDrops(pub(crate) Arc<AtomicUsize>);

impl Drop for CountsDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// A value whose destructor panics without the panic hook, so that nothing is printed.
pub(crate) struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        resume_unwind(Box::new("dropped"));
    }
}

/// A waker that panics when it is woken.
pub(crate) struct PanicsWhenWoken;

impl Wake for PanicsWhenWoken {
    fn wake(self: Arc<Self>) {
        panic!("waker");
    }
}

/// A value that calls its closure when it is dropped.
pub(crate) struct OnDrop<F: FnMut()>(pub(crate) F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Suspends once and wakes itself.
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

/// Polls the job once, so that the pool takes it, with a waker that does nothing.
pub(crate) fn start<T>(job: &mut Offload<T>) {
    assert!(
        Pin::new(job)
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
}

/// Panics without the panic hook, so that nothing is printed.
pub(crate) fn panic() -> ! {
    resume_unwind(Box::new("quiet"))
}

/// Whether `f` panics.
pub(crate) fn panics<T>(f: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}
