//! [`Call`], the return type of every smart function, and its parts.
//!
//! - This file: the call, its ends and its errors.
//! - [`work`]: what a call contains. Read it next.
//! - [`travel`]: how the arguments of a sync function travel to the pool.
//! - [`resolve`]: how `smart_await!` and `smart_continuation!` tell values from futures.
//! - [`map`]: calls that apply a function to the output of another call.
//! - [`boxed`]: calls behind a pointer.
//! - [`smart`](mod@smart): a value or a future, chosen at run time.

#[cfg(feature = "alloc")]
pub(crate) mod boxed;
mod map;
pub(crate) mod resolve;
#[cfg(feature = "alloc")]
mod smart;
#[cfg(feature = "std")]
pub(crate) mod travel;
pub(crate) mod work;

#[cfg(feature = "alloc")]
pub use boxed::{BoxCall, LocalBoxCall};
#[cfg(feature = "alloc")]
pub use smart::Smart;
#[cfg(feature = "std")]
pub use work::smart_sync;
pub use work::{Work, smart};

use crate::executor;
use core::error::Error;
use core::fmt;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
#[cfg(feature = "std")]
use core::time::Duration;
use pin_project_lite::pin_project;
#[cfg(feature = "std")]
use std::time::Instant;

pin_project! {
    /// Lets the caller of a smart function choose how to finish the call: with
    /// [`.wait()`](Call::wait) in sync code, or with `.await` in async code.
    ///
    /// ```
    /// smartasync::smart_fn!( async fn double(n: u32) -> u32 { 2 * n } );
    ///
    /// assert_eq!(double(2).wait(), 4);
    /// let awaited = smartasync::block_on(async { double(2).await });
    /// assert_eq!(awaited, 4);
    /// ```
    ///
    /// A call is lazy: nothing runs before you wait for it or await it. It is a future for any
    /// runtime. It is `Send` exactly where the body of the function is `Send`. Each poll of a call
    /// marks the code inside as async (see [`is_async_context`](crate::is_async_context)).
    ///
    /// # Cancel safety
    ///
    /// If you drop a call before its first poll, nothing has run. If you drop it later, the kind of
    /// function decides. A call of an async function drops its future. A call of a sync function
    /// drops its [`Offload`](crate::Offload): a job that has not started never runs, and a job that
    /// has started runs to its end, but nobody gets its result.
    ///
    /// # Panics
    ///
    /// A poll panics if the body panics, or if the call has already returned its output.
    #[must_use = "a smart call does nothing until it is finished with `.wait()` in sync code or `.await` in async code"]
    pub struct Call<W> {
        #[pin]
        work: W,
    }
}

impl<W> Call<W> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) const fn new(work: W) -> Self {
        Self { work }
    }
}

