//! What kind of code is on this thread's stack: may it block?
//!
//! One thread-local cell holds the innermost [`Mark`]. Whoever changes it puts the former one back when its scope ends, by return or by
//! panic. The cell has no destructor, so it can be read at any time, also while a thread's other locals are being destroyed.

use crate::runtime;
use core::cell::Cell;
use std::thread_local;

/// The innermost statement about the code that runs now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Nobody said anything: sync code, unless the installed runtime knows better.
    Unmarked,
    /// Inside a poll: blocking would block an executor.
    Async,
    /// On a pool thread or inside `allow_blocking`: blocking is fine, whatever the runtime says.
    Blocking,
}

thread_local! {
    static MARK: Cell<Mark> = const { Cell::new(Mark::Unmarked) };
}

/// Puts the former mark back when it is dropped.
pub(crate) struct Scope {
    outer: Mark,
}

impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        MARK.set(self.outer);
    }
}

/// Marks the code that runs until the returned scope is dropped.
#[inline]
#[must_use]
pub(crate) fn enter(mark: Mark) -> Scope {
    Scope { outer: MARK.replace(mark) }
}

/// A number that no other living thread has: the address of a thread-local.
#[inline]
pub(crate) fn thread_token() -> usize {
    MARK.with(|mark| core::ptr::from_ref(mark).addr())
}

/// Says whether the calling code runs inside async code, where blocking is refused.
///
/// It is `true` inside a poll of one of this crate's loops, inside a poll of a [`Call`](crate::Call) on whatever runtime, inside
/// [`forbid_blocking`], and where the installed [`Runtime`](crate::Runtime) says so. It is `false` inside [`allow_blocking`], on the
/// threads of the offload pool, and everywhere else. The crate cannot see a bare future that some other executor polls; a
/// [`Runtime`](crate::Runtime) tells it.
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
    match MARK.get() {
        Mark::Async => true,
        Mark::Blocking => false,
        Mark::Unmarked => runtime::installed().is_some_and(|runtime| runtime.is_async_context()),
    }
}

/// Calls `f`; inside it `.wait()` is allowed, even in async code. Returns what `f` returns.
///
/// Use it where you know that blocking this thread for a moment harms nobody, in `tokio::task::block_in_place` say. It holds until `f`
/// returns, and not inside the polls of a future that is waited for in it. The Python original calls this `set_sync`; here it has a scope.
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
    let _scope = enter(Mark::Blocking);
    f()
}

/// Calls `f`; inside it this thread counts as async, so `.wait()` panics. Returns what `f` returns.
///
/// Use it in the event loop of a user interface, say, to find calls that block. The Python original calls this `set_async`; here it has a
/// scope.
///
/// # Examples
///
/// ```
/// use smartasync::{forbid_blocking, smart};
///
/// assert!(forbid_blocking(|| smart(async { 1 }).try_wait().is_err()));
/// ```
pub fn forbid_blocking<T>(f: impl FnOnce() -> T) -> T {
    let _scope = enter(Mark::Async);
    f()
}

/// What a refused wait says.
pub(crate) const REFUSAL: &str = "waiting here would block an executor, because this is async code: use `.await`, \
     or move the code into a sync smart function (awaited, it runs on the offload pool), \
     or wrap it in `smartasync::allow_blocking`";

/// Panics in async code, naming the caller's line.
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
