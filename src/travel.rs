//! How the arguments of a sync smart function travel to the offload pool.
//!
//! A list of arguments is a nested pair, `(Ref(a), (Val(b), ()))`. [`Pack`] makes it owned, to be
//! sent, and lends it out again on the other side: what came as `&T` travels as `<T as
//! ToOwned>::Owned` and is lent as `&T`.
//!
//! On the other side either the body is called as a closure over the lent list ([`packed`]), or the
//! whole function is called again ([`travel_again`]): `self` cannot be a closure's parameter, so a
//! method with `&self` reaches its body only through itself.

use crate::call::{Away, Call, Forked, Here, Work};
use crate::offload::{Offload, offload};
use core::borrow::Borrow;
use std::borrow::ToOwned;

/// An argument that came as a reference.
#[derive(Debug)]
pub struct Ref<'a, T: ?Sized>(pub &'a T);

impl<T: ?Sized> Clone for Ref<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Ref<'_, T> {}

/// An argument that came by value.
#[derive(Debug)]
pub struct Val<T>(pub T);

/// What can travel as an owned copy of a reference.
#[diagnostic::on_unimplemented(
    message = "a sync smart function cannot take `&{Self}`, because it could not travel to the offload pool when the function is awaited",
    label = "a function in here takes `&{Self}`",
    note = "derive `Clone` for the type and make it `Send`, take an `Arc` of it, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait TravelsOwned: ToOwned<Owned: Send + 'static> + 'static {}

#[diagnostic::do_not_recommend]
impl<T: ToOwned<Owned: Send + 'static> + ?Sized + 'static> TravelsOwned for T {}

/// What can travel by value.
#[diagnostic::on_unimplemented(
    message = "a sync smart function cannot take `{Self}`, because it could not travel to the offload pool when the function is awaited",
    label = "a function in here takes `{Self}`",
    note = "take something that is `Send + 'static`, with these two as bounds where it is generic, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait Travels: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> Travels for T {}

/// What can travel back from the pool.
#[diagnostic::on_unimplemented(
    message = "a sync smart function cannot return `{Self}`, because it could not travel back from the offload pool when the function is awaited",
    label = "a function in here returns `{Self}`",
    note = "return something that is `Send + 'static`, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait TravelsBack: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + 'static> TravelsBack for T {}

/// A body that can travel, with the `self` in it.
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
    /// The arguments as the body takes them, borrowed for `'x`.
    type Lent<'x>;
    /// The arguments on their way.
    type Owned: Send + 'static;
    /// Gives them to a body that runs here. (All references get one lifetime, or the compiler would
    /// want one of all that the caller has.)
    fn unpack<'x>(self) -> Self::Lent<'x>
    where
        Self: 'x;

    /// Makes the arguments owned. The only place where any is cloned.
    fn pack(self) -> Self::Owned;

    /// Lends them to the body.
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

/// An argument that came as a reference. Asks here, where the compiler can point at the argument,
/// whether it can travel.
#[inline]
pub const fn by_reference<T: TravelsOwned + ?Sized>(argument: &T) -> Ref<'_, T> {
    Ref(argument)
}

/// An argument that came by value. Asks whether it can travel, as [`by_reference`] does.
#[inline]
pub const fn by_value<T: Travels>(argument: T) -> Val<T> {
    Val(argument)
}

/// The body of a sync function, a closure over the list of its arguments, and that list.
// `travel` is what `packed` has seen to be possible, so that what is not is refused there, and not
// a second time. What is captured by the body, `self` that is, is dropped first, if the call is
// dropped as it is.
#[derive(Debug)]
pub struct Packed<P, R, F> {
    body: F,
    arguments: P,
    travel: fn(P, F) -> Offload<R>,
}

/// Makes a call of `body` over the list `arguments`.
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

impl<P, R, F> Away for Packed<P, R, F> {
    type Future = Offload<R>;

    #[inline]
    fn away(self) -> Offload<R> {
        (self.travel)(self.arguments, self.body)
    }
}

impl<P, R, F> Here for Packed<P, R, F>
where
    P: Pack,
    F: for<'x> FnOnce(P::Lent<'x>) -> R,
{
    #[inline(always)]
    fn here(self) -> R {
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

/// A call, whatever its work.
#[diagnostic::on_unimplemented(
    message = "a sync smart function with `&self` must be the only method of its name for its type, and another one, which returns `{Self}`, was found",
    label = "a function in here has the name of another method",
    note = "rename one of the two, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait Finish {
    /// What it gives.
    type Output;

    /// Runs it here. Panics if it is the call of another function.
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
        work.run()
    }
}

/// A smart function over the list of arguments `A`. A trait of its own, so that a method's default
/// body in a trait can mention itself: there the compiler would refuse the call as such, because it
/// names the method's hidden type.
#[diagnostic::on_unimplemented(
    message = "this sync smart function with `&self` cannot be called again on the offload pool",
    label = "a function in here takes too many arguments, or one that cannot travel",
    note = "take at most 24 arguments beside `&self`, or write `#[maybe_async] async fn` if it does not block"
)]
pub trait Again<A, R> {
    /// Calls the function and runs the call.
    fn again(self, origin: &'static str, arguments: A) -> R;
}

macro_rules! list {
    () => { () };
    ($first:ident $($rest:ident)*) => { ($first, list!($($rest)*)) };
}

/// Implements [`Again`] for a function of so many arguments, and for those of fewer.
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
