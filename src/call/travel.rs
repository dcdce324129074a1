//! How the arguments of a sync smart function travel to the offload pool.
//!
//! A list of arguments is a nested pair, for example `(Ref(a), (Val(b), ()))`. [`Pack`] makes the
//! list owned before it travels, and lends it to the body on the pool. An argument `&T` travels as
//! `<T as ToOwned>::Owned`, and the body gets it as `&T` again.
//!
//! There are two ways to reach the body on the pool. [`packed`] makes the body a closure over the
//! lent list, and the pool calls this closure. [`travel_again`] calls the whole function again. A
//! method with `&self` needs the second way, because `self` cannot be a parameter of a closure.

use crate::call::work::{BecomeFuture, Forked, RunInPlace};
use crate::call::{Call, Work};
use crate::pool::{Offload, offload};
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

/// A type that can travel as an owned copy, if the argument is a reference.
#[diagnostic::on_unimplemented(
    message = "a sync smart function cannot take `&{Self}`, because it could not travel to the offload pool when the function is awaited",
    label = "a function in here takes `&{Self}`",
    note = "derive `Clone` for the type and make it `Send`, take an `Arc` of it, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait TravelsOwned: ToOwned<Owned: Send + 'static> + 'static {}

#[diagnostic::do_not_recommend]
impl<T: ToOwned<Owned: Send + 'static> + ?Sized + 'static> TravelsOwned for T {}

/// A type that can travel by value.
#[diagnostic::on_unimplemented(
    message = "a sync smart function cannot take `{Self}`, because it could not travel to the offload pool when the function is awaited",
    label = "a function in here takes `{Self}`",
    note = "take something that is `Send + 'static`, with these two as bounds where it is generic, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait Travels: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> Travels for T {}

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
#[diagnostic::on_unimplemented(
    message = "the arguments of a sync smart function have to travel to the offload pool when it is awaited, and these cannot",
    label = "an argument in here cannot travel",
    note = "take arguments that are `Send + 'static`, or references to what can be cloned; or write `#[maybe_async] async fn` if it does not block"
)]
pub trait Pack {
    /// The arguments as the body gets them, borrowed for `'x`.
    type Lent<'x>;
    /// The arguments as they travel.
    type Owned: Send + 'static;
    /// Prepares the arguments for a body that runs on this thread. (All references get the same
    /// lifetime, because `Lent` has only one.)
    fn unpack<'x>(self) -> Self::Lent<'x>
    where
        Self: 'x;

    /// Makes the arguments owned. This is the only place that clones an argument.
    fn pack(self) -> Self::Owned;

    /// Lends the arguments to the body.
    fn lend(owned: &mut Self::Owned) -> Self::Lent<'_>;
}

impl Pack for () {
    type Lent<'x> = ();
    type Owned = ();

    fn unpack<'x>(self)
    where
        Self: 'x,
    {
    }

    fn pack(self) {}

    fn lend((): &mut ()) {}
}

impl<T, R> Pack for (Ref<'_, T>, R)
where
    T: TravelsOwned + ?Sized,
    R: Pack,
{
    type Lent<'x> = (&'x T, R::Lent<'x>);
    type Owned = (T::Owned, R::Owned);

    #[inline]
    fn unpack<'x>(self) -> Self::Lent<'x>
    where
        Self: 'x,
    {
        (self.0.0, self.1.unpack())
    }

    fn pack(self) -> Self::Owned {
        (self.0.0.to_owned(), self.1.pack())
    }

    fn lend(owned: &mut Self::Owned) -> Self::Lent<'_> {
        (owned.0.borrow(), R::lend(&mut owned.1))
    }
}

impl<T, R> Pack for (Val<T>, R)
where
    T: Travels,
    R: Pack,
{
    type Lent<'x> = (T, R::Lent<'x>);
    type Owned = (Option<T>, R::Owned);

    #[inline]
    fn unpack<'x>(self) -> Self::Lent<'x>
    where
        Self: 'x,
    {
        (self.0.0, self.1.unpack())
    }

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
pub const fn by_reference<T: TravelsOwned + ?Sized>(argument: &T) -> Ref<'_, T> {
    Ref(argument)
}

/// Wraps an argument that the caller passed by value. Its bound checks that the argument can
/// travel, as that of [`by_reference`] does.
#[inline]
pub const fn by_value<T: Travels>(argument: T) -> Val<T> {
    Val(argument)
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
#[inline(always)]
pub const fn packed<P, R, F>(arguments: P, body: F) -> Call<Forked<Packed<P, R, F>, Offload<R>>>
where
    P: Pack,
    R: TravelsBack,
    F: for<'x> FnOnce(P::Lent<'x>) -> R + BodyTravels,
{
    Call::new(Forked::Fresh {
        fork: Packed {
            body,
            arguments,
            travel: travel_body,
        },
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

impl<P, R, F> RunInPlace for Packed<P, R, F>
where
    P: Pack,
    F: for<'x> FnOnce(P::Lent<'x>) -> R,
{
    #[inline(always)]
    fn run_in_place(self) -> R {
        (self.body)(self.arguments.unpack())
    }
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
