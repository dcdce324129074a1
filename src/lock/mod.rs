//! Coalescing: concurrent callers of a lock share the result of one run.
//!
//! The first caller of an idle [`SmartLock`] is the *leader*: it runs. Callers that come while it
//! runs are *followers*: each gets a clone of the leader's value. One such run is a *flight*. In a
//! shared flight (`run_shared`), the lock owns the future, and the caller that polled it last is
//! the *driver*. A waiting caller has a *seat* in the lock.
//!
//! Read the parts in this order:
//!
//! 1. This file has the API of [`SmartLock`] and describes what each caller sees.
//! 2. `lead.rs` has the word of a lone leader. While there are no followers, the leader takes and
//!    returns this word, and the mutex is not needed.
//! 3. `flight/` has what the lock knows under its mutex. `mod.rs` has the state and its changes,
//!    `seats.rs` the seats and their queue, and `notifier.rs` the waker of a shared future. No user
//!    code runs there.
//! 4. `inner.rs` has a lock without its public methods. It does what happens while the mutex is
//!    free: it polls, clones, drops and wakes.
//! 5. `run.rs` has the future of a call of `run_once` or `run_shared`.
//! 6. `stack.rs` detects re-entry: a call that its own leader would wait for.
//! 7. `map/` has [`SmartLockMap`], which keeps a lock for each key in use.
//!
//! INVARIANT: no user code (closures, polls, `Clone`, `Drop`, wakers) runs while a mutex of this
//! module is held. The only exceptions are `Hash` and `Eq` of a map's keys.
//!
//! INVARIANT: a lock has at most one current flight. The future of a lost leader is dropped before
//! another caller can lead. There are two exceptions: `reset` separates a running leader from the
//! lock, and a shared future without callers is dropped after its flight has ended.
//!
//! INVARIANT: only the owner of a flight ends it. After `reset`, the old leader owns no flight.
//!
//! INVARIANT: a value that was delivered to a follower stays delivered, also after `reset`.

use crate::call::{Call, Work};
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use inner::Core;

mod cancelled;
mod flight;
pub(crate) mod inner;
mod lead;
mod map;
pub(crate) mod run;
mod stack;

pub use cancelled::Cancelled;
pub use map::SmartLockMap;

/// Lets concurrent callers share one run: the first caller runs, and each caller that comes while
/// it runs gets a clone of its result. Use it when many callers ask for the same thing at once.
///
/// ```
/// use futures_lite::future::{yield_now, zip};
/// use smartasync::{SmartLock, block_on};
///
/// let lock = SmartLock::new();
/// let load = |page| lock.run_once(move || async move { yield_now().await; page });
/// let both = block_on(zip(load("page of the first"), load("page of the second")));
/// assert_eq!(both, (Ok("page of the first"), Ok("page of the first")));
/// ```
///
/// The caller that runs is the *leader*. The callers that wait for its result are *followers*. Sync
/// threads (`.wait()`) and async tasks (`.await`, on any mix of runtimes) share one lock. This is
/// also known as request coalescing, or *singleflight*.
///
/// The lock keeps no value. When the run has ended, the next caller runs anew. To keep values, put
/// a cache beside it, as in the guide's [recipes](crate::guide::coalescing_recipes).
///
/// The lock clones the output for each follower. If the output is a `Result`, this includes the
/// error. If an error cannot be cloned, as for `io::Error`, turn it into a `String` or put it into
/// an `Arc`.
///
/// A `run_once` call without contention allocates nothing. No user code (closures, `Clone`, `Drop`,
/// wakers) runs while the lock holds its own mutex. So user code may panic, block, or use the lock
/// again.
///
/// # When not to use it
///
/// - To initialise a value once, use `OnceLock`. It is simpler.
/// - To let callers in one after the other, use a mutex.
///
/// # When the leader goes away
///
/// With [`run_once`](SmartLock::run_once), the leader drives its own future. If the leader is
/// dropped or panics, the lock wakes one follower, which runs its own closure. With
/// [`run_shared`](SmartLock::run_shared), the lock owns the future. If a caller is dropped, or is
/// not polled any more, another one goes on with the half-done future. The guide lists
/// [what each caller sees](crate::guide::coalescing_events) in each event.
///
/// A leaked `run_once` leader keeps its flight until `reset`, as a leaked guard keeps its mutex
/// locked. A leaked `run_shared` caller does not block the other callers.
///
/// # Re-entry
///
/// A call would wait for itself if its leader cannot go on before the call is done. Such a call
/// gets [`Cancelled`], and its [`is_reentrant`](Cancelled::is_reentrant) returns `true`. There are
/// two cases:
///
/// - The call is polled inside its own leader's poll.
/// - The call is finished with `.wait()` on a stack that has the leader's poll below it.
///
/// Another task that awaits the lock becomes a follower, also on the leader's thread. If a leader
/// waits for its own follower, both wait for ever, as with any mutex.
///
/// # Compared with others
///
/// | | when the leader is dropped | keeps the value |
/// | --- | --- | --- |
/// | `run_once` | a waiter runs its own closure | no |
/// | `run_shared` | a waiter goes on with the same future | no |
/// | quick_cache, moka's `get_with`, tokio's `OnceCell` | a waiter runs its own closure | yes |
/// | `futures::Shared` | a waiter goes on with the same future | yes |
/// | Go's `singleflight` | a goroutine cannot be dropped | no |
///
/// Of these libraries, quick_cache alone also lets threads and tasks share one run. The guide has
/// [the whole table](crate::guide::coalescing#compared-with-others).
pub struct SmartLock<T> {
    core: Core<T>,
}

