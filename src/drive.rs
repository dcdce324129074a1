//! How a thread waits for a future: with `std` on its loop, without it by polling in place.

#[cfg(feature = "std")]
pub(crate) use with_std::*;
#[cfg(not(feature = "std"))]
pub(crate) use without_std::*;

#[cfg(feature = "std")]
mod with_std {
    pub(crate) use crate::context::{REFUSAL, is_async_context as is_async, refuse_in_async};
    pub(crate) use crate::loops::{block_on, wait_for};
    #[cfg(feature = "stream")]
    pub(crate) use crate::runtime::inside;

    use crate::context::{self, allow_blocking};
    use crate::loops;
    use core::future::poll_fn;
    use core::pin::pin;
    use core::time::Duration;
    use std::time::Instant;

    /// Calls `poll` as async code.
    #[inline]
    pub(crate) fn in_async<T>(poll: impl FnOnce() -> T) -> T {
        let _polling = context::enter_poll();
        poll()
    }

    /// Drives `future` for `timeout` at most. A time-out beyond the clock's end is none.
    pub(crate) fn drive_for<F: Future>(future: F, timeout: Duration) -> Option<F::Output> {
        match Instant::now().checked_add(timeout) {
            deadline @ Some(_) => loops::drive(future, deadline),
            None => loops::drive(future, None),
        }
    }

    /// Waits for `future`, in the sync copy of a `#[maybe_async]` body. What runs in its polls is a
    /// part of that copy, as an `async` block is which runs other copies, so it is marked as
    /// the copy is: it may wait. A poll of a call inside it is async code all the same.
    pub(crate) fn wait_for_own<F: Future>(future: F) -> F::Output {
        let own = context::stack();
        wait_for(async move {
            let mut future = pin!(future);
            poll_fn(|cx| {
                let _own = context::enter_as(own);
                future.as_mut().poll(cx)
            })
            .await
        })
    }

    /// Waits for `future` on this thread's loop, and instead of parking calls `idle`, which is sync
    /// code.
    pub(crate) fn wait_with<F: Future>(future: F, mut idle: impl FnMut()) -> F::Output {
        wait_for(async move {
            let mut future = pin!(future);
            poll_fn(|cx| {
                let poll = future.as_mut().poll(cx);
                if poll.is_pending() {
                    allow_blocking(&mut idle);
                    cx.waker().wake_by_ref();
                }
                poll
            })
            .await
        })
    }
}

#[cfg(not(feature = "std"))]
mod without_std {
    use core::hint;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    // There is no thread, so nobody knows what stands on the stack: nothing is refused.
    pub(crate) const REFUSAL: &str = "waiting here would block an executor";

    pub(crate) fn is_async() -> bool {
        false
    }

    pub(crate) fn refuse_in_async() {}

    /// There is nothing to mark.
    #[inline]
    pub(crate) fn in_async<T>(poll: impl FnOnce() -> T) -> T {
        poll()
    }

    /// There is no runtime to be inside of.
    #[cfg(feature = "stream")]
    pub(crate) fn inside(f: impl FnOnce()) {
        f();
    }

    pub(crate) use wait_for as block_on;
    pub(crate) use wait_for as wait_for_own;

    /// Polls until the future is ready, with a spin hint in between.
    #[inline]
    pub(crate) fn wait_for<F: Future>(future: F) -> F::Output {
        wait_with(future, hint::spin_loop)
    }

    /// Polls until the future is ready, and calls `idle` in between.
    ///
    /// The waker does nothing: one that sets a flag takes an `Arc`, or `unsafe`.
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
}
