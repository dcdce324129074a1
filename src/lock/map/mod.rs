//! [`SmartLockMap`]: a [`SmartLock`](crate::SmartLock) for each key that is in use.
//!
//! The map has shards, and each shard has its own mutex, so different keys rarely contend. A shard
//! is a [`Table`] from keys to locks. An [`Entry`] is the handle through which a call reaches the
//! lock of its key.
//!
//! INVARIANT: the map holds a lock only while calls use it. The last call removes the lock, but
//! only if the map still holds this lock: after `reset`, the key may have a newer lock.
//!
//! INVARIANT: no user code except `Hash` and `Eq` of the key runs while a shard is locked.

use crate::call::{Call, Work};
use crate::lock::cancelled::Cancelled;
use crate::lock::inner::Core;
use crate::lock::run::{self, Handle};
use crate::sync::panics::Panics;
use crate::sync::{Arc, Mutex};
use core::borrow::Borrow;
use core::cell::OnceCell;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::mem;
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::hash::RandomState;
use std::vec::Vec;
use table::Table;

mod table;

/// The number of shards: a power of two, and several times the number of threads that usually
/// contend. A model has a single shard and a single key.
const SHARDS: usize = if cfg!(smartasync_model) { 1 } else { 64 };

type Shard<K, T> = Mutex<Table<K, Arc<Core<T>>>>;

/// Lets concurrent callers of the same key share one run, for example one query for each article
/// that many requests ask for.
///
/// ```
/// use smartasync::{SmartLockMap, block_on};
///
/// let articles = SmartLockMap::new();
/// let article = |id| articles.run_once(id, move || async move { format!("article {id}") });
/// assert_eq!(article(7).wait().unwrap(), "article 7"); // in sync code
/// assert_eq!(block_on(article(7)).unwrap(), "article 7"); // in async code
/// assert!(articles.is_empty(), "no value is kept");
/// ```
///
/// It behaves as a [`SmartLock`](crate::SmartLock) for each key. Sync threads and async tasks can
/// call the same key. Different keys do not wait for each other. The map caches no value, and an
/// unused key takes no memory.
///
/// The map calls `Hash` and `Eq` of the key while it holds the mutex of a shard. So `Hash` and `Eq`
/// must not call the map.
///
/// The guide has a chapter on [coalescing](crate::guide::coalescing).
pub struct SmartLockMap<K, T> {
    shards: Vec<Shard<K, T>>,
    hasher: RandomState,
}

impl<K: Hash + Eq, T> SmartLockMap<K, T> {
    /// Creates an empty map.
    #[must_use]
    pub fn new() -> Self {
        let shards = core::iter::repeat_with(|| Mutex::new(Table::new()))
            .take(SHARDS)
            .collect();
        Self {
            shards,
            hasher: RandomState::new(),
        }
    }

    /// Runs `f` and its future, or waits for the result of the caller that already runs for `key`.
    ///
    /// Callers of the same key behave as callers of
    /// [`SmartLock::run_once`](crate::SmartLock::run_once).
    ///
    /// # Errors
    ///
    /// Returns [`Cancelled`] in two cases:
    ///
    /// - The call was a follower when the key was [`reset`](SmartLockMap::reset).
    /// - The call would wait for itself: see [Re-entry](crate::SmartLock#re-entry).
    ///
    /// # Cancel safety
    ///
    /// A follower may be dropped at any time. A dropped leader loses the progress of its future.
    ///
    /// # Panics
    ///
    /// Panics if `f`, its future, the output's `Clone`, a follower's waker, or the key's `Hash`,
    /// `Eq` or `Clone` panics.
    pub fn run_once<F, Fut>(&self, key: K, f: F) -> Call<impl Work<Output = Result<T, Cancelled>>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
        K: Clone,
        T: Clone,
    {
        Call::new(run::run_once(Entry::new(self, key), f))
    }

