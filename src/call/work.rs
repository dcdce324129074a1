//! The kinds of [`Work`]: what is in a [`Call`].
//!
//! [`Driven`] is a future, which a wait drives. [`Forked`] is a choice that its caller has not made
//! yet: it runs in place, or becomes a future. It holds one of these forks:
//!
//! | fork | what it is |
//! | --- | --- |
//! | [`Both`] | two functions over the same arguments: one runs the body, one makes a future |
//! | [`Routes`] | one closure that is told which [`Route`] was taken. It serves the `self` of a `#[maybe_async]` function, which cannot be an argument of a closure, and which two closures would hold twice |
//! | [`Packed`](crate::call::travel::Packed) | the body of a sync function, its arguments, and how they travel to the pool |
//!
//! The future of a sync function is an [`Offload`](crate::Offload). The future of a
//! `#[maybe_async]` function is its async copy. A fork owns its arguments, so nothing is cloned and
//! nothing runs before the caller has chosen.

use crate::call::Call;
use crate::executor;
use core::any::type_name;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;

/// Keeps [`Work`] to this crate.
#[doc(hidden)]
pub trait Sealed {}

/// What a [`Call`] does when it is awaited or waited for.
///
/// You need it only in signatures, as in `fn load() -> Call<impl Work<Output = Page>>`. It is
/// sealed: the macros and functions of this crate make every kind of it.
pub trait Work: Future + Sealed {
    /// Runs on this thread, without asking whether it may block: in a sync copy or on the pool.
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
        executor::refuse_in_async();
        self.run()
    }

    /// Names the function that it is the work of: see [`RunInPlace::origin`].
    #[doc(hidden)]
    fn origin(&self) -> &'static str {
        ""
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
        executor::wait_for(self.future)
    }

    // The wait asks whether it may block, so this does not ask first.
    #[inline]
    #[cfg_attr(feature = "std", track_caller)]
    fn run_if_allowed(self) -> F::Output {
        executor::block_on(self.future)
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

/// How the caller finishes the call.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Route {
    /// `.wait()`: return [`Routed::Here`].
    Here,
    /// `.await`: return [`Routed::Away`].
    Away,
}

/// What the closure of [`Routes`] returns for a [`Route`].
///
/// It returns the body as a closure and does not run it. So the output of the body passes through no
/// enum, and the optimiser reduces a wait to the code of the body.
#[doc(hidden)]
#[derive(Debug)]
pub enum Routed<B, F> {
    /// The body, a closure.
    Here(B),
    /// The future that runs it.
    Away(F),
}

/// Returns the body. Its bound tells the compiler that the closure is called once, so that it may
/// move what it owns.
#[doc(hidden)]
#[inline(always)]
pub const fn here<T, B, F>(body: B) -> Routed<B, F>
where
    B: FnOnce() -> T,
{
    Routed::Here(body)
}

/// A fork that can be awaited.
#[doc(hidden)]
pub trait BecomeFuture {
    /// The future that it becomes.
    type Future: Future;

    /// Makes the future.
    fn become_future(self) -> Self::Future;
}

/// A fork that can be waited for.
#[doc(hidden)]
pub trait RunInPlace: BecomeFuture {
    /// Runs on this thread, without asking whether it may block.
    fn run_in_place(self) -> <Self::Future as Future>::Output;

    /// Tells one function from another. A sync method calls itself by its name on the pool, and could
    /// find another method of that name.
    fn origin() -> &'static str {
        ""
    }
}

pin_project! {
    /// Work that runs in place or becomes a future, as the caller chooses.
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

impl<K: BecomeFuture<Future = F>, F: Future> Future for Forked<K, F> {
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
            let future = fork.become_future();
            self.set(Self::Begun { future });
        }
    }
}

impl<K, F> Sealed for Forked<K, F> {}

// Inlined at all levels of optimisation, up to `Call::wait`, so that only the code of the body is
// left of a call.
impl<K: RunInPlace<Future = F>, F: Future> Work for Forked<K, F> {
    #[inline(always)]
    fn run(self) -> F::Output {
        match self {
            Self::Fresh { fork } => fork.run_in_place(),
            Self::Begun { future } => executor::wait_for(future),
            Self::Taken => panic!("a `Call` was waited for after it had panicked"),
        }
    }

    #[inline(always)]
    #[cfg_attr(feature = "std", track_caller)]
    fn run_if_allowed(self) -> F::Output {
        match self {
            Self::Fresh { fork } => {
                executor::refuse_in_async();
                fork.run_in_place()
            }
            Self::Begun { future } => executor::block_on(future),
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

/// A fork that is one closure, which is told the [`Route`].
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

    #[inline(always)]
    fn become_future(self) -> F {
        match (self.0)(Route::Away) {
            Routed::Away(future) => future,
            Routed::Here(_) => unreachable!("the closure takes the route that it is told"),
        }
    }
}

impl<T, B, C, F> RunInPlace for Routes<C>
where
    B: FnOnce() -> T,
    C: FnOnce(Route) -> Routed<B, F>,
    F: Future<Output = T>,
{
    #[inline(always)]
    fn run_in_place(self) -> T {
        match (self.0)(Route::Here) {
            Routed::Here(body) => body(),
            Routed::Away(_) => unreachable!("the closure takes the route that it is told"),
        }
    }
}

/// Makes a call of a closure that is told its route.
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

/// A fork that is two functions over the same arguments: one runs, one makes a future. The second is
/// told the [`origin`](RunInPlace::origin) of its call.
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

    #[inline(always)]
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
    #[inline(always)]
    fn run_in_place(self) -> F::Output {
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

/// Makes a call of any future, or of any other [`IntoFuture`].
///
/// Use it inline, or for functions of other crates. The call runs `into_future` when you finish it,
/// not before.
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
        |future: F| executor::wait_for(future.into_future()),
        |future, _| future.into_future(),
    )
}

/// Makes a call of a closure that blocks. `.wait()` calls it on this thread, `.await` runs it on the
/// offload pool.
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
