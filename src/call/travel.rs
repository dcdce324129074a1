//! How the arguments of a sync smart function travel to the offload pool.
//!
//! A [`List`] of arguments is a nested pair, for example `(Ref(a), (Val(b), ()))`. [`Pack`] makes the
//! list owned before it travels, and lends it to the body on the pool. An argument `&T` travels as
//! `<T as ToOwned>::Owned`, and the body gets it as `&T` again.
//!
//! There are two ways to reach the body on the pool. [`packed`] makes the body a closure over the
//! lent list, and the pool calls this closure. [`travel_again`] calls the whole function again. A
//! method with `&self` needs the second way, because `self` cannot be a parameter of a closure.

use crate::call::work::{BecomeFuture, Both, Forked, RunInPlace, both};
use crate::call::{Call, Work};
use crate::pool::{Offload, offload};
use core::any::type_name;
use core::borrow::Borrow;
use std::borrow::ToOwned;

/// An argument that the caller passed by reference.
#[derive(Debug)]
pub struct Ref<'a, T: ?Sized>(pub &'a T);

impl<T: ?Sized> Clone for Ref<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Ref<'_, T> {}

/// An argument that the caller passed by value.
#[derive(Debug)]
pub struct Val<T>(pub T);

/// Decides whether an argument `&'a T` can travel, as an owned copy. See [`TakesValue`].
#[diagnostic::on_unimplemented(
    message = "a sync smart function cannot take `&{T}`, because it could not travel to the offload pool when the function is awaited",
    label = "a function in here takes `&{T}`",
    note = "derive `Clone` for the type and make it `Send`, take an `Arc` of it, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait TakesReference<'a, T: ?Sized, Answer> {
    /// The argument in the list.
    type Carrier;

    /// Puts the argument into the list.
    fn carry(argument: &'a T) -> Self::Carrier;
}

#[diagnostic::do_not_recommend]
impl<'a, T: ToOwned<Owned: Send> + ?Sized + 'a> TakesReference<'a, T, Yes> for () {
    type Carrier = Ref<'a, T>;

    #[inline]
    fn carry(argument: &'a T) -> Ref<'a, T> {
        Ref(argument)
    }
}

#[diagnostic::do_not_recommend]
impl<'a, T: Never + ?Sized + 'a> TakesReference<'a, T, No> for () {
    type Carrier = Ref<'a, T>;

    fn carry(argument: &'a T) -> Ref<'a, T> {
        Ref(argument)
    }
}

/// Decides whether an argument of the type `T` can travel by value.
///
/// The `Answer` is inferred, and there is an implementation for each. Both match every `T`, so the
/// compiler decides by their bounds, and if neither holds, [`by_value`] has no type. Then the
/// compiler says nothing more about the call. If there were one implementation, the compiler would
/// go on with its `Carrier`, and report the same bound again in [`packed`]. (And with an inferred
/// type in it, the compiler does not suggest this trait as a bound for the user's function.)
#[diagnostic::on_unimplemented(
    message = "a sync smart function cannot take `{T}`, because it could not travel to the offload pool when the function is awaited",
    label = "a function in here takes `{T}`",
    note = "take something that is `Send + 'static`, with these two as bounds where it is generic, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait TakesValue<T, Answer> {
    /// The argument in the list.
    type Carrier;

    /// Puts the argument into the list.
    fn carry(argument: T) -> Self::Carrier;
}

#[diagnostic::do_not_recommend]
impl<T: Send> TakesValue<T, Yes> for () {
    type Carrier = Val<T>;

    #[inline]
    fn carry(argument: T) -> Val<T> {
        Val(argument)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Never> TakesValue<T, No> for () {
    type Carrier = Val<T>;

    fn carry(argument: T) -> Val<T> {
        Val(argument)
    }
}

/// The argument can travel.
#[derive(Debug)]
pub enum Yes {}

/// The argument cannot travel. No type has this answer.
#[derive(Debug)]
pub enum No {}

/// A bound that no type meets.
pub trait Never {}

/// A type that can travel back from the pool.
#[diagnostic::on_unimplemented(
    message = "a sync smart function cannot return `{Self}`, because it could not travel back from the offload pool when the function is awaited",
    label = "a function in here returns `{Self}`",
    note = "return something that is `Send + 'static`, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait TravelsBack: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> TravelsBack for T {}

/// A body that can travel, together with the `self` that it captures.
#[diagnostic::on_unimplemented(
    message = "a sync smart function cannot take this `self` by value, because it could not travel to the offload pool when the function is awaited",
    label = "a function in here takes `self` by value",
    note = "make the type `Send + 'static`, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait BodyTravels: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<F: Send + 'static> BodyTravels for F {}

/// A list of arguments.
pub trait List {
    /// The arguments as the body gets them, borrowed for `'x`.
    type Lent<'x>;
}

/// A list of arguments for a body that runs on this thread. All references get the same lifetime
/// `'x`, because [`List::Lent`] has only one.
pub trait Unpack<'x>: List {
    /// Prepares the arguments for the body.
    fn unpack(self) -> Self::Lent<'x>;
}

/// A list of arguments for a body that runs on the pool.
pub trait Pack: List {
    /// The arguments as they travel.
    type Owned: Send + 'static;