    /// Like [`run_once`](SmartLockMap::run_once), but the map owns the future, and any caller of
    /// `key` can drive it.
    ///
    /// Callers of the same key behave as callers of
    /// [`SmartLock::run_shared`](crate::SmartLock::run_shared).
    ///
    /// The future is dropped with the last caller of the key. To keep a half-done future, hold a
    /// call that was polled. The key is unused before the map drops the future, so the next run may
    /// begin while the future's destructor runs.
    ///
    /// # Errors
    ///
    /// Returns [`Cancelled`] in three cases:
    ///
    /// - The call was a follower when the key was [`reset`](SmartLockMap::reset). The caller that
    ///   drove the future last is no follower: it keeps the future and gets its result.
    /// - The call would wait for itself: see [Re-entry](crate::SmartLock#re-entry).
    /// - The call's own future panicked in another caller, and no other caller leads by now. The
    ///   call has no closure left to run.
    ///
    /// # Cancel safety
    ///
    /// Any caller may be dropped at any time. Only the last caller takes the future with it.
    ///
    /// # Panics
    ///
    /// Panics if `f`, its future, the output's `Clone`, a follower's waker, or the key's `Hash`,
    /// `Eq` or `Clone` panics.
    pub fn run_shared<F, Fut>(&self, key: K, f: F) -> Call<impl Work<Output = Result<T, Cancelled>>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T> + Send + 'static,
        K: Clone,
        T: Clone,
    {
        Call::new(run::run_shared(Entry::new(self, key), f))
    }

    /// Cancels the followers of `key`: each gets [`Cancelled`].
    ///
    /// A running leader, or the driver of a shared future, goes on and gets its own result. The
    /// next caller runs anew. An unused key is no error.
    ///
    /// # Examples
    ///
    /// ```
    /// let pages = smartasync::SmartLockMap::<String, u32>::new();
    /// pages.reset("none");
    /// ```
    pub fn reset<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash(key);
        let removed = self
            .shard(hash)
            .lock()
            .remove_if(hash, |known, _| known.borrow() == key);
        if let Some((key, core)) = removed {
            // The map does not hold this lock any more, so `close` cannot cancel a newer flight. A
            // call that holds this lock, but has no seat in it yet, looks up its key again.
            let mut panics = Panics::default();
            core.close(&mut panics);
            panics.drop_value(key);
            panics.drop_value(core);
            panics.resume();
        }
    }

    /// Returns whether a run of `key` is under way, as
    /// [`SmartLock::is_running`](crate::SmartLock::is_running) does for a single lock.
    #[must_use]
    pub fn is_running<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash(key);
        self.shard(hash)
            .lock()
            .get(hash, key)
            .is_some_and(|core| core.is_running())
    }

    /// Returns how many followers of `key` wait now. The driver of a shared future does not count.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{SmartLockMap, block_on};
    /// use futures_lite::future::{pending, poll_once};
    ///
    /// let pages = SmartLockMap::<String, u32>::new();
    /// block_on(async {
    ///     let mut leader = Box::pin(pages.run_once("home".into(), pending));
    ///     let mut follower = Box::pin(pages.run_once("home".into(), pending));
    ///     assert!(poll_once(&mut leader).await.is_none());
    ///     assert!(poll_once(&mut follower).await.is_none());
    ///     assert!(pages.is_running("home"));
    ///     assert_eq!(pages.waiters("home"), 1);
    ///     assert_eq!(pages.waiters("away"), 0);
    /// });
    /// ```
    #[must_use]
    pub fn waiters<Q>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash(key);
        self.shard(hash)
            .lock()
            .get(hash, key)
            .map_or(0, |core| core.waiters())
    }

    /// Calls [`reset`](SmartLockMap::reset) for every key.
    pub fn reset_all(&self) {
        let mut panics = Panics::default();
        for shard in &self.shards {
            let removed = mem::replace(&mut *shard.lock(), Table::new());
            for (key, core) in removed.into_entries() {
                core.close(&mut panics);
                panics.drop_value(key);
                panics.drop_value(core);
            }
        }
        panics.resume();
    }

    fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    fn shard(&self, hash: u64) -> &Shard<K, T> {
        // The hash table of a shard uses the lowest and the highest bits of the hash. The index of
        // the shard uses bits in between.
        &self.shards[(hash >> 32) as usize % SHARDS]
    }
}

