//! [`SmartLock`]: callers that come while one runs share its result.

use crate::call::{Call, Work, driven};
use crate::run::{Cancelled, Core, RunOnce, RunShared};
use core::fmt;

/// Coalesces concurrent callers: the first runs, those that come meanwhile get a clone of its result (singleflight).
///
/// Sync threads (`.wait()`) and async tasks (`.await`, on any mix of runtimes) coalesce on one lock. Nothing is cached: when the flight has
/// ended, the next caller runs anew. To keep values, store them yourself, in the closure, or use a cache.
///
/// Without contention a call allocates nothing. No user code (closures, `Clone`, `Drop`, wakers) runs while the lock is held inside, so
/// all of it may panic, block or use the lock again.
///
/// | event | leader | followers | who comes next |
/// | --- | --- | --- | --- |
/// | the leader is done | its value | a clone each | leads |
/// | the leader is dropped | gone | one wakes and leads, the others wait | leads, and serves the followers too |
/// | the leader panics | the panic | one wakes and leads, the others wait | leads, and serves the followers too |
/// | a follower is dropped | goes on | the others wait; if it was chosen to lead, the next one is | follows |
/// | [`reset`](SmartLock::reset) | goes on alone, its own value | [`Cancelled`] | leads |
/// | a call inside the leader's poll | goes on | go on | that call gets [`Cancelled`] |
///
/// The output is cloned for each follower. Where it is a `Result`, its error is too: keep an error that cannot be cloned (`io::Error`, say) as a
/// `String` or in an `Arc`.
///
/// # When not to use it
///
/// To initialise a value once for good, `OnceLock` is simpler. To let one caller after the other in, use a mutex.
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
    pub const fn new() -> Self {
        Self { core: Core::new() }
    }

    /// Runs `f` and its future, or waits for the result of the caller that runs already.
    ///
    /// The first caller that is polled leads: it calls its `f` and drives the future. Callers that come while it runs follow, and get a
    /// clone of its output. When a leader is dropped or panics, it hands over: one follower wakes and runs its own `f`, the others go on
    /// waiting. Whoever is polled first leads, so a chosen follower that nobody polls holds nobody up that comes anew. The panic itself
    /// goes on in the leader alone.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] for a follower when [`reset`](SmartLock::reset) is called, and for a call that is polled from inside its own leader's
    /// poll, also by an executor nested in it: it would wait for itself. (A leader that waits for another thread which waits for the same
    /// lock is a deadlock that nobody can see.)
    ///
    /// # Cancel safety
    ///
    /// A follower may be dropped at any time. A dropped leader loses what its future has done so far.
    ///
    /// # Panics
    ///
    /// Where `f`, its future, the output's `Clone` or a follower's waker panics. If `Clone` panics, the followers that have no value yet go on
    /// waiting, and one of them leads. If a waker panics, the others are woken first.
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
        driven(RunOnce::new(&self.core, f))
    }

    /// [`run_once`](SmartLock::run_once) with a future that the lock owns: whichever caller is polled drives it.
    ///
    /// A caller that is dropped, timed out, or not polled any more costs no work done: the others, or the next caller, go on with the
    /// half-done future. Choose it where that is worth a box, and a wake-up of all callers whenever the future is woken; choose
    /// `run_once` where the future borrows or is not `Send`, or where callers rarely go away.
    ///
    /// Callers of both kinds follow each other. A panic of the future resumes in the caller that drove it, and one follower starts anew.
    /// When all callers are gone, the half-done future stays in the lock until the next caller comes, or [`reset`](SmartLock::reset).
    ///
    /// # Errors
    ///
    /// [`Cancelled`], as for `run_once`, and for a caller whose own future panicked in another one: it has nothing left to run. At `reset` the
    /// caller that drove the future last takes the future along, and gets its result.
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
    ///     drop(first);
    ///     assert_eq!(lock.run_shared(|| async { "of the second" }).await, Ok("of the first"));
    /// })
    /// .wait();
    /// ```
    pub fn run_shared<F, Fut>(&self, f: F) -> Call<impl Work<Output = Result<T, Cancelled>>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T> + Send + 'static,
        T: Clone,
    {
        driven(RunShared::new(&self.core, f))
    }

    /// Cancels the followers: each gets [`Cancelled`]. A running leader keeps its own result, and the next caller leads a new flight.
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

    /// Says whether a flight is under way: a caller leads, or a shared future is not done. Between a lost leader and the poll of the next one,
    /// none is.
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

impl<T> Default for SmartLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for SmartLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmartLock").field("running", &self.is_running()).field("waiters", &self.waiters()).finish()
    }
}
