//! How code waits without `std`: there is no thread to park, so it polls in place.
//!
//! Without threads nobody knows what stands on the stack, so nothing is refused.

use core::hint;
use core::pin::Pin;
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

/// Polls the future in `place` until it is ready, with a spin hint in between.
#[inline]
pub(crate) fn wait<F: Future>(place: Pin<&mut Option<F>>, _asks: bool) -> F::Output {
    wait_with(place, hint::spin_loop)
}

/// [`wait`] in a sync copy.
#[inline]
pub(crate) fn wait_for_own<F: Future>(place: Pin<&mut Option<F>>) -> F::Output {
    wait(place, false)
}

/// Polls the future in `place` until it is ready, and calls `idle` in between.
///
/// The waker does nothing. A waker that sets a flag would need an `Arc`, or `unsafe`.
#[inline]
pub(crate) fn wait_with<F: Future>(
    place: Pin<&mut Option<F>>,
    mut idle: impl FnMut(),
) -> F::Output {
    let mut future = place.as_pin_mut().expect("a wait begins with a future");
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        idle();
    }
}
