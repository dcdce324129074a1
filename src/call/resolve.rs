//! What `smart_await!` and `smart_continuation!` expand to: how a value, a future, or a future of a
//! future … is told apart, by type alone.
//!
//! In async code a [`Value`] stands for a type. [`value.look()`](Look) finds, by the order in which
//! the compiler looks for methods, the first of: a future of something that can be awaited, a
//! future, a plain value. For one level and for none, which is nearly all there is, that is the
//! plan. What is deeper is [`Nested`], which is tried at eight levels, then dereferences to seven,
//! and so on: its methods are there for the number of levels that the type has.
//!
//! In sync code each level may be a [`Call`] or another future, so it is done a level at a time. A
//! [`Probe`] stands for a type. `probe.sync_step()` finds the first of: a method of the probe
//! itself, which is there for a call only, that of a trait for a future, and for a plain value. A
//! step over a call or a future gives the probe of its output, a step over a value a [`Plan`]; a
//! step of a plan is the plan. After nine steps there is a plan, or the nesting is deeper than
//! eight levels.
//!
//! The compiler looks for methods anew in each `smart_await!`, so what it has to look at is kept
//! small: that is most of what a `smart_await!` costs to compile.

use crate::call::work::{Driven, Sealed};
use crate::call::{Call, Work};
use crate::executor;
use core::future::{self, Ready};
use core::marker::PhantomData;
use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

/// Stands for the type `T`, found after the steps `P`, in sync code.
#[derive(Debug)]
pub struct Probe<T, P>(PhantomData<fn() -> (T, P)>);

impl<T> Probe<T, Start> {
    /// The probe of a value's type.
    #[inline]
    pub const fn of(_value: &T) -> Self {
        Self(PhantomData)
    }
}

/// The steps `P` lead to a plain value.
#[derive(Debug)]
pub struct Plan<P: ?Sized>(PhantomData<fn(&P)>);

impl<P: ?Sized> Plan<P> {
    /// There is nothing left to resolve.
    #[inline]
    #[must_use]
    pub const fn sync_step(self) -> Self {
        self
    }

    /// Resolves `value` in async code.
    #[inline]
    pub fn resolve_async<T>(self, value: T) -> P::Future
    where
        P: ResolveAsync<T>,
    {
        P::resolve_async(value)
    }

    /// Resolves `value` in sync code.
    #[inline(always)]
    pub fn resolve_sync<T>(self, value: T) -> P::Output
    where
        P: ResolveSync<T>,
    {
        P::resolve_sync(value)
    }

    /// Takes hold of `value`, for a continuation.
    #[inline]
    pub const fn hold<T>(self, value: T) -> Plain<T> {
        Plain(value)
    }
}

/// Fails with the sentence for types that are nested too deeply.
#[diagnostic::on_unimplemented(
    message = "`smart_await!` resolves at most 8 levels of futures, and this one is deeper, or its type is not known here",
    label = "more than 8 levels deep, or of a type that is still to be inferred",
    note = "await the outer levels first, `smart_await!(outer.await)`; or say the type, `smart_await!(parse::<u8>())`"
)]
pub trait AtMostEightLevels {}

/// No value has this type. For it the bound is met, so that an expression whose type is unknown,
/// because there is an error in it, is not told that it is too deep as well: the compiler takes
/// what is unknown for the one type that fits.
#[derive(Debug)]
pub enum Unknown {}

impl Future for Unknown {
    type Output = Self;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self> {
        match *self {}
    }
}

#[diagnostic::do_not_recommend]
impl<P> AtMostEightLevels for Probe<Unknown, P> {}

#[diagnostic::do_not_recommend]
impl AtMostEightLevels for NineLevels<Unknown> {}

impl<T, P> Probe<T, P> {
    /// Never called: the probe is at a ninth level.
    pub fn resolve_sync<V, R>(self, _value: V) -> R
    where
        Self: AtMostEightLevels,
    {
        unreachable!("the bound is never met")
    }
}

