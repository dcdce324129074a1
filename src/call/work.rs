//! The kinds of [`Work`]: what a [`Call`] contains.
//!
//! [`Driven`] contains a future, which a wait drives. [`Forked`] contains a fork: a choice that the
//! caller has not made yet. A fork either runs in place or becomes a future. These are the forks:
//!
//! - [`Both`]: two functions over the same arguments. The first runs the body, the second makes a
//!   future.
//! - [`Routes`]: one closure, which gets the chosen [`Route`] as its argument. It serves
//!   `#[maybe_async]` methods with `self`, because `self` cannot be an argument of a closure, and
//!   two closures cannot both own it.
//! - [`Packed`](crate::call::travel::Packed): the body of a sync function, its arguments, and how
//!   they travel to the pool.
//!
//! The future of a sync function is an [`Offload`](crate::Offload). The future of a
//! `#[maybe_async]` function is its async copy. A fork owns its arguments. So nothing is cloned,
//! and nothing runs, before the caller has chosen.

use crate::call::Call;
use crate::executor;
use core::any::type_name;
use core::fmt;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

/// Seals [`Work`], and the `Source` of a stream: other crates cannot implement them.
#[doc(hidden)]
pub trait Sealed {}

/// The work that a [`Call`] does when you wait for it or await it.
///
/// You need this trait only in signatures, as in `fn load() -> Call<impl Work<Output = Page>>`. It
/// is sealed: the macros and functions of this crate make every kind of work.
pub trait Work: Future + Sealed {
    /// Runs the work on this thread. If `asks` is true, it panics in async code. A sync copy and
    /// the pool pass `false`, because they may block.
    #[doc(hidden)]
    fn run(self, asks: bool) -> Self::Output
    where
        Self: Sized;

    /// Names the smart function that this work belongs to: see [`RunInPlace::origin`].
    #[doc(hidden)]
    fn origin(&self) -> &'static str {
        ""
    }
}

pin_project! {
    /// Work that consists of a future.
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
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[cfg_attr(feature = "std", track_caller)]
    fn run(self, asks: bool) -> F::Output {
        executor::wait(pin!(Some(self.future)), asks)
    }
}

impl<F> fmt::Debug for Driven<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driven").finish_non_exhaustive()
    }
}

/// Makes a call from a future.
#[doc(hidden)]
#[inline]
pub const fn driven<F: Future>(future: F) -> Call<Driven<F>> {
    Call {
        work: Driven { future },
    }
}

/// How the caller finishes a call.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Route {
    /// With `.wait()`. The closure returns [`Routed::Body`].
    Wait,
    /// With `.await`. The closure returns [`Routed::Future`].
    Await,
}

/// What the closure of [`Routes`] returns for a [`Route`].
///
/// The closure returns the body as another closure, and does not run it. So the output of the body
/// passes through no enum, and the optimiser can reduce a wait to the code of the body.
#[doc(hidden)]
#[derive(Debug)]
pub enum Routed<B, F> {
    /// The body, as a closure.
    Body(B),
    /// The future that runs the body.
    Future(F),
}

/// Makes a [`Routed::Body`] from the body. The bound `FnOnce` tells the compiler that the closure
/// is called once, so the closure may move what it owns.
#[doc(hidden)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub const fn routed_body<T, B, F>(body: B) -> Routed<B, F>
where
    B: FnOnce() -> T,
{
    Routed::Body(body)
}

/// A fork that can be awaited.
#[doc(hidden)]
pub trait BecomeFuture {
    /// The future that the fork becomes.
    type Future: Future;

    /// Turns the fork into its future.
    fn become_future(self) -> Self::Future;
}

/// A fork that can be waited for.
#[doc(hidden)]
pub trait RunInPlace: BecomeFuture {
    /// Runs the body on this thread, without checking whether this thread may block.
    fn run_in_place(self) -> <Self::Future as Future>::Output;

    /// Names the function, to tell it apart from others. A sync method with `&self` calls itself by
    /// its name on the pool, and that call could find another method with the same name.
    fn origin() -> &'static str {
        ""
    }
}

pin_project! {
    /// Work that runs in place or becomes a future, as the caller chooses.
    #[doc(hidden)]
    #[project = ForkedProj]
    #[allow(missing_docs, reason = "pin-project-lite takes no documentation of a field")]
    pub enum Forked<K, F> {
        // `None` when the fork has been taken to become the future, and has panicked.
        Fresh { fork: Option<K> },
        Begun { #[pin] future: F },
    }
}

impl<K: BecomeFuture<Future = F>, F: Future> Forked<K, F> {
    /// Makes a call of a fork.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) const fn fresh(fork: K) -> Call<Self> {
        Call::new(Self::Fresh { fork: Some(fork) })
    }

    /// Turns the fork into its future. It is a function of its own, so that the fork and the future,
    /// which it moves, leave the stack before the future is polled.
    fn begin(mut self: Pin<&mut Self>) {
        if let ForkedProj::Fresh { fork } = self.as_mut().project() {
            let Some(fork) = fork.take() else {
                panic!("a `Call` was polled after it had panicked")
            };
            let future = fork.become_future();
            self.set(Self::Begun { future });
        }
    }
}

