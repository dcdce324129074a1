//! [`Smart`]: a value, or a future of a value, chosen at run time.

use crate::executor;
use alloc::boxed::Box;
use core::fmt;
use core::mem;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Holds a value, a boxed `Send` future of a value, or a future of another `Smart`.
///
/// Use it as the return type of a function that finds out at run time whether its caller has to
/// wait.
///
/// A loop resolves a chain of nested `Smart`s, so a million levels need no stack. (Dropping an
/// unresolved chain does need stack, because each level is inside another future.)
///
/// # Cancel safety
///
/// If you drop it, you drop the future that it holds at that moment.
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

// `Smart` moves its value out and never pins it.
impl<T> Unpin for Smart<'_, T> {}

impl<'a, T> Smart<'a, T> {
    /// Makes a `Smart` of a value.
    pub const fn ready(value: T) -> Self {
        Self {
            state: State::Ready(value),
        }
    }

    /// Makes a `Smart` of a future, and boxes the future.
    pub fn future(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self {
            state: State::Future(Box::pin(future)),
        }
    }

    /// Makes a `Smart` of a future whose output is another `Smart`, and boxes the future.
    pub fn nested(future: impl Future<Output = Self> + Send + 'a) -> Self {
        Self {
            state: State::Nested(Box::pin(future)),
        }
    }

    /// Applies `f` to the value: at once if this holds a value, otherwise when its future is ready.
    pub fn map<U>(self, f: impl FnOnce(T) -> U + Send + 'a) -> Smart<'a, U>
    where
        T: Send + 'a,
    {
        match self.into_state() {
            State::Ready(value) => Smart::ready(f(value)),
            state => Smart::future(async move { f(Smart { state }.await) }),
        }
    }

    /// Waits for the value in sync code, on this thread's loop.
    ///
    /// # Blocking
    ///
    /// Blocks this thread until the value is ready.
    ///
    /// # Panics
    ///
    /// Panics in async code, as [`Call::wait`](crate::Call::wait) does, even if this holds a value
    /// already. Panics if a future in it panics.
    #[cfg_attr(feature = "std", track_caller)]
    pub fn wait(self) -> T {
        executor::refuse_in_async();
        match self.into_state() {
            State::Ready(value) => value,
            state => executor::wait(pin!(Some(Smart { state })), false),
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