    /// Makes the arguments owned. This is the only place that clones an argument.
    fn pack(self) -> Self::Owned;

    /// Lends the arguments to the body.
    fn lend(owned: &mut Self::Owned) -> Self::Lent<'_>;
}

impl List for () {
    type Lent<'x> = ();
}

impl Unpack<'_> for () {
    fn unpack(self) {}
}

impl Pack for () {
    type Owned = ();

    fn pack(self) {}

    fn lend((): &mut ()) {}
}

impl<T: ?Sized + 'static, R: List> List for (Ref<'_, T>, R) {
    type Lent<'x> = (&'x T, R::Lent<'x>);
}

impl<'a: 'x, 'x, T: ?Sized + 'static, R: Unpack<'x>> Unpack<'x> for (Ref<'a, T>, R) {
    #[inline]
    fn unpack(self) -> Self::Lent<'x> {
        (self.0.0, self.1.unpack())
    }
}

impl<T, R> Pack for (Ref<'_, T>, R)
where
    T: ToOwned<Owned: Send + 'static> + ?Sized + 'static,
    R: Pack,
{
    type Owned = (T::Owned, R::Owned);

    fn pack(self) -> Self::Owned {
        (self.0.0.to_owned(), self.1.pack())
    }

    fn lend(owned: &mut Self::Owned) -> Self::Lent<'_> {
        (owned.0.borrow(), R::lend(&mut owned.1))
    }
}

impl<T, R: List> List for (Val<T>, R) {
    type Lent<'x> = (T, R::Lent<'x>);
}

impl<'x, T, R: Unpack<'x>> Unpack<'x> for (Val<T>, R) {
    #[inline]
    fn unpack(self) -> Self::Lent<'x> {
        (self.0.0, self.1.unpack())
    }
}

impl<T: Send + 'static, R: Pack> Pack for (Val<T>, R) {
    type Owned = (Option<T>, R::Owned);

    fn pack(self) -> Self::Owned {
        (Some(self.0.0), self.1.pack())
    }

    fn lend(owned: &mut Self::Owned) -> Self::Lent<'_> {
        (
            owned.0.take().expect("the arguments are lent once"),
            R::lend(&mut owned.1),
        )
    }
}

/// Wraps an argument that the caller passed by reference. Its bound checks that the argument can
/// travel. If it cannot, the compiler can point at the argument itself.
#[inline]
pub fn by_reference<'a, T, Answer>(
    argument: &'a T,
) -> <() as TakesReference<'a, T, Answer>>::Carrier
where
    T: ?Sized,
    (): TakesReference<'a, T, Answer>,
{
    <() as TakesReference<'a, T, Answer>>::carry(argument)
}

/// Wraps an argument that the caller passed by value. Its bound checks that the argument can
/// travel, as that of [`by_reference`] does.
#[inline]
pub fn by_value<T, Answer>(argument: T) -> <() as TakesValue<T, Answer>>::Carrier
where
    (): TakesValue<T, Answer>,
{
    <() as TakesValue<T, Answer>>::carry(argument)
}

/// The body of a sync function, as a closure, and the list of its arguments.
// `travel` is a function pointer, which `packed` stores. So only `packed` needs the bounds of
// `travel_body`, and the compiler reports an argument that cannot travel only once. `body` is the
// first field: if the call is dropped before it starts, the `self` that `body` captures is dropped
// before the arguments.
#[derive(Debug)]
pub struct Packed<P, R, F> {
    body: F,
    arguments: P,
    travel: fn(P, F) -> Offload<R>,
}

/// Makes a call from `body` and the list `arguments`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub const fn packed<P, R, F>(arguments: P, body: F) -> Call<Forked<Packed<P, R, F>, Offload<R>>>
where
    P: Pack,
    R: TravelsBack,
    F: for<'x> FnOnce(P::Lent<'x>) -> R + BodyTravels,
{
    Forked::fresh(Packed {
        body,
        arguments,
        travel: travel_body,
    })
}

/// Runs `body` on the pool with the packed arguments.
fn travel_body<P, R, F>(arguments: P, body: F) -> Offload<R>
where
    P: Pack,
    R: TravelsBack,
    F: for<'x> FnOnce(P::Lent<'x>) -> R + BodyTravels,
{
    let mut owned = arguments.pack();
    offload(move || body(P::lend(&mut owned)))
}

impl<P, R, F> BecomeFuture for Packed<P, R, F> {
    type Future = Offload<R>;

    #[inline]
    fn become_future(self) -> Offload<R> {
        (self.travel)(self.arguments, self.body)
    }
}

impl<'y, P, R, F> RunInPlace for Packed<P, R, F>
where
    P: Unpack<'y>,
    F: for<'x> FnOnce(P::Lent<'x>) -> R,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn run_in_place(self) -> R {
        (self.body)(self.arguments.unpack())
    }
}

