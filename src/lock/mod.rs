//! [`SmartLock`]: callers that come while one runs share its result.

use crate::call::{Call, Work};
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use run::{Core, RunOnce, RunShared};

mod flight;
mod lead;
mod map;
pub(crate) mod run;
mod stack;

pub use map::SmartLockMap;
pub use run::Cancelled;

/// Coalesces concurrent callers: the first runs, those that come meanwhile get a clone of its
/// result (singleflight).
///
/// Sync threads (`.wait()`) and async tasks (`.await`, on any mix of runtimes) coalesce on one
/// lock. Nothing is cached: when the flight has ended, the next caller runs anew. To keep values,
/// store them yourself, in the closure, or use a cache.
///
/// Without contention a `run_once` call allocates nothing. No user code (closures, `Clone`, `Drop`,
/// wakers) runs while the lock is held inside, so all of it may panic, block or use the lock again.
///
/// # States
///
/// ```text
///             a caller is polled: it leads
///     ┌──────┐ ────────────────────────────> ┌────────┐ ──┐ callers that are polled follow;
///     │ idle │                               │ flying │   │ of a shared future the one that
///     └──────┘ <──────────────────────────── └────────┘ <─┘ is polled drives
///        ^      the leader is done: followers    │
///        │      get clones; or `reset`: they     │ the leader is dropped, or
///        │      are cancelled                    │ panics: one follower wakes
///        │                                       v
///        │ all followers left, or `reset`   ┌─────────┐
///        └───────────────────────────────── │ waiting │ ──> flying, as soon as any caller is polled:
///                                           └─────────┘     the woken follower, another one, a newcomer
/// ```
///
/// Of [`run_once`](SmartLock::run_once), the leader is the caller that runs:
///
/// | event | leader | followers | who comes next |
/// | --- | --- | --- | --- |
/// | the leader is done | its value | a clone each | leads |
/// | the leader is dropped | gone | one wakes and leads, the others wait | leads, and serves the followers too |
/// | the leader panics | the panic | one wakes and leads, the others wait | leads, and serves the followers too |
/// | the leader is suspended | goes on when it is polled | wait | follows |
/// | the leader is forgotten (`mem::forget`) | gone | wait, until `reset` frees them | follows, until `reset` |
/// | a follower is dropped | goes on | the others wait; if it was chosen to lead, the next one is | follows |
/// | [`reset`](SmartLock::reset) | goes on alone, its own value | [`Cancelled`] | leads |
/// | a call inside the leader's poll | goes on | go on | that call gets [`Cancelled`] |
///
/// Of [`run_shared`](SmartLock::run_shared), the driver is the caller that polled the future last:
///
/// | event | driver | followers | who comes next |
/// | --- | --- | --- | --- |
/// | the future is done | its value | a clone each | leads |
/// | the driver is dropped, suspended or forgotten | gone, or drives again when it is polled | each drives when the future is woken | goes on with the half-done future |
/// | the future panics | the panic | one wakes and starts anew; who brought the lost future gets [`Cancelled`] instead | leads, and serves the followers too |
/// | a follower is dropped | goes on | go on | follows, or drives |
/// | [`reset`](SmartLock::reset) | keeps the future, alone, and gets its value | [`Cancelled`] | leads |
/// | a call inside the future's poll | goes on | go on | that call gets [`Cancelled`] |
///
/// # Others of its kind
///
/// | | `SmartLock`, `SmartLockMap` | Go's `singleflight` | moka's `get_with` | tokio's `OnceCell` |
/// | --- | --- | --- | --- | --- |
/// | callers | threads and tasks on one lock | goroutines | tasks, or with the sync cache threads | tasks |
/// | afterwards | nothing is kept | nothing is kept | the value is cached | the value is kept for good |
/// | the caller that runs goes away | `run_once`: a follower runs its own; `run_shared`: nothing is lost | a goroutine cannot | a waiter runs its own future | a waiter runs its own future |
/// | it panics | in it alone; a follower runs | in all who wait, or it ends the process | in it alone; a waiter runs | in it alone; a waiter runs |
/// | it is not polled any more | `run_once`: followers wait; `run_shared`: another goes on | a goroutine cannot | waiters wait | waiters wait |
/// | a call from inside | an error | a deadlock | waits for itself | a deadlock |
/// | cutting off | `reset`: followers get an error | `Forget`: followers still get the old value | none while it runs | none |
///
/// A caller that is forgotten keeps its flight for good, as a leaked guard keeps its mutex: `reset`
/// ends it. A forgotten `run_shared` caller holds nobody up.
///
/// The output is cloned for each follower. Where it is a `Result`, its error is too: keep an error
/// that cannot be cloned (`io::Error`, say) as a `String` or in an `Arc`.
///
/// # When not to use it
///
/// To initialise a value once for good, `OnceLock` is simpler. To let one caller after the other
/// in, use a mutex.
///
/// # Examples
///
/// ```
/// use smartasync::{SmartLock, block_on};
/// use std::cell::Cell;
///
/// let lock = SmartLock::new();
/// let runs = Cell::new(0);
/// let load = || async {
///     runs.set(runs.get() + 1);
///     futures_lite::future::yield_now().await;
///     "page"
/// };
///
/// let (one, two) = block_on(futures_lite::future::zip(lock.run_once(load), lock.run_once(load)));
/// assert_eq!((one, two), (Ok("page"), Ok("page")));
/// assert_eq!(runs.get(), 1);
/// ```
pub struct SmartLock<T> {
    core: Core<T>,
}

impl<T> SmartLock<T> {
    /// A lock that nobody runs in.
    #[must_use]
    #[cfg(not(smartasync_model))]
    pub const fn new() -> Self {
        Self { core: Core::new() }
    }

