//! [`Call`], which every smart function returns, and what it is made of.
//!
//! - This file: the call, its ends and its errors.
//! - [`work`]: what is in a call. Read it next.
//! - [`travel`]: how the arguments of a sync function get to the pool.
//! - [`resolve`]: how `smart_await!` and `smart_continuation!` tell values from futures.
//! - [`boxed`]: calls behind a pointer. [`smart`]: values that are decided at run time.

#[cfg(feature = "alloc")]
pub(crate) mod boxed;
pub(crate) mod resolve;
#[cfg(feature = "alloc")]
mod smart;
#[cfg(feature = "std")]
pub(crate) mod travel;
pub(crate) mod work;

#[cfg(feature = "alloc")]
pub use boxed::{BoxCall, SendBoxCall};
#[cfg(feature = "alloc")]
pub use smart::Smart;
#[cfg(feature = "std")]
pub use work::smart_sync;
pub use work::{Work, smart};

use crate::executor;
use core::error::Error;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
#[cfg(feature = "std")]
use core::time::Duration;
use pin_project_lite::pin_project;

pin_project! {
    /// A lazy call of a smart function: finish it with [`.wait()`](Call::wait) in sync code or with `.await` in async code.
    ///
    /// Nothing runs before that: a dropped call did nothing. It is a future on any runtime, and `Send` exactly where the function's body
    /// is. Each poll marks the code in it as async (see [`is_async_context`](crate::is_async_context)).
    ///
    /// # Cancel safety
    ///
    /// Dropped after its first poll, a call of an async function drops its future. A call of a sync function drops its
    /// [`Offload`](crate::Offload): a job that was not started never runs, a started one runs to its end unobserved.
    ///
    /// # Panics
    ///
    /// Polling panics where the body does, and after the call has given its output.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{block_on, smart_fn};
    ///
    /// smart_fn!(
    ///     async fn double(n: u32) -> u32 {
    ///         2 * n
    ///     }
    /// );
    ///
    /// assert_eq!(double(2).wait(), 4);
    /// assert_eq!(block_on(async { double(2).await }), 4);
    /// ```
    #[must_use = "a smart call does nothing until it is finished with `.wait()` in sync code or `.await` in async code"]
    pub struct Call<W> {
        #[pin]
        work: W,
    }
}

impl<W> Call<W> {
    #[inline(always)]
    pub(crate) const fn new(work: W) -> Self {
        Self { work }
    }
}

impl<W: Work> Call<W> {
    #[inline(always)]
    pub(crate) fn into_work(self) -> W {
        self.work
    }

    /// Runs the call in sync code and returns its output.
    ///
    /// The body of a sync function, or the sync copy of a `#[maybe_async]` one, runs here,
    /// directly. A future is driven on this thread's cached loop: smol's and async-io's types
    /// work in it as they are, tokio's with [`install_runtime`](crate::install_runtime). Without
    /// `std` there is no loop: a future is polled in place, with
    /// [`spin_loop`](core::hint::spin_loop) in between, and nothing is refused.
    ///
    /// # Blocking
    ///
    /// Blocks this thread until the call is done.
    ///
    /// # Panics
    ///
    /// In async code, where blocking would block an executor; the panic names the caller's line and
    /// the ways out. Async code is what a poll of a `Call` or of this crate's loops runs, and
    /// what the installed [`Runtime`](crate::Runtime) says is; a bare future in another executor
    /// is not seen. Also where the body panics.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(smartasync::smart(async { 1 }).wait(), 1);
    /// ```
    #[inline(always)]
    #[cfg_attr(feature = "std", track_caller)]
    pub fn wait(self) -> W::Output {
        self.work.run_if_allowed()
    }