impl<K, T> SmartLockMap<K, T> {
    /// Returns how many keys are in use.
    ///
    /// The map locks its shards one after the other. So the result may be out of date if calls
    /// begin or end meanwhile.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Returns whether no key is in use.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| shard.lock().len() == 0)
    }
}

// For all `K` and `T`, the map stays consistent when user code panics. `Hash` and `Eq` of a key run
// before a table changes, and no other user code runs while a shard is locked.
impl<K, T> UnwindSafe for SmartLockMap<K, T> {}
impl<K, T> RefUnwindSafe for SmartLockMap<K, T> {}

impl<K: Hash + Eq, T> Default for SmartLockMap<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, T> fmt::Debug for SmartLockMap<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmartLockMap")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The handle through which a call reaches the lock of its key.
///
/// The first poll of the call looks up the lock, or adds a new lock to the map.
struct Entry<'m, K: Hash + Eq + Clone, T> {
    map: &'m SmartLockMap<K, T>,
    key: K,
    entered: OnceCell<Entered<T>>,
}

struct Entered<T> {
    hash: u64,
    core: Arc<Core<T>>,
}

impl<'m, K: Hash + Eq + Clone, T> Entry<'m, K, T> {
    fn new(map: &'m SmartLockMap<K, T>, key: K) -> Self {
        Self {
            map,
            key,
            entered: OnceCell::new(),
        }
    }

    fn enter(&self) -> Entered<T> {
        let hash = self.map.hash(&self.key);
        let shard = self.map.shard(hash);
        let found = shard.lock().get(hash, &self.key).cloned();
        let core = found.unwrap_or_else(|| {
            // The clone is user code, so the shard is not locked here. Meanwhile another call may
            // add a lock for the key.
            let key = self.key.clone();
            let mut entries = shard.lock();
            if let Some(core) = entries.get(hash, &key).cloned() {
                drop(entries);
                return core;
            }
            let core = Arc::new(Core::new());
            entries.insert(hash, key, core.clone());
            core
        });
        Entered { hash, core }
    }

    fn leave(&mut self) {
        let Some(Entered { hash, core }) = self.entered.take() else {
            return;
        };
        let mut entries = self.map.shard(hash).lock();
        // INVARIANT: while the map holds a lock, its `Arc` is cloned and dropped only under the
        // mutex of the shard. So a count of two means that only the map and this call hold the
        // lock. A higher count means that another call uses the lock too.
        if Arc::strong_count(&core) > 2 {
            drop(core);
            return;
        }
        // After a `reset`, the map may hold a newer lock for the key. This call must not remove it.
        let removed = entries.remove_if(hash, |_, current| Arc::ptr_eq(current, &core));
        drop(entries);
        // The destructors of the key and of a half-done future are user code, so they run after the
        // shard is unlocked.
        let (key, held) = removed.unzip();
        // This is not the last owner: `core` is.
        drop(held);
        let mut panics = Panics::default();
        panics.drop_value(key);
        panics.drop_value(core);
        panics.resume();
    }
}

impl<K: Hash + Eq + Clone, T> Handle<T> for Entry<'_, K, T> {
    fn core(&self) -> &Core<T> {
        &self.entered.get_or_init(|| self.enter()).core
    }

    fn release(&mut self) {
        self.leave();
    }
}

impl<K: Hash + Eq + Clone, T> Drop for Entry<'_, K, T> {
    fn drop(&mut self) {
        self.leave();
    }
}