impl<W: Work> Call<W> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn into_work(self) -> W {
        self.work
    }

    /// Runs the call in sync code and returns its output.
    ///
    /// The body of a sync function runs directly, on this thread. So does the sync copy of a
    /// `#[maybe_async]` function. For every other call, this thread's cached loop drives a future.
    /// Types of smol and async-io work in such a future as they are. Types of tokio need
    /// [`install_tokio`](crate::guide::tokio_from_sync), with the feature `tokio`.
    ///
    /// Without `std` there is no loop. `wait` then polls the future in place, with
    /// [`spin_loop`](core::hint::spin_loop) between the polls, and it never refuses to wait.
    ///
    /// # Blocking
    ///
    /// Blocks this thread until the call is done.
    ///
    /// # Panics
    ///
    /// Panics in async code, because there it would block an executor. The message names the line
    /// of the caller and the alternatives. Code is async if it runs inside a poll of a `Call` or of
    /// this crate's loops, with the feature `tokio` in a task of tokio, or if the installed
    /// [`Runtime`](crate::Runtime) says so. The crate cannot see a plain future in another executor.
    ///
    /// Panics if the body panics.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(smartasync::smart(async { 1 }).wait(), 1);
    /// ```
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[cfg_attr(feature = "std", track_caller)]
    pub fn wait(self) -> W::Output {
        self.work.run(true)
    }

    /// Waits for the call in sync code, and gives the call back in async code.
    ///
    /// In sync code it does the same as [`wait`](Call::wait).
    ///
    /// # Errors
    ///
    /// In async code it returns a [`WaitError`], which contains the call. The call has not started.
    ///
    /// # Blocking
    ///
    /// In sync code it blocks this thread until the call is done.
    ///
    /// # Panics
    ///
    /// Panics if the body panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{block_on, smart};
    ///
    /// assert_eq!(smart(async { 1 }).try_wait().unwrap(), 1);
    ///
    /// let answer = block_on(async {
    ///     match smart(async { 2 }).try_wait() {
    ///         Ok(answer) => answer,
    ///         Err(refused) => refused.into_call().await,
    ///     }
    /// });
    /// assert_eq!(answer, 2);
    /// ```
    pub fn try_wait(self) -> Result<W::Output, WaitError<W>> {
        if executor::is_async_context() {
            Err(WaitError { call: self })
        } else {
            Ok(self.work.run(true))
        }
    }

    /// Drives the async form of the call, calls `idle` after each poll that returns `Pending`, and
    /// returns the output.
    ///
    /// Use it in firmware, which has no thread to park. Without `std`, [`wait`](Call::wait) polls a
    /// future with [`spin_loop`](core::hint::spin_loop) between the polls. With `wait_with` you can
    /// save power between them, for example with the instruction `wfe`. The async form of a
    /// `#[maybe_async]` function is its async copy. To run its sync copy, use `wait`. The sync copy
    /// needs no `idle`, because it is not a future.
    ///
    /// With `std`, this thread's loop drives the future, and the thread's tasks run too. There
    /// `wait_with` is useful if the thread also has to run an event loop of another kind. `idle` is
    /// sync code: it may block, and it may wait for other calls.
    ///
    /// # What may sleep in `idle`
    ///
    /// Without `std`, the waker of these polls does nothing. `idle` must therefore return by itself
    /// when the future can make progress, also if the future became ready between its poll and the
    /// sleep. On Arm, `wfe` does so for a future that an interrupt makes ready. `wfi` alone does
    /// not. The guide's chapter on [sleeping firmware](crate::guide::embedded_sleep) says why, and
    /// polls a call with a waker that sets a flag.
    ///
    /// # Blocking
    ///
    /// Blocks this thread until the call is done. Between the polls it blocks as `idle` does.
    ///
    /// # Panics
    ///
    /// Panics in async code, as [`wait`](Call::wait) does, and if the body or `idle` panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::future::poll_fn;
    /// use core::task::Poll;
    /// use smartasync::smart;
    ///
    /// let mut polls = 0;
    /// let third = poll_fn(|_| {
    ///     polls += 1;
    ///     if polls == 3 { Poll::Ready("ready") } else { Poll::Pending }
    /// });
    /// let mut slept = 0;
    /// assert_eq!(smart(third).wait_with(|| slept += 1), "ready");
    /// assert_eq!(slept, 2);
    /// ```
    #[inline]
    #[cfg_attr(feature = "std", track_caller)]
    pub fn wait_with(self, idle: impl FnMut()) -> W::Output {
        executor::refuse_in_async();
        executor::wait_with(pin!(Some(self.work)), idle)
    }

    /// Drives the async form of the call for at most `timeout`, and returns its output.
    ///
    /// It needs no timer runtime. The async form of a sync function runs on the offload pool. The
    /// async form of a `#[maybe_async]` function is its async copy, so `wait_timeout` may need a
    /// runtime ([`install_runtime`](crate::install_runtime)) where `wait` does not.
    ///
    /// # Errors
    ///
    /// Returns [`TimedOut`] if the call is not done in time. Its future is dropped by then.
    ///
    /// # Blocking
    ///
    /// Blocks this thread until the call is done, but not longer than `timeout`. A poll that blocks
    /// delays the time-out.
    ///
    /// # Panics
    ///
    /// Panics in async code, as [`wait`](Call::wait) does, and if the body panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{TimedOut, smart};
    /// use std::future::pending;
    /// use std::time::Duration;
    ///
    /// assert_eq!(smart(async { 1 }).wait_timeout(Duration::from_secs(60)), Ok(1));
    /// assert_eq!(smart(pending::<()>()).wait_timeout(Duration::from_millis(1)), Err(TimedOut));
    /// ```
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn wait_timeout(self, timeout: Duration) -> Result<W::Output, TimedOut> {
        executor::refuse_in_async();
        let deadline = Instant::now().checked_add(timeout);
        executor::wait_until(pin!(Some(self.work)), deadline).ok_or(TimedOut)
    }
}

impl<W: Work> Future for Call<W> {
    type Output = W::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<W::Output> {
        executor::in_async(|| self.project().work.poll(cx))
    }
}

impl<W> fmt::Debug for Call<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

/// The error of [`Call::try_wait`]: the caller is async code.
///
/// It contains the call, which has not started.
pub struct WaitError<W> {
    call: Call<W>,
}

impl<W> WaitError<W> {
    /// Gives the call back, so that you can await it.
    pub fn into_call(self) -> Call<W> {
        self.call
    }
}

impl<W> fmt::Debug for WaitError<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitError")
            .field("call", &self.call)
            .finish()
    }
}

impl<W> fmt::Display for WaitError<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(executor::REFUSAL)
    }
}

impl<W> Error for WaitError<W> {}

/// The error of [`Call::wait_timeout`]: the call was not done in time.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedOut;

#[cfg(feature = "std")]
impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call was not done in time")
    }
}

#[cfg(feature = "std")]
impl Error for TimedOut {}

/// Converts to an error of the kind [`TimedOut`](std::io::ErrorKind::TimedOut), so that `?` works.
#[cfg(feature = "std")]
impl From<TimedOut> for std::io::Error {
    fn from(error: TimedOut) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, error)
    }
}
