//! [`Call`], what every smart function returns, and [`Work`], what is in it.
//!
//! [`Driven`] is a future: waiting drives it. [`Forked`] is a choice that was not made yet: it runs
//! [`Here`] or goes [`Away`], as a future. What chooses is one of these:
//!
//! | fork | what it is |
//! | --- | --- |
//! | [`Both`] | two functions over the same arguments: one runs the body here, one hands out a future |
//! | [`Routes`] | one closure that is told which [`Route`] was taken: for the `self` of a `#[maybe_async]` function, which cannot be an argument of a closure, and would be kept twice by two |
//! | [`Packed`](crate::travel::Packed) | the body of a sync function, a list of arguments, and how they travel to the pool |
//!
//! A sync function's future is an [`Offload`](crate::Offload), that of a `#[maybe_async]` function
//! is its async copy. All own their arguments until then, so nothing is cloned and nothing runs
//! before the caller has chosen.

use crate::drive;
use core::any::type_name;
use core::error::Error;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
#[cfg(feature = "std")]
use core::time::Duration;
use pin_project_lite::pin_project;

/// Keeps [`Work`] to this crate.
#[doc(hidden)]
pub trait Sealed {}

/// What a [`Call`] does when it is awaited or waited for. Sealed: the macros and functions of this
/// crate make all kinds of it.
///
/// It stands in signatures, as in `fn load() -> Call<impl Work<Output = Page>>`.
pub trait Work: Future + Sealed {
    /// Runs in a sync copy or on the pool, on this thread, without asking whether it may block.
    #[doc(hidden)]
    fn run(self) -> Self::Output
    where
        Self: Sized;

    /// [`run`](Work::run), but it panics in async code.
    #[doc(hidden)]
    #[inline(always)]
    #[cfg_attr(feature = "std", track_caller)]
    fn run_if_allowed(self) -> Self::Output
    where
        Self: Sized,
    {
        drive::refuse_in_async();
        self.run()
    }

    /// Which function it is the work of, as far as one asks: see [`Here::origin`].
    #[doc(hidden)]
    fn origin(&self) -> &'static str {
        ""
    }
}

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
        if drive::is_async() {
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
        drive::refuse_in_async();
        drive::wait_with(self.work, idle)
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
        drive::refuse_in_async();
        drive::drive_for(self.work, timeout).ok_or(TimedOut)
    }
}

impl<W: Work> Future for Call<W> {
    type Output = W::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<W::Output> {
        drive::in_async(|| self.project().work.poll(cx))
    }
}

impl<W> fmt::Debug for Call<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

pin_project! {
    /// Work that is a future.
    #[doc(hidden)]
    pub struct Driven<F> {
        #[pin]
        future: F,
    }
}

impl<F> Driven<F> {
    #[inline]
    pub(crate) const fn new(future: F) -> Self {
        Self { future }
    }

    #[inline]
    pub(crate) fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future> Future for Driven<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

impl<F> Sealed for Driven<F> {}

impl<F: Future> Work for Driven<F> {
    #[inline]
    fn run(self) -> F::Output {
        drive::wait_for(self.future)
    }

    // It asks no second time what a wait has to ask anyway.
    #[inline]
    #[cfg_attr(feature = "std", track_caller)]
    fn run_if_allowed(self) -> F::Output {
        drive::block_on(self.future)
    }
}

impl<F> fmt::Debug for Driven<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driven").finish_non_exhaustive()
    }
}

/// Makes a call of a future.
#[doc(hidden)]
#[inline]
pub const fn driven<F: Future>(future: F) -> Call<Driven<F>> {
    Call::new(Driven::new(future))
}

/// Which entry point the caller took.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Route {
    /// `.wait()`: return the body, [`Routed::Here`].
    Here,
    /// `.await`: return a future, [`Routed::Away`].
    Away,
}

/// What the closure of [`Routes`] answers to its [`Route`].
///
/// The body is returned as a closure, not run, so that its output passes through no enum: then the
/// optimiser makes of a wait just the code of the body.
#[doc(hidden)]
#[derive(Debug)]
pub enum Routed<B, F> {
    /// The body, a closure.
    Here(B),
    /// The future that runs it.
    Away(F),
}

/// Answers with the body. (Without it the compiler would not know that the closure is called once,
/// and may lend what it owns.)
#[doc(hidden)]
#[inline(always)]
pub const fn here<T, B, F>(body: B) -> Routed<B, F>
where
    B: FnOnce() -> T,
{
    Routed::Here(body)
}

/// A call that nobody has polled: what it becomes when it is awaited.
#[doc(hidden)]
pub trait Away {
    /// The future.
    type Future: Future;

    /// Makes it.
    fn away(self) -> Self::Future;
}

/// A call that nobody has polled: what it does when it is waited for.
#[doc(hidden)]
pub trait Here: Away {
    /// Runs here, without asking whether it may block.
    fn here(self) -> <Self::Future as Future>::Output;

    /// Tells one function from another, where a method calls itself by its name and may have found
    /// another one of that name.
    fn origin() -> &'static str {
        ""
    }
}

pin_project! {
    /// Work that runs here, or becomes a future, as the caller chooses.
    #[doc(hidden)]
    #[project = ForkedProj]
    #[project_replace = ForkedTaken]
    #[allow(missing_docs, reason = "pin-project-lite takes no documentation of a field")]
    pub enum Forked<K, F> {
        Fresh { fork: K },
        Begun { #[pin] future: F },
        Taken,
    }
}

impl<K: Away<Future = F>, F: Future> Future for Forked<K, F> {
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        loop {
            if let ForkedProj::Begun { future } = self.as_mut().project() {
                return future.poll(cx);
            }
            let ForkedTaken::Fresh { fork } = self.as_mut().project_replace(Self::Taken) else {
                panic!("a `Call` was polled after it had panicked")
            };
            let future = fork.away();
            self.set(Self::Begun { future });
        }
    }
}

