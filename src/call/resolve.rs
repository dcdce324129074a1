//! The types that `smart_await!` and `smart_continuation!` expand to. They tell a value, a future
//! and a future of a future apart, by type alone.
//!
//! In async code a [`Value`] stands for the type of the expression.
//! [`value.choose_plan()`](ChoosePlan) relies on the order in which the compiler tries methods. It
//! finds the first match among three: a future whose output is a future too, a future, and a plain
//! value. For a plain value and for a single future, which are nearly all cases, the result is the
//! final plan. For a future of a future the result is [`NineLevels`]. It dereferences to
//! [`FutureOfFuture`] for eight levels, which dereferences to `FutureOfFuture` for seven levels,
//! and so on. The compiler uses the first of these types whose methods fit. That type has as many
//! levels as the expression.
//!
//! In sync code each level may be a [`Call`] or another future, so the expansion resolves one level
//! at a time. A [`Probe`] stands for a type. `probe.sync_step()` finds the first match among three:
//! an inherent method of the probe, which exists only for a call, a trait method for a future, and
//! a trait method for a plain value. A step over a call or a future returns the probe of its
//! output. A step over a value returns a [`Plan`], and a step of a plan returns the plan itself.
//! After nine steps there is a plan, or the expression has more than eight levels.
//!
//! The compiler searches these methods again in each `smart_await!`. This search is most of what a
//! `smart_await!` costs to compile, so the number of candidates is kept small.

use crate::call::work::Driven;
use crate::call::{Call, Work};
use crate::executor;
use core::future::{self, Ready};
use core::marker::PhantomData;
use core::ops::Deref;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

/// Stands in sync code for the type `T`, which the steps `P` lead to.
#[derive(Debug)]
pub struct Probe<T, P>(PhantomData<fn() -> (T, P)>);

impl<T> Probe<T, Start> {
    /// Makes the probe of a value's type.
    #[inline]
    pub const fn of(_value: &T) -> Self {
        Self(PhantomData)
    }
}

/// The result of the steps `P`, which lead to a plain value.
#[derive(Debug)]
pub struct Plan<P: ?Sized>(PhantomData<fn(&P)>);

impl<P: ?Sized> Plan<P> {
    /// Returns itself, because there is nothing left to resolve.
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
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn resolve_sync<T>(self, value: T) -> P::Output
    where
        P: ResolveSync<T>,
    {
        P::resolve_sync(value)
    }

    /// Holds `value` for a continuation.
    #[inline]
    pub const fn hold<T>(self, value: T) -> Plain<T> {
        Plain(value)
    }
}

/// Carries the error message for types with too many levels.
#[diagnostic::on_unimplemented(
    message = "`smart_await!` resolves at most 8 levels of futures, and this one is deeper, or its type is not known here",
    label = "more than 8 levels deep, or of a type that is still to be inferred",
    note = "await the outer levels first, `smart_await!(outer.await)`; or say the type, `smart_await!(parse::<u8>())`"
)]
pub trait AtMostEightLevels {}

/// A type without values that meets the bound [`AtMostEightLevels`].
///
/// It avoids a second error message. If an expression has an error, its type is unknown. The
/// compiler then assumes this type, because it is the only type that meets the bound. So the
/// compiler does not report too many levels as well.
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
    /// Never called. The method exists for the error message: its probe is at the ninth level.
    pub fn resolve_sync<V, R>(self, _value: V) -> R
    where
        Self: AtMostEightLevels,
    {
        unreachable!("the bound is never met")
    }
}

impl<W: Work, P> Probe<Call<W>, P> {
    /// Steps over a smart call in sync code.
    #[inline]
    #[must_use]
    pub const fn sync_step(self) -> Probe<W::Output, (P, CallStep)> {
        Probe(PhantomData)
    }
}

/// Steps over a future in sync code, or ends the steps at a plain value.
pub trait SyncStep {
    /// The probe of the output, or the plan.
    type Next;

    /// Returns the probe or the plan.
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

/// The start: no step yet.
#[derive(Debug)]
pub struct Start;

/// The step over a [`Call`] in sync code.
#[derive(Debug)]
pub struct CallStep;

/// The step over a future.
#[derive(Debug)]
pub struct FutureStep;

/// Stands in async code for the type of the value that it refers to. (The macros use the
/// constructor, because a constructor costs the compiler less than a function.)
#[derive(Debug)]
pub struct Value<'a, T>(pub &'a T);

impl<T> Clone for Value<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Value<'_, T> {}

/// Finds the plan for a value. The compiler tries the implementation with the most references
/// first.
pub trait ChoosePlan {
    /// The plan for the value.
    type Plan;

    /// Returns the plan.
    fn choose_plan(self) -> Self::Plan;
}

impl<F> ChoosePlan for &&Value<'_, F>
where
    F: IntoFuture<Output: IntoFuture>,
{
    type Plan = NineLevels<F>;

    #[inline]
    fn choose_plan(self) -> Self::Plan {
        NineLevels(PhantomData)
    }
}

