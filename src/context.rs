//! What kind of code is on this thread's stack: may it block?
//!
//! One thread-local cell holds the innermost [`Mark`] and the number of waits. Whoever changes it
//! puts the former value back when its scope ends, by return or by panic. A poll adds to it, and
//! takes that away again: so it has nothing to keep meanwhile, and costs two instructions and
//! the cell's address. Beside it stands what a wait needs, so that the usual one looks at this one
//! place. The cells have no destructor, so they can be read at any time, also while a thread's
//! other locals are being destroyed.

use crate::level::Level;
use crate::runtime;
use core::cell::Cell;
use std::thread_local;

/// What stands on this thread's stack, in one number: zero where nothing does.
#[derive(Clone, Copy)]
pub(crate) struct Stack(u64);

impl Stack {
    pub(crate) const NOTHING: Self = Self(0);
    /// In the low half: the polls since it was last said that blocking is fine.
    const POLL: u64 = 1;
    const POLLS: u64 = (1 << 32) - 1;
    /// Above them: the waits.
    const WAIT: u64 = 1 << 32;
    /// In the highest bit: it was said that blocking is fine.
    const BLOCKING: u64 = 1 << 63;

    #[inline]
    const fn polls(self) -> u32 {
        self.0 as u32
    }

    /// How many waits run, one inside the other.
    #[inline]
    pub(crate) const fn waits(self) -> u64 {
        (self.0 & !Self::BLOCKING) / Self::WAIT
    }

    /// A wait runs, and the code inside it is allowed to block.
    #[inline]
    const fn may_nest(self) -> bool {
        self.polls() == 0 && self.0 > Self::BLOCKING
    }

    /// Where blocking is fine.
    #[inline]
    const fn blocking(self) -> Self {
        Self(self.0 & !Self::POLLS | Self::BLOCKING)
    }

    /// With the marks of another one.
    #[inline]
    const fn marked_as(self, other: Self) -> Self {
        const MARKS: u64 = Stack::POLLS | Stack::BLOCKING;
        Self(self.0 & !MARKS | other.0 & MARKS)
    }

    /// With one more wait, which polls.
    #[inline]
    const fn waiting(self) -> Self {
        Self(self.0 + (Self::WAIT + Self::POLL))
    }

    /// What there was before the innermost wait, in that wait's poll.
    #[inline]
    pub(crate) const fn around_wait(self) -> Self {
        Self(self.0 - (Self::WAIT + Self::POLL))
    }
}

/// What each wait and each poll looks at, in one place.
struct Here {
    stack: Cell<Stack>,
    /// The level of the innermost wait, or between waits that of the next outermost one. `None`
    /// until the thread has a loop.
    level: Cell<Option<&'static Level>>,
}

thread_local! {
    static HERE: Here = const { Here { stack: Cell::new(Stack::NOTHING), level: Cell::new(None) } };
}

/// What stands on this thread's stack.
#[inline]
pub(crate) fn stack() -> Stack {
    HERE.with(|here| here.stack.get())
}

/// Puts the former stack back when it is dropped.
pub(crate) struct Scope {
    former: Stack,
}

impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        HERE.with(|here| here.stack.set(self.former));
    }
}

/// Replaces the stack until the returned scope is dropped.
#[inline]
fn replace(change: impl FnOnce(Stack) -> Stack) -> Scope {
    HERE.with(|here| {
        let former = here.stack.get();
        here.stack.set(change(former));
        Scope { former }
    })
}

/// Until the returned scope is dropped, blocking is fine.
#[inline]
#[must_use]
pub(crate) fn enter_blocking() -> Scope {
    replace(Stack::blocking)
}

/// Marks the code that runs until the returned scope is dropped as `former` is marked.
#[must_use]
pub(crate) fn enter_as(former: Stack) -> Scope {
    replace(|stack| stack.marked_as(former))
}

/// A poll, which ends when this is dropped.
pub(crate) struct Polling(());

impl Drop for Polling {
    #[inline]
    fn drop(&mut self) {
        HERE.with(|here| here.stack.set(Stack(here.stack.get().0 - Stack::POLL)));
    }
}

/// Marks the code that runs until the returned value is dropped as async.
#[inline]
#[must_use]
pub(crate) fn enter_poll() -> Polling {
    HERE.with(|here| here.stack.set(Stack(here.stack.get().0 + Stack::POLL)));
    Polling(())
}