impl<K, F> Sealed for Forked<K, F> {}

// Inlined at all levels of optimisation, up to `Call::wait`: what is left of a call is then the
// code of the body.
impl<K: Here<Future = F>, F: Future> Work for Forked<K, F> {
    #[inline(always)]
    fn run(self) -> F::Output {
        match self {
            Self::Fresh { fork } => fork.here(),
            Self::Begun { future } => drive::wait_for(future),
            Self::Taken => panic!("a `Call` was waited for after it had panicked"),
        }
    }

    #[inline(always)]
    #[cfg_attr(feature = "std", track_caller)]
    fn run_if_allowed(self) -> F::Output {
        match self {
            Self::Fresh { fork } => {
                drive::refuse_in_async();
                fork.here()
            }
            Self::Begun { future } => drive::block_on(future),
            Self::Taken => panic!("a `Call` was waited for after it had panicked"),
        }
    }

    fn origin(&self) -> &'static str {
        K::origin()
    }
}

impl<K, F> fmt::Debug for Forked<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forked").finish_non_exhaustive()
    }
}

/// A closure that is told which [`Route`] was taken.
#[doc(hidden)]
#[derive(Debug)]
pub struct Routes<C>(C);

impl<T, B, C, F> Away for Routes<C>
where
    B: FnOnce() -> T,
    C: FnOnce(Route) -> Routed<B, F>,
    F: Future<Output = T>,
{
    type Future = F;

    #[inline(always)]
    fn away(self) -> F {
        match (self.0)(Route::Away) {
            Routed::Away(future) => future,
            Routed::Here(_) => unreachable!("the closure goes the route that it is told"),
        }
    }
}

impl<T, B, C, F> Here for Routes<C>
where
    B: FnOnce() -> T,
    C: FnOnce(Route) -> Routed<B, F>,
    F: Future<Output = T>,
{
    #[inline(always)]
    fn here(self) -> T {
        match (self.0)(Route::Here) {
            Routed::Here(body) => body(),
            Routed::Away(_) => unreachable!("the closure goes the route that it is told"),
        }
    }
}

/// Makes a call of a closure that takes one of two routes.
#[doc(hidden)]
#[inline(always)]
pub const fn forked<T, B, C, F>(choose: C) -> Call<Forked<Routes<C>, F>>
where
    B: FnOnce() -> T,
    C: FnOnce(Route) -> Routed<B, F>,
    F: Future<Output = T>,
{
    Call::new(Forked::Fresh {
        fork: Routes(choose),
    })
}

/// Two functions over the same arguments: one runs here, one gives a future. The second is told the
/// [`origin`](Here::origin) of its call.
#[doc(hidden)]
#[derive(Debug)]
pub struct Both<A, S, C> {
    arguments: A,
    here: S,
    away: C,
}

impl<A, S, C, F> Away for Both<A, S, C>
where
    C: FnOnce(A, &'static str) -> F,
    F: Future,
{
    type Future = F;

    #[inline(always)]
    fn away(self) -> F {
        (self.away)(self.arguments, type_name::<S>())
    }
}

impl<A, S, C, F> Here for Both<A, S, C>
where
    S: FnOnce(A) -> F::Output,
    C: FnOnce(A, &'static str) -> F,
    F: Future,
{
    #[inline(always)]
    fn here(self) -> F::Output {
        (self.here)(self.arguments)
    }

    fn origin() -> &'static str {
        type_name::<S>()
    }
}

/// Makes a call of two functions over the same arguments.
#[doc(hidden)]
#[inline(always)]
pub const fn both<A, T, S, C, F>(arguments: A, here: S, away: C) -> Call<Forked<Both<A, S, C>, F>>
where
    S: FnOnce(A) -> T,
    C: FnOnce(A, &'static str) -> F,
    F: Future<Output = T>,
{
    Call::new(Forked::Fresh {
        fork: Both {
            arguments,
            here,
            away,
        },
    })
}

/// Makes a call of any future, or of anything that becomes one: for inline use, and for functions
/// of other crates.
///
/// `into_future` is called when the call is finished, not before.
///
/// # Examples
///
/// ```
/// use smartasync::smart;
///
/// async fn fetch(url: &str) -> usize {
///     url.len()
/// }
///
/// assert_eq!(smart(fetch("http://localhost/")).wait(), 17);
/// ```
#[inline]
pub fn smart<F: IntoFuture>(future: F) -> Call<impl Work<Output = F::Output>> {
    both(
        future,
        |future: F| drive::wait_for(future.into_future()),
        |future, _| future.into_future(),
    )
}

/// Makes a call of a closure that blocks: `.wait()` calls it here, `.await` runs it on the offload
/// pool.
///
/// # Examples
///
/// ```
/// use smartasync::{block_on, smart_sync};
///
/// assert_eq!(smart_sync(|| 1 + 1).wait(), 2);
/// assert_eq!(block_on(smart_sync(|| 1 + 1)), 2);
/// ```
#[cfg(feature = "std")]
pub fn smart_sync<T, F>(f: F) -> Call<impl Work<Output = T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    both(f, |f| f(), |f, _| crate::offload(f))
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
        f.write_str(drive::REFUSAL)
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
