//! What stands on a thread's stack: polls, waits and marks. It decides whether the code may block.
//!
//! All of it is one number in one thread-local cell. A poll adds to the number and subtracts the
//! same again, so it costs two instructions and the address of the cell. Everything else replaces
//! the number, and a guard restores the former one, after a return and after a panic alike.

use crate::thread::runtime;
use core::cell::Cell;
use std::thread_local;

/// What stands on a thread's stack, as one number. It is zero if nothing does.
///
/// | bits | meaning |
/// | --- | --- |
/// | 0 to 23 | the number of polls since blocking was last allowed |
/// | 24 to 62 | the number of waits, one inside the other |
/// | 63 | blocking was allowed, and no poll has begun since |
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stack(u64);

impl Stack {
    pub(crate) const NOTHING: Self = Self(0);
    const POLL: u64 = 1;
    const POLLS: u64 = (1 << 24) - 1;
    const WAIT: u64 = 1 << 24;
    const BLOCKING: u64 = 1 << 63;

    /// The innermost mark says that the code is async.
    #[inline]
    const fn is_async(self) -> bool {
        self.0 & Self::POLLS != 0
    }

    /// The innermost mark says that blocking is allowed.
    #[inline]
    const fn is_blocking(self) -> bool {
        self.0 & (Self::BLOCKING | Self::POLLS) == Self::BLOCKING
    }

    /// A wait runs.
    #[inline]
    pub(crate) const fn has_wait(self) -> bool {
        self.0 & !Self::BLOCKING >= Self::WAIT
    }

    /// The same, with blocking allowed.
    #[inline]
    const fn blocking(self) -> Self {
        Self(self.0 & !Self::POLLS | Self::BLOCKING)
    }

    /// The same, with the marks of `other`.
    #[inline]
    const fn marked_as(self, other: Self) -> Self {
        const MARKS: u64 = Stack::POLLS | Stack::BLOCKING;
        Self(self.0 & !MARKS | other.0 & MARKS)
    }

    /// The same, with one more wait, which polls.
    #[inline]
    const fn waiting(self) -> Self {
        Self(self.0 + (Self::WAIT + Self::POLL))
    }
}

thread_local! {
    static STACK: Cell<Stack> = const { Cell::new(Stack::NOTHING) };
}

/// What stands on this thread's stack.
#[inline]
pub(crate) fn stack() -> Stack {
    STACK.get()
}

/// Restores the former stack when it is dropped.
#[must_use]
pub(crate) struct Scope {
    former: Stack,
}

impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        STACK.set(self.former);
    }
}

/// Replaces the stack until the returned scope is dropped.
#[inline]
fn replace(change: impl FnOnce(Stack) -> Stack) -> Scope {
    STACK.with(|stack| {
        let former = stack.get();
        stack.set(change(former));
        Scope { former }
    })
}

/// Allows blocking until the returned scope is dropped.
#[inline]
pub(crate) fn enter_blocking() -> Scope {
    replace(Stack::blocking)
}

/// Gives the code the marks of `other` until the returned scope is dropped.
pub(crate) fn enter_as(other: Stack) -> Scope {
    replace(|stack| stack.marked_as(other))
}

/// Begins a wait, which polls, until the returned scope is dropped.
#[inline]
pub(crate) fn enter_wait() -> Scope {
    replace(Stack::waiting)
}

/// [`enter_wait`], but only if nothing stands on the stack, and `status` is 0.
#[inline]
pub(crate) fn enter_outermost_wait(status: usize) -> Option<Scope> {
    STACK.with(|stack| {
        // One branch for both.
        if status as u64 | stack.get().0 != 0 {
            return None;
        }
        stack.set(Stack::NOTHING.waiting());
        Some(Scope {
            former: Stack::NOTHING,
        })
    })
}

/// Ends a poll when it is dropped.
#[must_use]
pub(crate) struct Polling(());

impl Drop for Polling {
    #[inline]
    fn drop(&mut self) {
        STACK.with(|stack| stack.set(Stack(stack.get().0 - Stack::POLL)));
    }
}

/// Marks the code as async until the returned value is dropped.
#[inline]
pub(crate) fn enter_poll() -> Polling {
    STACK.with(|stack| stack.set(Stack(stack.get().0 + Stack::POLL)));
    Polling(())
}

/// Returns whether the calling code runs inside async code, where blocking is refused.
///
/// It is `true`
///
/// - inside a poll of one of this crate's loops,
/// - inside a poll of a [`Call`](crate::Call), on any runtime,
/// - inside [`forbid_blocking`],
/// - and where the installed [`Runtime`](crate::Runtime) says so.
///
/// It is `false` inside [`allow_blocking`], on the threads of the offload pool, and everywhere else.
/// The crate cannot see a bare future that another executor polls. A [`Runtime`](crate::Runtime)
/// can tell it.
///
/// A future that the sync copy of a `#[maybe_async]` body waits for is a part of that copy. The code
/// in it is sync code, except inside the calls that it polls.
///
/// # Examples
///
/// ```
/// use smartasync::{block_on, is_async_context};
///
/// assert!(!is_async_context());
/// assert!(block_on(async { is_async_context() }));
/// ```
#[inline]
#[must_use]
pub fn is_async_context() -> bool {
    let stack = stack();
    // Without a mark it is sync code, unless the installed runtime knows better.
    stack.is_async()
        || !stack.is_blocking()
            && runtime::installed().is_some_and(|runtime| runtime.is_async_context())
}

/// Calls `f` and returns what it returns. Inside `f`, `.wait()` is allowed, even in async code.
///
/// Use it if you know that blocking this thread for a moment harms nobody, for example inside
/// tokio's `block_in_place`. It holds until `f` returns. It does not hold inside the polls of a
/// future that `f` waits for. (The Python original calls this `set_sync`. Here it has a scope.)
///
/// In a task of tokio, outside of `block_in_place`, the waits in `f` spend the budget of that task's
/// poll. When it is spent, tokio's own types stay pending until the task returns, so a wait for one
/// of them hangs, for example after 128 messages of a channel. Tokio's `block_in_place` and
/// `unconstrained` lift that limit.
///
/// # Examples
///
/// ```
/// use smartasync::{allow_blocking, block_on, smart};
///
/// let sum = block_on(async { 1 + allow_blocking(|| smart(async { 2 }).wait()) });
/// assert_eq!(sum, 3);
/// ```
pub fn allow_blocking<T>(f: impl FnOnce() -> T) -> T {
    let _scope = enter_blocking();
    f()
}

/// Calls `f` and returns what it returns. Inside `f` this thread counts as async, so `.wait()`
/// panics.
///
/// Use it to find calls that block, for example in the event loop of a user interface. (The Python
/// original calls this `set_async`. Here it has a scope.)
///
/// # Examples
///
/// ```
/// use smartasync::{forbid_blocking, smart};
///
/// assert!(forbid_blocking(|| smart(async { 1 }).try_wait().is_err()));
/// ```
pub fn forbid_blocking<T>(f: impl FnOnce() -> T) -> T {
    let _scope = enter_poll();
    f()
}

/// What a refused wait says.
pub(crate) const REFUSAL: &str = "waiting here would block an executor, because this is async code: \
     use `.await`, or move the code into a sync smart function (awaited, it runs on the offload \
     pool), or wrap it in `smartasync::allow_blocking`";

/// Panics in async code, and names the caller's line.
#[inline]
#[track_caller]
pub(crate) fn refuse_in_async() {
    if is_async_context() {
        refuse();
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn refuse() -> ! {
    panic!("{REFUSAL}")
}
