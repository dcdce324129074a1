//! Boxed calls: the return types of `#[boxed]` functions. They make traits with such functions
//! `dyn`-compatible, and give recursive functions a finite type.

use crate::call::work::Sealed;
use crate::call::{Call, Work};
use crate::executor;
use alloc::boxed::Box;
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

/// The return type of a `#[boxed]` smart function.
///
/// # Examples
///
/// ```
/// use smartasync::{BoxCall, smart_fn};
///
/// trait Store {
///     smart_fn!(
///         #[boxed]
///         async fn get(&self, key: &str) -> usize;
///     );
/// }
///
/// fn first(store: &dyn Store) -> BoxCall<'_, usize> {
///     store.get("first")
/// }
/// # struct Lengths;
/// # impl Store for Lengths {
/// #     smart_fn!(#[boxed] async fn get(&self, key: &str) -> usize { key.len() });
/// # }
/// # assert_eq!(first(&Lengths).wait(), 5);
/// ```
pub type BoxCall<'a, T> = Call<BoxWork<dyn DynWork<Output = T> + 'a>>;

/// The return type of a smart function with `#[boxed]` and `#[send]`: a [`BoxCall`] that is `Send`.
pub type SendBoxCall<'a, T> = Call<BoxWork<dyn DynWork<Output = T> + Send + 'a>>;

/// The `dyn`-compatible form of [`Work`].
#[doc(hidden)]
pub trait DynWork: Future + Sealed {
    fn run_boxed(self: Box<Self>) -> Self::Output;
    fn origin_boxed(&self) -> &'static str;
}

impl<W: Work> DynWork for W {
    fn run_boxed(self: Box<Self>) -> W::Output {
        (*self).run(false)
    }

    fn origin_boxed(&self) -> &'static str {
        self.origin()
    }
}

/// Work in a box. The first poll pins it. Until then the work can be moved out of the box and run.
#[doc(hidden)]
pub struct BoxWork<D: ?Sized> {
    state: State<D>,
}

enum State<D: ?Sized> {
    Fresh(Box<D>),
    Polled(Pin<Box<D>>),
    Taken,
}

impl<D: DynWork + ?Sized> Future for BoxWork<D> {
    type Output = D::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<D::Output> {
        self.state = match mem::replace(&mut self.state, State::Taken) {
            State::Fresh(work) => State::Polled(Box::into_pin(work)),
            polled => polled,
        };
        match &mut self.state {
            State::Polled(work) => work.as_mut().poll(cx),
            _ => unreachable!("the work was pinned above"),
        }
    }
}

impl<D: ?Sized> Sealed for BoxWork<D> {}

impl<D: DynWork + ?Sized> Work for BoxWork<D> {
    #[cfg_attr(feature = "std", track_caller)]
    fn run(self, asks: bool) -> D::Output {
        if asks {
            executor::refuse_in_async();
        }
        match self.state {
            State::Fresh(work) => work.run_boxed(),
            State::Polled(work) => executor::wait(work, false),
            State::Taken => unreachable!("the state is taken within a poll only"),
        }
    }

    fn origin(&self) -> &'static str {
        match &self.state {
            State::Fresh(work) => work.origin_boxed(),
            State::Polled(_) | State::Taken => "",
        }
    }
}

impl<D: ?Sized> fmt::Debug for BoxWork<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxWork").finish_non_exhaustive()
    }
}

/// Boxes a call.
#[doc(hidden)]
pub fn boxed<'a, W: Work + 'a>(call: Call<W>) -> BoxCall<'a, W::Output> {
    Call::new(BoxWork {
        state: State::Fresh(Box::new(call.into_work())),
    })
}

/// Boxes a call that is `Send`.
#[doc(hidden)]
pub fn boxed_send<'a, W: Work + Send + 'a>(call: Call<W>) -> SendBoxCall<'a, W::Output> {
    Call::new(BoxWork {
        state: State::Fresh(Box::new(call.into_work())),
    })
}