impl<W: Work, P> Probe<Call<W>, P> {
    /// A step over a smart call, in sync code.
    #[inline]
    #[must_use]
    pub const fn sync_step(self) -> Probe<W::Output, (P, CallStep)> {
        Probe(PhantomData)
    }
}

/// A step over a future in sync code, or the end of the steps.
pub trait SyncStep {
    /// The probe of its output, or the plan.
    type Next;

    /// Makes it.
    fn sync_step(self) -> Self::Next;
}

impl<F: IntoFuture, P> SyncStep for Probe<F, P> {
    type Next = Probe<F::Output, (P, FutureStep)>;

    #[inline]
    fn sync_step(self) -> Self::Next {
        Probe(PhantomData)
    }
}

impl<T, P> SyncStep for &Probe<T, P> {
    type Next = Plan<P>;

    #[inline]
    fn sync_step(self) -> Self::Next {
        Plan(PhantomData)
    }
}

/// No step yet.
#[derive(Debug)]
pub struct Start;

/// The step over a [`Call`] in sync code.
#[derive(Debug)]
pub struct CallStep;

/// The step over a future.
#[derive(Debug)]
pub struct FutureStep;

/// Stands for the type of the value in it, in async code. (A constructor costs the compiler less
/// than a function.)
#[derive(Debug)]
pub struct Value<'a, T>(pub &'a T);

impl<T> Clone for Value<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Value<'_, T> {}

/// The look at a value. The more references in front of it, the earlier the compiler tries it.
pub trait Look {
    /// The plan.
    type Plan;

    /// Makes it.
    fn look(self) -> Self::Plan;
}

impl<F> Look for &&Value<'_, F>
where
    F: IntoFuture<Output: IntoFuture>,
{
    type Plan = NineLevels<F>;

    #[inline]
    fn look(self) -> Self::Plan {
        NineLevels(PhantomData)
    }
}

impl<F: IntoFuture> Look for &Value<'_, F> {
    type Plan = Single;

    #[inline]
    fn look(self) -> Single {
        Single
    }
}

impl<T> Look for Value<'_, T> {
    type Plan = Plan<Start>;

    #[inline]
    fn look(self) -> Plan<Start> {
        Plan(PhantomData)
    }
}

/// The plan for a future of a plain value.
#[derive(Debug)]
pub struct Single;

impl Single {
    /// Resolves the future: it is awaited as it is, so it adds nothing to the future around it.
    #[inline]
    pub fn resolve_async<F>(self, future: F) -> F {
        future
    }

    /// Takes hold of the future, for a continuation.
    #[inline]
    pub fn hold<F: IntoFuture>(self, future: F) -> Coming<Driven<F::IntoFuture>> {
        Coming(Driven::new(future.into_future()))
    }
}

type One = (Start, FutureStep);
type Two = (One, FutureStep);
type Eight = (
    (
        ((((Two, FutureStep), FutureStep), FutureStep), FutureStep),
        FutureStep,
    ),
    FutureStep,
);
type Nine = (Eight, FutureStep);

/// The plan for a `T` that is a future of a future, by the steps `P` if `T` has as many levels.
#[derive(Debug)]
pub struct Nested<T, P>(PhantomData<fn() -> (T, P)>);

impl<T, P> Nested<T, P>
where
    P: ResolveAsync<T>,
{
    /// Resolves the value.
    #[inline]
    pub fn resolve_async(&self, value: T) -> P::Future {
        P::resolve_async(value)
    }

    /// Takes hold of the value, for a continuation.
    #[inline]
    pub fn hold(&self, value: T) -> Coming<Driven<P::Future>> {
        Coming(Driven::new(P::resolve_async(value)))
    }
}

impl<T, P> Deref for Nested<T, (P, FutureStep)> {
    type Target = Nested<T, P>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &Nested(PhantomData)
    }
}