impl<K: BecomeFuture<Future = F>, F: Future> Future for Forked<K, F> {
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        loop {
            match self.as_mut().project() {
                ForkedProj::Begun { future } => return future.poll(cx),
                ForkedProj::Fresh { .. } => self.as_mut().begin(),
            }
        }
    }
}

impl<K, F> Sealed for Forked<K, F> {}

// Inlined at every optimisation level, up to `Call::wait`, so that only the code of the body
// remains of a call. Not in a debug build: there what an inlined function moves would stay on the
// stack of its caller.
impl<K: RunInPlace<Future = F>, F: Future> Work for Forked<K, F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[cfg_attr(feature = "std", track_caller)]
    fn run(self, asks: bool) -> F::Output {
        match self {
            Self::Fresh { fork: Some(fork) } => {
                if asks {
                    executor::refuse_in_async();
                }
                fork.run_in_place()
            }
            Self::Fresh { fork: None } => panic!("a `Call` was waited for after it had panicked"),
            Self::Begun { future } => wait_for_begun(future, asks),
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

/// Waits for the future of a call that a poll has begun, which is rare.
#[cold]
#[inline(never)]
#[cfg_attr(feature = "std", track_caller)]
fn wait_for_begun<F: Future>(future: F, asks: bool) -> F::Output {
    executor::wait(pin!(Some(future)), asks)
}

/// A fork that is one closure, which gets the [`Route`] as its argument.
#[doc(hidden)]
#[derive(Debug)]
pub struct Routes<C>(C);

impl<T, B, C, F> BecomeFuture for Routes<C>
where
    B: FnOnce() -> T,
    C: FnOnce(Route) -> Routed<B, F>,
    F: Future<Output = T>,
{
    type Future = F;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn become_future(self) -> F {
        match (self.0)(Route::Await) {
            Routed::Future(future) => future,
            Routed::Body(_) => unreachable!("the closure takes the route that it is told"),
        }
    }
}

impl<T, B, C, F> RunInPlace for Routes<C>
where
    B: FnOnce() -> T,
    C: FnOnce(Route) -> Routed<B, F>,
    F: Future<Output = T>,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn run_in_place(self) -> T {
        match (self.0)(Route::Wait) {
            Routed::Body(body) => body(),
            Routed::Future(_) => unreachable!("the closure takes the route that it is told"),
        }
    }
}

/// Makes a call from a closure that gets its route as an argument.
#[doc(hidden)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub const fn forked<T, B, C, F>(choose: C) -> Call<Forked<Routes<C>, F>>
where
    B: FnOnce() -> T,
    C: FnOnce(Route) -> Routed<B, F>,
    F: Future<Output = T>,
{
    Forked::fresh(Routes(choose))
}

/// A fork that is two functions over the same arguments. The first runs the body. The second makes
/// a future, and gets the [`origin`](RunInPlace::origin) of the call.
#[doc(hidden)]
#[derive(Debug)]
pub struct Both<A, S, C> {
    arguments: A,
    here: S,
    away: C,
}

impl<A, S, C, F> BecomeFuture for Both<A, S, C>
where
    C: FnOnce(A, &'static str) -> F,
    F: Future,
{
    type Future = F;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn become_future(self) -> F {
        (self.away)(self.arguments, type_name::<S>())
    }
}

impl<A, S, C, F> RunInPlace for Both<A, S, C>
where
    S: FnOnce(A) -> F::Output,
    C: FnOnce(A, &'static str) -> F,
    F: Future,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn run_in_place(self) -> F::Output {
        (self.here)(self.arguments)
    }

    fn origin() -> &'static str {
        type_name::<S>()
    }
}

/// Makes a call from two functions over the same arguments.
#[doc(hidden)]
#[cfg_attr(not(debug_assertions), inline(always))]
pub const fn both<A, T, S, C, F>(arguments: A, here: S, away: C) -> Call<Forked<Both<A, S, C>, F>>
where
    S: FnOnce(A) -> T,
    C: FnOnce(A, &'static str) -> F,
    F: Future<Output = T>,
{
    Forked::fresh(Both {
        arguments,
        here,
        away,
    })
}

/// Makes a call from any future, or from any other [`IntoFuture`].
///
/// Use it inline, or for functions of other crates. The call runs `into_future` when you finish the
/// call, not before.
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
    Forked::fresh(Given(future))
}

/// A fork that is what [`smart`] was given.
struct Given<F>(F);

impl<F: IntoFuture> BecomeFuture for Given<F> {
    type Future = F::IntoFuture;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn become_future(self) -> F::IntoFuture {
        self.0.into_future()
    }
}

impl<F: IntoFuture> RunInPlace for Given<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn run_in_place(self) -> F::Output {
        executor::wait(pin!(Some(self.0.into_future())), false)
    }
}

/// Makes a call from a closure that blocks.
///
/// `.wait()` runs the closure on this thread. `.await` runs it on the offload pool.
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
