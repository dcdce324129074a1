//! What kind of code is on this thread's stack: may it block?
//!
//! One thread-local cell holds the innermost [`Mark`]. Whoever changes it puts the former one back when its scope ends, by return or by
//! panic. Beside it stands what a wait needs, so that the usual one looks at this one place. The cells have no destructor, so they can be
//! read at any time, also while a thread's other locals are being destroyed.

use crate::level::Level;
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

/// What each wait and each poll looks at, in one place.
struct Here {
    mark: Cell<Mark>,
    /// The level of the thread's outermost wait, while no wait runs on it.
    idle: Cell<Option<&'static Level>>,
}

thread_local! {
    static HERE: Here = const { Here { mark: Cell::new(Mark::Unmarked), idle: Cell::new(None) } };
}

/// Puts the former mark back when it is dropped.
pub(crate) struct Scope {
    outer: Mark,
}

impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        HERE.with(|here| here.mark.set(self.outer));
    }
}

/// The innermost mark.
#[inline]
pub(crate) fn mark() -> Mark {
    HERE.with(|here| here.mark.get())
}

/// Calls `poll` as async code.
#[inline]
pub(crate) fn in_async<T>(poll: impl FnOnce() -> T) -> T {
    HERE.with(|here| {
        let _outer = Outer { of: &here.mark, mark: here.mark.replace(Mark::Async) };
        poll()
    })
}

/// Puts the former mark back when it is dropped.
struct Outer<'h> {
    of: &'h Cell<Mark>,
    mark: Mark,
}

impl Drop for Outer<'_> {
    #[inline]
    fn drop(&mut self) {
        self.of.set(self.mark);
    }
}

/// Marks the code that runs until the returned scope is dropped.
#[inline]
#[must_use]
pub(crate) fn enter(mark: Mark) -> Scope {
    Scope { outer: HERE.with(|here| here.mark.replace(mark)) }
}

/// Begins an outermost wait, if nothing stands in its way: the thread is unmarked and has an idle loop in the cache, and no runtime is
/// installed. Marks the thread as async, until the returned scope is dropped.
#[inline]
pub(crate) fn begin_wait() -> Option<Waiting> {
    HERE.with(|here| {
        let level = here.idle.get().filter(|level| level.is_usual())?;
        if here.mark.get() != Mark::Unmarked {
            return None;
        }
        here.idle.set(None);
        here.mark.set(Mark::Async);
        Some(Waiting { level })
    })
}

/// Ends the wait when it is dropped.
pub(crate) struct Waiting {
    pub(crate) level: &'static Level,
}

impl Drop for Waiting {
    #[inline]
    fn drop(&mut self) {
        HERE.with(|here| {
            here.idle.set(Some(self.level));
            here.mark.set(Mark::Unmarked);
        });
    }
}

/// The level of this thread's outermost wait, while no wait runs.
#[inline]
pub(crate) fn idle_level() -> Option<&'static Level> {
    HERE.with(|here| here.idle.get())
}

pub(crate) fn set_idle_level(level: Option<&'static Level>) {
    HERE.with(|here| here.idle.set(level));
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
    match mark() {
        Mark::Async => true,
        Mark::Blocking => false,
        Mark::Unmarked => runtime::is_installed() && runtime::installed().is_some_and(|runtime| runtime.is_async_context()),
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