impl<T> SmartLock<T> {
    /// Creates an idle lock.
    #[must_use]
    #[cfg(not(smartasync_model))]
    pub const fn new() -> Self {
        Self { core: Core::new() }
    }

    /// Creates an idle lock. In a model this is not a constant.
    #[cfg(smartasync_model)]
    pub fn new() -> Self {
        Self { core: Core::new() }
    }

    /// Runs `f` and its future, or waits for the result of the caller that already runs.
    ///
    /// The first caller that is polled leads: it calls its `f` and drives the future. Callers that
    /// come while it runs become followers, and get a clone of its output.
    ///
    /// When the leader is dropped or panics, the lock wakes one follower, which runs its own `f`.
    /// The other followers go on waiting. The lock does not wait for the woken follower: the first
    /// caller that is polled leads, also if it is a new caller. Only the leader sees the panic.
    ///
    /// # Errors
    ///
    /// Returns [`Cancelled`] in two cases:
    ///
    /// - The call was a follower when [`reset`](SmartLock::reset) was called.
    /// - The call would wait for itself: see [Re-entry](SmartLock#re-entry).
    ///
    /// The lock does not detect that a leader waits for another thread or task which waits for the
    /// lock. This is a deadlock.
    ///
    /// # Cancel safety
    ///
    /// A follower may be dropped at any time. A dropped leader loses the progress of its future.
    ///
    /// # Panics
    ///
    /// Panics if `f`, its future, the output's `Clone` or a follower's waker panics. If `Clone`
    /// panics, the followers without a value go on waiting, and one of them leads. If a waker
    /// panics, the lock wakes the other followers first.
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
        Call::new(run::run_once(&self.core, f))
    }

    /// Like [`run_once`](SmartLock::run_once), but the lock owns the future, and any caller can
    /// drive it.
    ///
    /// If a caller is dropped, times out, or is not polled any more, no work is lost: another
    /// caller goes on with the half-done future. This costs a box for the future, and wakes all
    /// callers whenever the future is woken. Use `run_once` if the future borrows or is not `Send`,
    /// or if callers rarely go away.
    ///
    /// Each caller polls the future on its own thread and runtime. So the future must not depend on
    /// the runtime of the caller that brought it: a timer of tokio panics when a plain thread polls
    /// it. The future must not be the sync copy of a `#[maybe_async]` function either, because the
    /// sync copy would block an async caller.
    ///
    /// The future is dropped with its last caller. To keep a half-done future, hold a call that was
    /// polled. The lock is idle before it drops the future, so the next run may begin while the
    /// future's destructor runs.
    ///
    /// Callers of `run_once` and `run_shared` can follow each other. If the future panics, the
    /// caller that polled it gets the panic, and one follower starts anew.
    ///
    /// # Errors
    ///
    /// Returns [`Cancelled`] in three cases:
    ///
    /// - The call was a follower when [`reset`](SmartLock::reset) was called. The caller that drove
    ///   the future last is no follower: it keeps the future and gets its result.
    /// - The call would wait for itself: see [Re-entry](SmartLock#re-entry).
    /// - The call's own future panicked in another caller, and no other caller leads by now. The
    ///   call has no closure left to run.
    ///
    /// # Cancel safety
    ///
    /// Any caller may be dropped at any time. Only the last caller takes the future with it.
    ///
    /// # Panics
    ///
    /// Panics if `f`, its future, the output's `Clone` or a follower's waker panics. If `Clone`
    /// panics, the followers without a value go on waiting, and one of them leads. If a waker
    /// panics, the lock wakes the other followers first.
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
    ///         yield_now().await;
    ///         "of the first"
    ///     }));
    ///     assert!(poll_once(&mut first).await.is_none());
    ///     let mut second = Box::pin(lock.run_shared(|| async { "of the second" }));
    ///     assert!(poll_once(&mut second).await.is_none());
    ///     // The future goes on in the second caller.
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
        Call::new(run::run_shared(&self.core, f))
    }

    /// Cancels the followers: each gets [`Cancelled`].
    ///
    /// A running leader, or the driver of a shared future, goes on and gets its own result. The
    /// next caller runs anew. A follower that already has its value keeps the value.
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

    /// Returns whether a run is under way: a caller leads, or a shared future is not done.
    ///
    /// After a leader was dropped or has panicked, this is `false` until another caller leads.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.core.is_running()
    }

    /// Returns how many followers wait now. The driver of a shared future does not count.
    #[must_use]
    pub fn waiters(&self) -> usize {
        self.core.waiters()
    }
}

// For every `T`, the lock stays consistent when user code panics, because no user code runs under
// its mutex.
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