    /// A lock of a model is no constant.
    #[cfg(smartasync_model)]
    pub fn new() -> Self {
        Self { core: Core::new() }
    }

    /// Runs `f` and its future, or waits for the result of the caller that runs already.
    ///
    /// The first caller that is polled leads: it calls its `f` and drives the future. Callers that
    /// come while it runs follow, and get a clone of its output. When a leader is dropped or
    /// panics, it hands over: one follower wakes and runs its own `f`, the others go on
    /// waiting. Whoever is polled first leads, so a chosen follower that nobody polls holds nobody
    /// up that comes anew. The panic itself goes on in the leader alone.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] for a follower when [`reset`](SmartLock::reset) is called, and for a call that
    /// is polled from inside its own leader's poll, also by an executor nested in it: it would
    /// wait for itself. (A leader that waits for another thread which waits for the same
    /// lock is a deadlock that nobody can see.)
    ///
    /// # Cancel safety
    ///
    /// A follower may be dropped at any time. A dropped leader loses what its future has done so
    /// far.
    ///
    /// # Panics
    ///
    /// Where `f`, its future, the output's `Clone` or a follower's waker panics. If `Clone` panics,
    /// the followers that have no value yet go on waiting, and one of them leads. If a waker
    /// panics, the others are woken first.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::SmartLock;
    ///
    /// static LOCK: SmartLock<u32> = SmartLock::new();
    ///
    /// assert_eq!(LOCK.run_once(|| async { 1 }).wait(), Ok(1));
    /// assert_eq!(LOCK.run_once(|| async { 2 }).wait(), Ok(2));
    /// ```
    pub fn run_once<F, Fut>(&self, f: F) -> Call<impl Work<Output = Result<T, Cancelled>>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
        T: Clone,
    {
        Call::new(RunOnce::new(&self.core, f))
    }

    /// [`run_once`](SmartLock::run_once) with a future that the lock owns: whichever caller is
    /// polled drives it.
    ///
    /// A caller that is dropped, timed out, or not polled any more costs no work done: the others,
    /// or the next caller, go on with the half-done future. Choose it where that is worth a
    /// box, and a wake-up of all callers whenever the future is woken; choose `run_once` where
    /// the future borrows or is not `Send`, or where callers rarely go away.
    ///
    /// Each of them polls it on its own thread and runtime. So it must not need the runtime of the
    /// caller that brought it (a timer of tokio's panics in a poll from a plain thread), and
    /// must not be the sync copy of a `#[maybe_async]` function, which would block an async caller.
    ///
    /// Callers of both kinds follow each other. A panic of the future resumes in the caller that
    /// drove it, and one follower starts anew. The future is dropped with its last
    /// caller, so a future that nobody drives holds nothing. To keep a half-done future, hold a call
    /// that was polled. (Earlier versions kept the future in the lock until the next caller came.)
    ///
    /// # Errors
    ///
    /// [`Cancelled`], as for `run_once`, and for a caller whose own future panicked in another one:
    /// it has nothing left to run. At `reset` the caller that drove the future last takes the
    /// future along, and gets its result.
    ///
    /// # Cancel safety
    ///
    /// Any caller may be dropped at any time.
    ///
    /// # Panics
    ///
    /// Where `f`, its future, or the output's `Clone` panics, as for `run_once`.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{SmartLock, smart};
    /// use futures_lite::future::{poll_once, yield_now};
    ///
    /// let lock = SmartLock::new();
    /// smart(async {
    ///     let mut first = Box::pin(lock.run_shared(|| async {
    ///         yield_now().await;
    ///         "of the first"
    ///     }));
    ///     assert!(poll_once(&mut first).await.is_none());
    ///     let mut second = Box::pin(lock.run_shared(|| async { "of the second" }));
    ///     assert!(poll_once(&mut second).await.is_none());
    ///     drop(first);
    ///     assert_eq!(second.await, Ok("of the first"));
    /// })
    /// .wait();
    /// ```
    pub fn run_shared<F, Fut>(&self, f: F) -> Call<impl Work<Output = Result<T, Cancelled>>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T> + Send + 'static,
        T: Clone,
    {
        Call::new(RunShared::new(&self.core, f))
    }

    /// Cancels the followers: each gets [`Cancelled`]. A running leader keeps its own result, and
    /// the next caller leads a new flight.
    ///
    /// A follower whose value was delivered already keeps it.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{SmartLock, block_on};
    /// use futures_lite::future::{pending, poll_once};
    ///
    /// let lock = SmartLock::new();
    /// block_on(async {
    ///     let mut leader = Box::pin(lock.run_once(|| pending::<u32>()));
    ///     let mut follower = Box::pin(lock.run_once(|| async { 1 }));
    ///     assert!(poll_once(&mut leader).await.is_none());
    ///     assert!(poll_once(&mut follower).await.is_none());
    ///     lock.reset();
    ///     assert!(follower.await.is_err());
    ///     assert_eq!(lock.run_once(|| async { 2 }).await, Ok(2));
    /// });
    /// ```
    pub fn reset(&self) {
        self.core.reset();
    }

    /// Says whether a flight is under way: a caller leads, or a shared future is not done. Between
    /// a lost leader and the poll of the next one, none is.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.core.is_running()
    }

    /// How many followers wait now. The caller that drove a shared future last is none.
    #[must_use]
    pub fn waiters(&self) -> usize {
        self.core.waiters()
    }
}

// It keeps its promises when user code panics, whatever `T` is.
impl<T> UnwindSafe for SmartLock<T> {}
impl<T> RefUnwindSafe for SmartLock<T> {}

impl<T> Default for SmartLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for SmartLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmartLock")
            .field("running", &self.is_running())
            .field("waiters", &self.waiters())
            .finish()
    }
}