    /// [`wait`](Call::wait), but in async code it gives the call back instead of panicking.
    ///
    /// # Errors
    ///
    /// In async code a [`WaitError`] with the call in it, unstarted.
    ///
    /// # Blocking
    ///
    /// In sync code it blocks this thread until the call is done.
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
        // What `run` drives is a part of a sync copy, and this is none.
        if executor::is_async_context() {
            Err(WaitError { call: self })
        } else {
            Ok(self.work.run_if_allowed())
        }
    }

    /// Drives the async form of the call, and calls `idle` after each poll that finds it pending.
    /// Returns its output.
    ///
    /// It is there for firmware, which has no thread to park: without `std`, [`wait`](Call::wait)
    /// polls a future with [`spin_loop`](core::hint::spin_loop) in between, and `wait_with`
    /// takes the instruction that saves power, `wfe` say. The async form of a `#[maybe_async]`
    /// function is its async copy; use `wait` for the sync copy, which waits for nothing.
    ///
    /// With `std` the future is driven on this thread's loop all the same, whose tasks run too.
    /// There it is of use to a thread that has an event loop of another kind to turn meanwhile.
    /// `idle` is sync code: it may block, or wait for other calls.
    ///
    /// # What may sleep in `idle`
    ///
    /// Without `std` the waker of these polls does nothing, so `idle` must return when the future
    /// can go on, by itself. A future may be ready at any moment between its poll and the sleep
    /// of `idle`, therefore:
    ///
    /// - `wfe` on Arm is right for futures that an interrupt makes ready. If it comes before the
    ///   `wfe`, its return has set the event register, and `wfe` returns at once; if it comes
    ///   after, it ends the `wfe`. What another core makes ready needs an `sev` from there.
    /// - `wfi` alone is not: an interrupt between the poll and the `wfi` is over by then, and the
    ///   core sleeps on. Let the interrupt set a flag; in `idle`, with interrupts disabled, sleep
    ///   only if the flag is not set, and clear it.
    /// - A future that wakes itself, to yield, is ready without any interrupt. For those let `idle`
    ///   spin, or bring a waker that sets a flag and poll the call with it, as in the second
    ///   example: `idle` sleeps only while the flag is not set. The flag is cleared before the
    ///   poll, so what is woken during the poll is polled again, and a wake-up after the last look
    ///   at the flag ends the `wfe`. (A single core without compare-and-swap clears it by a plain
    ///   store: what sets it just before that is seen by the poll.)
    ///
    /// # Blocking
    ///
    /// Blocks this thread until the call is done, between the polls as `idle` does.
    ///
    /// # Panics
    ///
    /// In async code, as [`wait`](Call::wait), and where the body or `idle` panics.
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
    ///
    /// With a waker of your own, in place of the one that the poll brings (one of your executor's,
    /// say, or one made of a `static` flag):
    ///
    /// ```
    /// # extern crate alloc;
    /// use alloc::{sync::Arc, task::Wake};
    /// use core::future::poll_fn;
    /// use core::pin::pin;
    /// use core::sync::atomic::{AtomicBool, Ordering};
    /// use core::task::{Context, Waker};
    /// use smartasync::smart;
    ///
    /// static WOKEN: AtomicBool = AtomicBool::new(false);
    ///
    /// struct SetFlag;
    ///
    /// impl Wake for SetFlag {
    ///     fn wake(self: Arc<Self>) {
    ///         WOKEN.store(true, Ordering::Release);
    ///     }
    /// }
    ///
    /// # let wait_for_event = || WOKEN.store(true, Ordering::Release);
    /// let waker = Waker::from(Arc::new(SetFlag));
    /// let mut call = pin!(smart(async {
    ///     futures_lite::future::yield_now().await;
    ///     1
    /// }));
    /// let with_waker = smart(poll_fn(|_| {
    ///     WOKEN.swap(false, Ordering::AcqRel);
    ///     call.as_mut().poll(&mut Context::from_waker(&waker))
    /// }));
    /// let output = with_waker.wait_with(|| {
    ///     while !WOKEN.load(Ordering::Acquire) {
    ///         wait_for_event();
    ///     }
    /// });
    /// assert_eq!(output, 1);
    /// ```
    #[inline]
    #[cfg_attr(feature = "std", track_caller)]
    pub fn wait_with(self, idle: impl FnMut()) -> W::Output {
        executor::refuse_in_async();
        executor::wait_with(self.work, idle)
    }

    /// Drives the async form of the call, for `timeout` at most, and returns its output. It needs
    /// no timer runtime.
    ///
    /// The async form of a sync function runs on the offload pool; of a `#[maybe_async]` function
    /// it is the async copy. So it may need a runtime
    /// ([`install_runtime`](crate::install_runtime)) where `wait` does not.
    ///
    /// # Errors
    ///
    /// [`TimedOut`] if the call was not done in time; its future has been dropped.
    ///
    /// # Blocking
    ///
    /// Blocks this thread until the call is done, or for `timeout`. A poll that blocks delays the
    /// time-out.
    ///
    /// # Panics
    ///
    /// In async code, as [`wait`](Call::wait), and where the body panics.
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
        executor::wait_for_at_most(self.work, timeout).ok_or(TimedOut)
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

/// The error of [`Call::try_wait`]: the caller is async code. It holds the call, unstarted.
pub struct WaitError<W> {
    call: Call<W>,
}

impl<W> WaitError<W> {
    /// Gives the call back, to be awaited, say.
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

/// The error of [`Call::wait_timeout`]: the time was up before the call was done.
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

/// As an error of the kind [`TimedOut`](std::io::ErrorKind::TimedOut), for `?`.
#[cfg(feature = "std")]
impl From<TimedOut> for std::io::Error {
    fn from(error: TimedOut) -> Self {
        Self::new(std::io::ErrorKind::TimedOut, error)
    }
}
