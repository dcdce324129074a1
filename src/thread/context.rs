//! What stands on a thread's stack: polls, waits and marks. It decides whether the code may block.
//!
//! All of it is one number in a thread-local cell. A poll adds to the number and subtracts the same
//! again, so it costs two instructions and the address of the cell. Everything else replaces the
//! number, and a guard restores the former one, after a return and after a panic alike.
//!
//! Beside it stands the number of the innermost wait, by which the pool tells whose job a job is.

use crate::thread::runtime;
use core::cell::Cell;
use core::sync::atomic::{AtomicU64, Ordering};
use std::{thread, thread_local};

/// What stands on a thread's stack, as one number. It is zero if nothing does.
///
/// | bits | meaning |
/// | --- | --- |
/// | 0 to 23 | the number of polls since blocking was last allowed |
/// | 24 | the innermost wait polls one of its tasks, not its future |
/// | 25 to 62 | the number of waits, one inside the other |
/// | 63 | blocking was allowed, and no poll has begun since |
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stack(u64);

impl Stack {
    pub(crate) const NOTHING: Self = Self(0);
    const POLL: u64 = 1;
    const POLLS: u64 = (1 << 24) - 1;
    const TASK: u64 = 1 << 24;
    const WAIT: u64 = 1 << 25;
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

    /// The same, with one more wait, which polls its future.
    #[inline]
    const fn waiting(self) -> Self {
        Self((self.0 & !Self::TASK) + (Self::WAIT + Self::POLL))
    }

    /// The number of waits and of polls of tasks: twice the waits, and one more while the innermost
    /// wait polls a task.
    #[inline]
    pub(crate) const fn level(self) -> u32 {
        ((self.0 & !Self::BLOCKING) / Self::TASK) as u32
    }
}

/// What each poll and each wait looks at, in one place.
struct ThisStack {
    stack: Cell<Stack>,
    /// The number of the innermost wait, or 0 if it has none yet: see [`wait_number`].
    wait: Cell<u64>,
}

thread_local! {
    static THIS: ThisStack =
        const { ThisStack { stack: Cell::new(Stack::NOTHING), wait: Cell::new(0) } };
}

/// What stands on this thread's stack.
#[inline]
pub(crate) fn stack() -> Stack {
    THIS.with(|this| this.stack.get())
}

/// The number of the innermost wait. No other wait of the process has it. (A wait gets it when it
/// first asks, because most waits do not.)
pub(crate) fn wait_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    THIS.with(|this| {
        if this.wait.get() == 0 {
            this.wait.set(LAST.fetch_add(1, Ordering::Relaxed) + 1);
        }
        this.wait.get()
    })
}

/// The number of the innermost wait, if it has asked for one, or 0.
pub(crate) fn known_wait_number() -> u64 {
    THIS.with(|this| this.wait.get())
}

/// Restores the former marks when it is dropped.
#[must_use]
pub(crate) struct Scope {
    former: Stack,
}

impl Drop for Scope {
    #[inline]
    fn drop(&mut self) {
        THIS.with(|this| this.stack.set(self.former));
    }
}