/// The plan for a `T` of more than eight levels, which is a mistake, and otherwise the way to
/// [`Nested`].
#[derive(Debug)]
pub struct NineLevels<T>(PhantomData<fn() -> T>);

impl<T> NineLevels<T>
where
    Nine: ResolveAsync<T>,
{
    /// Never called. (Its output is any type, so that the sentence is all that there is to read.)
    pub fn resolve_async<R>(&self, _value: T) -> Ready<R>
    where
        Self: AtMostEightLevels,
    {
        unreachable!("the bound is never met")
    }

    /// Never called.
    pub fn hold<R>(&self, _value: T) -> Coming<Driven<Ready<R>>>
    where
        Self: AtMostEightLevels,
    {
        unreachable!("the bound is never met")
    }
}

impl<T> Deref for NineLevels<T> {
    type Target = Nested<T, Eight>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &Nested(PhantomData)
    }
}

/// Steps that resolve a `T` in async code.
pub trait ResolveAsync<T> {
    /// What is at their end.
    type Output;
    /// The future that gets there.
    type Future: Future<Output = Self::Output>;

    /// Makes the future.
    fn resolve_async(value: T) -> Self::Future;
}

impl<T> ResolveAsync<T> for Start {
    type Output = T;
    type Future = Ready<T>;

    #[inline]
    fn resolve_async(value: T) -> Ready<T> {
        future::ready(value)
    }
}

impl<F: IntoFuture> ResolveAsync<F> for (Start, FutureStep) {
    type Output = F::Output;
    type Future = F::IntoFuture;

    #[inline]
    fn resolve_async(value: F) -> F::IntoFuture {
        value.into_future()
    }
}

impl<T, P> ResolveAsync<T> for ((P, FutureStep), FutureStep)
where
    (P, FutureStep): ResolveAsync<T, Output: IntoFuture>,
{
    type Output = <<(P, FutureStep) as ResolveAsync<T>>::Output as IntoFuture>::Output;
    type Future = Flatten<
        <(P, FutureStep) as ResolveAsync<T>>::Future,
        <<(P, FutureStep) as ResolveAsync<T>>::Output as IntoFuture>::IntoFuture,
    >;

    #[inline]
    fn resolve_async(value: T) -> Self::Future {
        Flatten::Outer {
            outer: <(P, FutureStep)>::resolve_async(value),
        }
    }
}

pin_project! {
    /// A future of something that becomes a future, and then that one.
    #[project = FlattenProj]
    #[allow(missing_docs, reason = "pin-project-lite takes no documentation of a field")]
    #[derive(Debug)]
    pub enum Flatten<O, I> {
        Outer { #[pin] outer: O },
        Inner { #[pin] inner: I },
    }
}

impl<O> Future for Flatten<O, <O::Output as IntoFuture>::IntoFuture>
where
    O: Future<Output: IntoFuture>,
{
    type Output = <O::Output as IntoFuture>::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let inner = match self.as_mut().project() {
                FlattenProj::Outer { outer } => ready!(outer.poll(cx)).into_future(),
                FlattenProj::Inner { inner } => return inner.poll(cx),
            };
            self.set(Self::Inner { inner });
        }
    }
}

/// Steps that resolve a `T` in sync code.
pub trait ResolveSync<T> {
    /// What is at their end.
    type Output;

    /// Gets there.
    fn resolve_sync(value: T) -> Self::Output;
}

impl<T> ResolveSync<T> for Start {
    type Output = T;

    #[inline(always)]
    fn resolve_sync(value: T) -> T {
        value
    }
}

impl<T, P, W> ResolveSync<T> for (P, CallStep)
where
    P: ResolveSync<T, Output = Call<W>>,
    W: Work,
{
    type Output = W::Output;

    #[inline(always)]
    fn resolve_sync(value: T) -> W::Output {
        P::resolve_sync(value).into_work().run()
    }
}

