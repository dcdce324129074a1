//! How code waits without `std`: there is no thread to park, so it polls in place.
//!
//! Without threads nobody knows what stands on the stack, so nothing is refused.

use core::hint;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

pub(crate) const REFUSAL: &str = "waiting here would block an executor";

pub(crate) fn is_async_context() -> bool {
    false
}

pub(crate) fn refuse_in_async() {}

/// Calls `poll`. There is no stack to mark.
#[inline]
pub(crate) fn in_async<T>(poll: impl FnOnce() -> T) -> T {
    poll()
}

/// Calls `f`. There is no runtime to enter.
#[cfg(feature = "stream")]
pub(crate) fn drop_inside(f: &mut dyn FnMut()) {
    f();
}

/// Polls until the future is ready, with a spin hint in between.
#[inline]
pub(crate) fn wait<F: Future>(future: F, _asks: bool) -> F::Output {
    wait_with(future, hint::spin_loop)
}

/// [`wait`] in a sync copy.
#[inline]
pub(crate) fn wait_for_own<F: Future>(future: F) -> F::Output {
    wait(future, false)
}

/// Polls until the future is ready, and calls `idle` in between.
///
/// The waker does nothing. A waker that sets a flag would need an `Arc`, or `unsafe`.
#[inline]
pub(crate) fn wait_with<F: Future>(future: F, mut idle: impl FnMut()) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        idle();
    }
}