/// Replaces the stack until the returned scope is dropped.
#[inline]
fn replace(change: impl FnOnce(Stack) -> Stack) -> Scope {
    THIS.with(|this| {
        let former = this.stack.get();
        this.stack.set(change(former));
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

/// Ends a wait when it is dropped.
#[must_use]
pub(crate) struct Waiting {
    /// What stood on the stack before.
    pub(crate) former: Stack,
    /// The number of the wait around this one.
    around: u64,
}

impl Drop for Waiting {
    #[inline]
    fn drop(&mut self) {
        THIS.with(|this| {
            this.stack.set(self.former);
            this.wait.set(self.around);
        });
    }
}

/// Begins a wait, which polls, until the returned value is dropped. `former` stands on the stack.
#[inline]
pub(crate) fn enter_wait(former: Stack) -> Waiting {
    THIS.with(|this| {
        this.stack.set(former.waiting());
        Waiting {
            former,
            around: this.wait.replace(0),
        }
    })
}

/// Begins a wait that is the outermost thing on the stack, if nothing stands there, and `status` is
/// 0.
#[inline]
pub(crate) fn enter_outermost_wait(status: usize) -> Option<Scope> {
    THIS.with(|this| {
        // One branch for both.
        if status as u64 | this.stack.get().0 != 0 {
            return None;
        }
        this.stack.set(Stack::NOTHING.waiting());
        this.wait.set(0);
        Some(Scope {
            former: Stack::NOTHING,
        })
    })
}

/// Runs `f`, which polls the tasks of the innermost wait. What they poll, that wait does not poll.
pub(crate) fn poll_tasks(f: impl FnOnce()) {
    THIS.with(|this| {
        let number = this.wait.replace(0);
        let _tasks = replace(|stack| Stack(stack.0 | Stack::TASK));
        f();
        this.wait.set(number);
    });
}

/// Ends a poll when it is dropped.
#[must_use]
pub(crate) struct Polling(());

impl Drop for Polling {
    #[inline]
    fn drop(&mut self) {
        THIS.with(|this| this.stack.set(Stack(this.stack.get().0 - Stack::POLL)));
    }
}

/// Marks the code as async until the returned value is dropped.
#[inline]
pub(crate) fn enter_poll() -> Polling {
    THIS.with(|this| this.stack.set(Stack(this.stack.get().0 + Stack::POLL)));
    Polling(())
}

/// Whether this thread runs a task of tokio, which would block tokio if it waited.
///
/// Of tokio's public functions, only `worker_index` tells the two kinds of places apart. The table
/// is of tokio 1.54, and `tests/tokio` checks it.
///
/// | code in | may wait | `worker_index` | `task::try_id` |
/// | --- | --- | --- | --- |
/// | `spawn`, on both flavours | no | `Some` | `Some` |
/// | the root future of a current-thread runtime | no | `Some` | `None` |
/// | a `LocalSet` on a current-thread runtime | no | `Some` | `Some` |
/// | `spawn_blocking`, `block_in_place` | yes | `None` | `Some` |
/// | the root future of a multi-thread runtime | yes | `None` | `None` |
/// | a `LocalSet` on a multi-thread runtime | no | `None` | `Some` |
/// | `Handle::block_on` of a current-thread runtime that another thread drives | yes | `None` | `None` |
///
/// The last but one is wrong, but looks like a blocking thread from outside of tokio.
#[cfg(feature = "tokio")]
#[inline]
pub(crate) fn is_tokio_task() -> bool {
    tokio::runtime::worker_index().is_some()
}

#[cfg(not(feature = "tokio"))]
#[inline]
pub(crate) const fn is_tokio_task() -> bool {
    false
}

/// Returns whether the calling code runs inside async code, where blocking is refused.
///
/// It is `true`
///
/// - inside a poll of one of this crate's loops,
/// - inside a poll of a [`Call`](crate::Call), on any runtime,
/// - inside [`forbid_blocking`],
/// - with the feature `tokio`, in the tasks of tokio, but not in the root future of a multi-thread
///   runtime,
/// - and where the installed [`Runtime`](crate::Runtime) says so.
///
/// It is `false` inside [`allow_blocking`], on the threads of the offload pool, and everywhere else.
/// The crate cannot see a bare future that an executor other than tokio polls. A
/// [`Runtime`](crate::Runtime) can tell it.
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
    // Without a mark it is sync code, unless tokio or the installed runtime knows better.
    stack.is_async() || !stack.is_blocking() && is_foreign_task()
}

/// Whether tokio, or the installed runtime, says that this thread runs one of its tasks.
#[cfg_attr(not(feature = "tokio"), inline)]
// With the question to tokio it is too large for each place that may wait.
#[cfg_attr(feature = "tokio", inline(never))]
fn is_foreign_task() -> bool {
    is_tokio_task() || runtime::installed().is_some_and(|runtime| runtime.is_async_context())
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
     pool), or wrap it in `smartasync::allow_blocking`; the guide's chapter \"When you must wait\" \
     helps with destructors, lazy values and rayon: \
     https://docs.rs/smartasync/latest/smartasync/guide/when_you_must_wait";

/// Panics in async code, and names the caller's line. A destructor that waits while its thread
/// unwinds may do so, because a second panic would abort.
#[inline]
#[track_caller]
pub(crate) fn refuse_in_async() {
    if is_async_context() && !thread::panicking() {
        refuse();
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn refuse() -> ! {
    panic!("{REFUSAL}")
}