/// Makes the call of a sync function with `&self`. `method` is `Self::name`, which the pool calls.
/// `here` is a closure in the body of the function.
///
/// In the `impl` of a trait, `Self::name` finds a method of the type itself first, and that is
/// another function. Their names tell them apart. Both names are constants, so an optimised build has
/// no trace of this check. `()` stands for a method that has no complete name before it is called.
/// There the pool checks, in [`Finish::finish`].
///
/// # Panics
///
/// If `method` is another method.
#[cfg_attr(not(debug_assertions), inline(always))]
#[track_caller]
pub fn sync_method<M, A, T, S, C, F>(
    _method: M,
    arguments: A,
    here: S,
    away: C,
) -> Call<Forked<Both<A, S, C>, F>>
where
    S: FnOnce(A) -> T,
    C: FnOnce(A, &'static str) -> F,
    F: Future<Output = T>,
{
    let (body, method) = (type_name::<S>(), type_name::<M>());
    // The body of a method of a trait is in `<Type as Trait>::method`. The type's own method comes
    // first, and is `Type::method`. The first bytes tell the two apart at every optimisation level
    // without any code.
    let is_own = !matches!(method.as_bytes(), [b'<' | b'(', ..]);
    if is_own && matches!(body.as_bytes(), [b'<', ..]) {
        refuse_other_method(body, method);
    }
    both(arguments, here, away)
}

#[cold]
#[track_caller]
fn refuse_other_method(body: &str, method: &str) -> ! {
    let name = body.trim_end_matches("::{{closure}}");
    panic!(
        "the sync smart function `{name}` was called, and its type has another method of that name, `{method}`, which the offload pool would run instead: rename one of the two"
    );
}

/// Calls `again` on the pool with the packed arguments: a closure that calls the smart function
/// again.
pub fn travel_again<P, R, F>(arguments: P, again: F) -> Offload<R>
where
    P: Pack,
    R: TravelsBack,
    F: for<'x> CallsAgain<P::Lent<'x>, R> + Send + 'static,
{
    let mut owned = arguments.pack();
    offload(move || again(P::lend(&mut owned)))
}

/// A closure that calls a smart function again. A trait of its own for its sentence.
#[diagnostic::on_unimplemented(
    message = "this sync smart function with `&self` cannot be called again on the offload pool",
    label = "a function in here takes an argument that cannot travel",
    note = "take arguments that are `Send + 'static`, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait CallsAgain<A, R>: FnOnce(A) -> R {}

#[diagnostic::do_not_recommend]
impl<A, R, F: FnOnce(A) -> R> CallsAgain<A, R> for F {}

/// Calls the smart function `function` with a list of arguments, and runs the call if it is one of
/// `origin`.
pub fn again<A, R, F: Again<A, R>>(origin: &'static str, arguments: A, function: F) -> R {
    function.again(origin, arguments)
}

/// A call with any kind of work.
#[diagnostic::on_unimplemented(
    message = "a sync smart function with `&self` must be the only method of its name for its type, and another one, which returns `{Self}`, was found",
    label = "a function in here has the name of another method",
    note = "rename one of the two, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait Finish {
    /// The output of the call.
    type Output;

    /// Runs the call on this thread. Panics if the call belongs to another function than `origin`.
    fn finish(self, origin: &'static str) -> Self::Output;
}

impl<W: Work> Finish for Call<W> {
    type Output = W::Output;

    fn finish(self, origin: &'static str) -> W::Output {
        let work = self.into_work();
        let name = origin.trim_end_matches("::{{closure}}");
        assert!(
            work.origin() == origin,
            "`{name}` was awaited, and there is another method of that name for its type: rename one of the two"
        );
        work.run(false)
    }
}

/// A smart function that takes the list of arguments `A`.
///
/// This is a separate trait so that the default body of a trait method can mention its own method.
/// In such a body the compiler refuses a direct call, because the call names the hidden type of the
/// method.
#[diagnostic::on_unimplemented(
    message = "this sync smart function with `&self` cannot be called again on the offload pool",
    label = "a function in here takes too many arguments, or one that cannot travel",
    note = "take at most 24 arguments beside `&self`, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait Again<A, R> {
    /// Calls the function, and runs the call that it returns.
    fn again(self, origin: &'static str, arguments: A) -> R;
}

macro_rules! list {
    () => { () };
    ($first:ident $($rest:ident)*) => { ($first, list!($($rest)*)) };
}

/// Implements [`Again`] for a function with the given number of arguments, and for functions with
/// fewer.
macro_rules! again {
    () => {};
    ($first:ident $($rest:ident)*) => {
        impl<Function, $first, $($rest,)* Output, R> Again<list!($first $($rest)*), R> for Function
        where
            Function: FnOnce($first, $($rest),*) -> Output,
            Output: Finish<Output = R>,
        {
            #[allow(non_snake_case, reason = "the arguments are named like their types")]
            fn again(self, origin: &'static str, list!($first $($rest)*): list!($first $($rest)*)) -> R {
                self($first, $($rest),*).finish(origin)
            }
        }

        again!($($rest)*);
    };
}

again!(A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 A12 A13 A14 A15 A16 A17 A18 A19 A20 A21 A22 A23 A24);