impl<F: IntoFuture> ChoosePlan for &Value<'_, F> {
    type Plan = Single;

    #[inline]
    fn choose_plan(self) -> Single {
        Single
    }
}

impl<T> ChoosePlan for Value<'_, T> {
    type Plan = Plan<Start>;

    #[inline]
    fn choose_plan(self) -> Plan<Start> {
        Plan(PhantomData)
    }
}

/// The plan for a future of a plain value.
#[derive(Debug)]
pub struct Single;

impl Single {
    /// Returns the future as it is, so `smart_await!` adds nothing to the future around it.
    #[inline]
    pub fn resolve_async<F>(self, future: F) -> F {
        future
    }

    /// Holds the future for a continuation.
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

/// The plan for a `T` that is a future of a future. Its methods exist if `T` has at least as many
/// levels as the steps `P`.
#[derive(Debug)]
pub struct FutureOfFuture<T, P>(PhantomData<fn() -> (T, P)>);

impl<T, P> FutureOfFuture<T, P>
where
    P: ResolveAsync<T>,
{
    /// Resolves the value.
    #[inline]
    pub fn resolve_async(&self, value: T) -> P::Future {
        P::resolve_async(value)
    }

    /// Holds the value for a continuation.
    #[inline]
    pub fn hold(&self, value: T) -> Coming<Driven<P::Future>> {
        Coming(Driven::new(P::resolve_async(value)))
    }
}

impl<T, P> Deref for FutureOfFuture<T, (P, FutureStep)> {
    type Target = FutureOfFuture<T, P>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &FutureOfFuture(PhantomData)
    }
}

/// The plan for a `T` with more than eight levels, which is an error. For every other `T` it
/// dereferences to [`FutureOfFuture`].
#[derive(Debug)]
pub struct NineLevels<T>(PhantomData<fn() -> T>);

impl<T> NineLevels<T>
where
    Nine: ResolveAsync<T>,
{
    /// Never called. (Its output may be any type, so the compiler reports no error beside the one
    /// about the levels.)
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
    type Target = FutureOfFuture<T, Eight>;

    #[inline]
    fn deref(&self) -> &Self::Target {
        &FutureOfFuture(PhantomData)
    }
}

/// Resolves a `T` in async code. The implementing type is a list of steps.
pub trait ResolveAsync<T> {
    /// The type of the value after the last step.
    type Output;
    /// The future that takes the steps.
    type Future: Future<Output = Self::Output>;

    /// Returns the future.
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
    /// Drives a future whose output becomes another future, and then drives that future.
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

/// Resolves a `T` in sync code. The implementing type is a list of steps.
pub trait ResolveSync<T> {
    /// The type of the value after the last step.
    type Output;

    /// Takes the steps.
    fn resolve_sync(value: T) -> Self::Output;
}

impl<T> ResolveSync<T> for Start {
    type Output = T;

    #[cfg_attr(not(debug_assertions), inline(always))]
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

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn resolve_sync(value: T) -> W::Output {
        P::resolve_sync(value).into_work().run(false)
    }
}

impl<T, P> ResolveSync<T> for (P, FutureStep)
where
    P: ResolveSync<T, Output: IntoFuture>,
{
    type Output = <P::Output as IntoFuture>::Output;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn resolve_sync(value: T) -> Self::Output {
        executor::wait_for_own(pin!(Some(P::resolve_sync(value).into_future())))
    }
}

/// Holds a plain value, so that a continuation can apply a function to it.
#[derive(Debug)]
pub struct Plain<T>(T);

/// Holds a future as the work of a call, so that a continuation can apply a function to its output.
#[derive(Debug)]
pub struct Coming<W>(W);

/// Takes a held call apart. For everything else, this trait returns what is held as it is.
///
/// For a held call, [`Coming`] has an inherent method of the same name, which the compiler prefers.
pub trait Held: Sized {
    /// Returns itself, because this does not hold a call.
    #[inline]
    #[must_use]
    fn held(self) -> Self {
        self
    }
}

impl<T> Held for Plain<T> {}

impl<W> Held for Coming<W> {}

impl<W: Work> Coming<Driven<Call<W>>> {
    /// Takes the work out of a call. So a wait for the continuation runs the work just as a wait
    /// for the call does.
    #[inline]
    pub fn held(self) -> Coming<W> {
        Coming(self.0.into_inner().into_work())
    }
}

/// Defines the methods that apply a function to what is held and to further arguments. [`Plain`]
/// applies the function at once, and [`Coming`] applies it in a call.
///
/// There is one method for each number of arguments, because the bound of the method must name the
/// types of the closure's parameters. Only then can the compiler infer them without annotations.
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
                /// Makes a call that applies `f` to the output.
                #[inline]
                pub fn $then<R $(, $Argument)*>(
                    self,
                    f: impl FnOnce(W::Output $(, $Argument)*) -> R
                    $(, $argument: $Argument)*
                ) -> Call<impl Work<Output = R>> {
                    Call::new(self.0).map(move |value| f(value $(, $argument)*))
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