/// Begins an outermost wait, if nothing stands in its way: nothing is on the stack, the thread has
/// a loop in the cache, and no runtime is installed. The wait lasts until the returned scope is
/// dropped.
#[inline]
pub(crate) fn begin_usual_wait() -> Option<(&'static Level, Scope)> {
    HERE.with(|here| {
        let level = here.level.get()?;
        // One branch for both.
        if u64::from(level.unusual()) | here.stack.get().0 != 0 {
            return None;
        }
        here.stack.set(Stack::NOTHING.waiting());
        Some((
            level,
            Scope {
                former: Stack::NOTHING,
            },
        ))
    })
}

/// Begins a wait that lasts until the returned scope is dropped.
#[inline]
#[must_use]
pub(crate) fn begin_wait() -> Scope {
    replace(Stack::waiting)
}

/// A wait inside another one, which ends when this is dropped.
pub(crate) struct Nested {
    pub(crate) level: &'static Level,
}

impl Nested {
    /// Begins one, if a wait runs on this thread.
    pub(crate) fn begin() -> Option<Self> {
        HERE.with(|here| {
            let stack = here.stack.get();
            if stack.waits() > 0 {
                Some(Self::at(here, stack, here.level.get()?.inner()))
            } else {
                None
            }
        })
    }

    /// Begins one, if a wait runs on this thread, the code inside it is allowed to block, and it is
    /// usual otherwise, too: there was a wait as deep before, and no runtime is installed.
    #[inline]
    pub(crate) fn begin_usual() -> Option<Self> {
        HERE.with(|here| {
            let stack = here.stack.get();
            if !stack.may_nest() {
                return None;
            }
            let outer = here.level.get()?;
            if outer.unusual() == 0 {
                Some(Self::at(here, stack, outer.known_inner()?))
            } else {
                None
            }
        })
    }

    #[inline(always)]
    fn at(here: &Here, stack: Stack, level: &'static Level) -> Self {
        here.stack.set(stack.waiting());
        here.level.set(Some(level));
        Self { level }
    }
}

impl Drop for Nested {
    #[inline]
    fn drop(&mut self) {
        HERE.with(|here| {
            here.stack.set(here.stack.get().around_wait());
            here.level.set(self.level.outer());
        });
    }
}

/// The level of the next outermost wait, for a thread on which no wait runs.
pub(crate) fn set_level(level: Option<&'static Level>) {
    HERE.with(|here| here.level.set(level));
}

/// Says whether the calling code runs inside async code, where blocking is refused.
///
/// It is `true` inside a poll of one of this crate's loops, inside a poll of a
/// [`Call`](crate::Call) on whatever runtime, inside [`forbid_blocking`], and where the installed
/// [`Runtime`](crate::Runtime) says so. It is `false` inside [`allow_blocking`], on the threads of
/// the offload pool, and everywhere else. (A future that the sync copy of a `#[maybe_async]` body
/// waits for counts as a part of that copy: it is sync code, up to the calls that it polls.) The
/// crate cannot see a bare future that some other executor polls; a [`Runtime`](crate::Runtime)
/// tells it.
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
    // Where nobody said anything, it is sync code, unless the installed runtime knows better.
    stack.polls() != 0
        || (stack.0 & Stack::BLOCKING == 0
            && runtime::is_installed()
            && runtime::installed().is_some_and(|runtime| runtime.is_async_context()))
}

/// Calls `f`; inside it `.wait()` is allowed, even in async code. Returns what `f` returns.
///
/// Use it where you know that blocking this thread for a moment harms nobody, in
/// `tokio::task::block_in_place` say. It holds until `f` returns, and not inside the polls of a
/// future that is waited for in it. The Python original calls this `set_sync`; here it has a scope.
///
/// In a task of tokio, outside of `block_in_place`, the waits in `f` spend the budget of that
/// task's poll: once it is spent, tokio's own types are pending until the task returns, so a wait
/// for one hangs (after 128 messages of a channel, say). `block_in_place` and
/// `tokio::task::unconstrained` lift that.
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

/// Calls `f`; inside it this thread counts as async, so `.wait()` panics. Returns what `f` returns.
///
/// Use it in the event loop of a user interface, say, to find calls that block. The Python original
/// calls this `set_async`; here it has a scope.
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
