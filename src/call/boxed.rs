//! Boxed calls, which have a type with a name. As the return types of `#[boxed]` functions they make
//! traits `dyn`-compatible, and give recursive functions a finite type.

use crate::call::work::Sealed;
use crate::call::{Call, Work};
use crate::executor;
use alloc::boxed::Box;
use core::fmt;
use core::mem;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

/// A call in a box that can be sent to other threads: [`Call::boxed`] and smart functions with
/// `#[boxed]` and `#[send]` return it.
///
/// Its type has a name, and depends on the output alone. So a struct or a `Vec` can keep calls of
/// several functions.
///
/// # Examples
///
/// ```
/// use smartasync::{BoxCall, smart, smart_fn};
///
/// smart_fn!(
///     #[boxed]
///     #[send]
///     async fn length(text: &str) -> usize {
///         text.len()
///     }
/// );
///
/// let calls: Vec<BoxCall<'_, usize>> = vec![length("text"), smart(async { 38 }).boxed()];
/// let sum: usize = calls.into_iter().map(|call| call.wait()).sum();
/// assert_eq!(sum, 42);
/// ```
pub type BoxCall<'a, T> = Call<BoxWork<dyn DynWork<Output = T> + Send + 'a>>;

/// A call in a box that stays on its thread: [`Call::boxed_local`] and `#[boxed]` smart functions
/// return it.
///
/// # Examples
///
/// ```
/// use smartasync::{LocalBoxCall, smart_fn};
///
/// trait Store {
///     smart_fn!(
///         #[boxed]
///         async fn get(&self, key: &str) -> usize;
///     );
/// }
///
/// fn first(store: &dyn Store) -> LocalBoxCall<'_, usize> {
///     store.get("first")
/// }
/// # struct Lengths;
/// # impl Store for Lengths {
/// #     smart_fn!(#[boxed] async fn get(&self, key: &str) -> usize { key.len() });
/// # }
/// # assert_eq!(first(&Lengths).wait(), 5);
/// ```
pub type LocalBoxCall<'a, T> = Call<BoxWork<dyn DynWork<Output = T> + 'a>>;

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
            State::Polled(work) => executor::wait(pin!(Some(work)), false),
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

impl<W: Work> Call<W> {
    /// Boxes the call, so that calls of several functions have one type.
    ///
    /// A boxed call is finished as this one: [`.wait()`](Call::wait) runs a sync body directly.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{BoxCall, smart_fn};
    /// use std::thread;
    ///
    /// smart_fn!(
    ///     async fn load(page: u32) -> u32 {
    ///         page
    ///     }
    ///
    ///     fn compute(n: u32) -> u32 {
    ///         n * n
    ///     }
    /// );
    ///
    /// struct Queue {
    ///     calls: Vec<BoxCall<'static, u32>>,
    /// }
    ///
    /// let queue = Queue { calls: vec![load(1).boxed(), compute(2).boxed()] };
    /// let sums = thread::spawn(|| queue.calls.into_iter().map(|call| call.wait()).sum::<u32>());
    /// assert_eq!(sums.join().unwrap(), 5);
    /// ```
    pub fn boxed<'a>(self) -> BoxCall<'a, W::Output>
    where
        W: Send + 'a,
    {
        Call::new(BoxWork {
            state: State::Fresh(Box::new(self.into_work())),
        })
    }

    /// Boxes the call as [`boxed`](Call::boxed) does. The call need not be `Send`, and neither is
    /// the result.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{LocalBoxCall, smart};
    /// use std::rc::Rc;
    ///
    /// let one = Rc::new(1);
    /// let call: LocalBoxCall<'static, u32> = smart(async move { *one }).boxed_local();
    /// assert_eq!(call.wait(), 1);
    /// ```
    pub fn boxed_local<'a>(self) -> LocalBoxCall<'a, W::Output>
    where
        W: 'a,
    {
        Call::new(BoxWork {
            state: State::Fresh(Box::new(self.into_work())),
        })
    }
}
