//! [`Smart`]: a value that may be there, or may have to be awaited, as decided at run time.

use crate::executor;
use alloc::boxed::Box;
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A value, a boxed `Send` future of one, or a future of another `Smart`: for functions that find
/// out while they run.
///
/// A chain of nested `Smart`s is resolved in a loop: a million levels need no stack. (Dropping such
/// a chain unresolved does: each level is inside a future of its own.)
///
/// # Cancel safety
///
/// Dropping it drops the future that it is at.
///
/// # Examples
///
/// ```
/// use smartasync::Smart;
///
/// fn load(cached: bool) -> Smart<'static, u32> {
///     if cached { Smart::ready(1) } else { Smart::future(async { 2 }) }
/// }
///
/// assert_eq!(load(true).wait(), 1);
/// assert_eq!(load(false).map(|n| n + 1).wait(), 3);
/// async fn load_later() -> Smart<'static, u32> {
///     load(false)
/// }
/// assert_eq!(Smart::nested(load_later()).wait(), 2);
/// ```
#[must_use = "a `Smart` does nothing until it is finished with `.wait()` in sync code or `.await` in async code"]
pub struct Smart<'a, T> {
    state: State<'a, T>,
}

enum State<'a, T> {
    Ready(T),
    Future(BoxFuture<'a, T>),
    Nested(BoxFuture<'a, Smart<'a, T>>),
    Taken,
}

// A value in it is moved out, never pinned.
impl<T> Unpin for Smart<'_, T> {}

impl<'a, T> Smart<'a, T> {
    /// A value that is there.
    pub const fn ready(value: T) -> Self {
        Self {
            state: State::Ready(value),
        }
    }

    /// A value that `future` brings. Boxes the future.
    pub fn future(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self {
            state: State::Future(Box::pin(future)),
        }
    }

    /// A value that the `Smart` brings which `future` brings. Boxes the future.
    pub fn nested(future: impl Future<Output = Self> + Send + 'a) -> Self {
        Self {
            state: State::Nested(Box::pin(future)),
        }
    }

    /// Applies `f` to the value: now if it is there, else when it comes.
    pub fn map<U>(self, f: impl FnOnce(T) -> U + Send + 'a) -> Smart<'a, U>
    where
        T: Send + 'a,
    {
        match self.into_state() {
            State::Ready(value) => Smart::ready(f(value)),
            state => Smart::future(async move { f(Smart { state }.await) }),
        }
    }

    /// Resolves it in sync code, on this thread's loop.
    ///
    /// # Blocking
    ///
    /// Blocks this thread until the value is there.
    ///
    /// # Panics
    ///
    /// In async code, as [`Call::wait`](crate::Call::wait), also where the value is there already.
    /// Also where a future in it panics.
    #[cfg_attr(feature = "std", track_caller)]
    pub fn wait(self) -> T {
        executor::refuse_in_async();
        match self.into_state() {
            State::Ready(value) => value,
            state => executor::wait_for(Smart { state }),
        }
    }

    fn into_state(self) -> State<'a, T> {
        self.state
    }
}

impl<T> Future for Smart<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        loop {
            match &mut self.state {
                State::Ready(_) => {}
                State::Future(future) => {
                    let value = ready!(future.as_mut().poll(cx));
                    self.state = State::Ready(value);
                }
                State::Nested(future) => {
                    let inner = ready!(future.as_mut().poll(cx));
                    self.state = inner.into_state();
                    continue;
                }
                State::Taken => panic!("a `Smart` was polled after it had given its value"),
            }
            if let State::Ready(value) = mem::replace(&mut self.state, State::Taken) {
                return Poll::Ready(value);
            }
        }
    }
}

impl<T> From<T> for Smart<'_, T> {
    fn from(value: T) -> Self {
        Self::ready(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Smart<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            State::Ready(value) => f.debug_tuple("Ready").field(value).finish(),
            State::Future(_) => f.write_str("Future(..)"),
            State::Nested(_) => f.write_str("Nested(..)"),
            State::Taken => f.write_str("Taken"),
        }
    }
}