impl<T, P> ResolveSync<T> for (P, FutureStep)
where
    P: ResolveSync<T, Output: IntoFuture>,
{
    type Output = <P::Output as IntoFuture>::Output;

    #[inline(always)]
    fn resolve_sync(value: T) -> Self::Output {
        executor::wait_for_own(P::resolve_sync(value).into_future())
    }
}

/// A plain value that a function is applied to.
#[derive(Debug)]
pub struct Plain<T>(T);

/// A future, as the work of a call, whose output a function is applied to.
#[derive(Debug)]
pub struct Coming<W>(W);

/// The look at what is held: for a call there is a method of the same name, which comes first.
pub trait Held: Sized {
    /// There is nothing to change.
    #[inline]
    #[must_use]
    fn held(self) -> Self {
        self
    }
}

impl<T> Held for Plain<T> {}

impl<W> Held for Coming<W> {}

impl<W: Work> Coming<Driven<Call<W>>> {
    /// Takes the work out of a call, so that waiting for the continuation runs it as waiting for
    /// the call would.
    #[inline]
    pub fn held(self) -> Coming<W> {
        Coming(self.0.into_inner().into_work())
    }
}

/// The methods that apply a function to what is held and to further arguments: at once, or in a
/// call. One for each number of arguments, as a closure's parameters are known without being
/// annotated where the bound of a method names their types.
macro_rules! then {
    ($($then:ident($($argument:ident: $Argument:ident),*))*) => {
        #[allow(clippy::too_many_arguments, reason = "as many as the continuation has")]
        impl<T> Plain<T> {
            $(
                /// Applies `f` at once.
                #[inline]
                pub fn $then<R $(, $Argument)*>(self, f: impl FnOnce(T $(, $Argument)*) -> R $(, $argument: $Argument)*) -> R {
                    f(self.0 $(, $argument)*)
                }
            )*
        }

        #[allow(clippy::too_many_arguments, reason = "as many as the continuation has")]
        impl<W: Work> Coming<W> {
            $(
                /// Makes a call that applies `f`.
                #[inline]
                pub fn $then<R $(, $Argument)*>(
                    self,
                    f: impl FnOnce(W::Output $(, $Argument)*) -> R
                    $(, $argument: $Argument)*
                ) -> Call<impl Work<Output = R>> {
                    Call::new(Map { work: self.0, f: Some(move |value| f(value $(, $argument)*)) })
                }
            )*
        }
    };
}

then! {
    then0()
    then1(a: A)
    then2(a: A, b: B)
    then3(a: A, b: B, c: C)
    then4(a: A, b: B, c: C, d: D)
    then5(a: A, b: B, c: C, d: D, e: E)
    then6(a: A, b: B, c: C, d: D, e: E, g: G)
    then7(a: A, b: B, c: C, d: D, e: E, g: G, h: H)
    then8(a: A, b: B, c: C, d: D, e: E, g: G, h: H, i: I)
}

pin_project! {
    /// Work whose output a function is applied to.
    #[derive(Debug)]
    pub struct Map<W, F> {
        #[pin]
        work: W,
        f: Option<F>,
    }
}

const SPENT: &str = "a continuation was polled after it had given its output";

impl<W, F, R> Future for Map<W, F>
where
    W: Work,
    F: FnOnce(W::Output) -> R,
{
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = self.project();
        let value = ready!(this.work.poll(cx));
        let f = this.f.take().expect(SPENT);
        Poll::Ready(f(value))
    }
}

impl<W, F> Sealed for Map<W, F> {}

// The function runs after the wait, outside of the loop: it may wait itself.
impl<W, F, R> Work for Map<W, F>
where
    W: Work,
    F: FnOnce(W::Output) -> R,
{
    fn run(self) -> R {
        let f = self.f.expect(SPENT);
        f(self.work.run())
    }

    #[cfg_attr(feature = "std", track_caller)]
    fn run_if_allowed(self) -> R {
        let f = self.f.expect(SPENT);
        f(self.work.run_if_allowed())
    }
}
