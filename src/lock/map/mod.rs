//! [`SmartLockMap`]: a [`SmartLock`](crate::SmartLock) for each key that is in use.
//!
//! The keys are spread over shards, each with a mutex of its own, so that different keys rarely
//! contend. An entry is there as long as a call takes part in it. The last one removes it, and only
//! if it is still the map's entry for the key: after `reset`, the key may have a newer one.

use crate::call::{Call, Work};
use crate::lock::run::{Cancelled, Core, Handle, RunOnce, RunShared};
use crate::sync::panics::Panics;
use crate::sync::{Arc, Mutex};
use core::borrow::Borrow;
use core::cell::OnceCell;
use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::panic::{RefUnwindSafe, UnwindSafe};
use std::hash::RandomState;
use std::vec::Vec;
use table::Table;

mod table;

/// How many shards there are: a power of two, several times the threads that usually contend. A
/// model has one, and one key.
const SHARDS: usize = if cfg!(smartasync_model) { 1 } else { 64 };

type Shard<K, T> = Mutex<Table<K, Arc<Core<T>>>>;

/// Coalesces concurrent callers of the same key, as a [`SmartLock`](crate::SmartLock) does of one
/// thing.
///
/// Sync threads and async tasks coalesce alike. Different keys do not wait for each other. Nothing
/// is cached, and a key that nobody calls holds no memory. A key's `Hash` and `Eq` are called with
/// a shard locked, so they must not call the map.
///
/// # Examples
///
/// ```
/// use smartasync::{SmartLockMap, block_on};
/// use futures_lite::future::{yield_now, zip};
///
/// let pages = SmartLockMap::new();
/// let load = |page: &'static str| {
///     pages.run_once(page, move || async move {
///         yield_now().await;
///         page.len()
///     })
/// };
///
/// let (one, other) = block_on(zip(load("one"), load("other")));
/// assert_eq!((one, other), (Ok(3), Ok(5)));
/// assert!(pages.is_empty());
/// ```
pub struct SmartLockMap<K, T> {
    shards: Vec<Shard<K, T>>,
    hasher: RandomState,
}

impl<K: Hash + Eq, T> SmartLockMap<K, T> {
    /// A map without a key in use.
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

    /// [`SmartLock::run_once`](crate::SmartLock::run_once) for `key`: the first caller of the key
    /// runs, those that come meanwhile follow.
    ///
    /// # Errors
    ///
    /// [`Cancelled`], as there.
    ///
    /// # Cancel safety
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there, and where the key's `Hash`, `Eq` or `Clone` panics.
    pub fn run_once<F, Fut>(&self, key: K, f: F) -> Call<impl Work<Output = Result<T, Cancelled>>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
        K: Clone,
        T: Clone,
    {
        Call::new(RunOnce::new(Entry::new(self, key), f))
    }

    /// [`SmartLock::run_shared`](crate::SmartLock::run_shared) for `key`: the map owns the future,
    /// and whichever caller is polled drives it.
    ///
    /// When all callers of the key are gone, the half-done future is dropped: an unused key holds
    /// no memory. The key is free by then, so the next flight may begin while the future's
    /// destructor runs.
    ///
    /// # Errors
    ///
    /// [`Cancelled`], as there.
    ///
    /// # Cancel safety
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there, and where the key's `Hash`, `Eq` or `Clone` panics.
    pub fn run_shared<F, Fut>(&self, key: K, f: F) -> Call<impl Work<Output = Result<T, Cancelled>>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T> + Send + 'static,
        K: Clone,
        T: Clone,
    {
        Call::new(RunShared::new(Entry::new(self, key), f))
    }

    /// Cancels the followers of `key`; its running leader keeps its own result, and the next caller
    /// leads a new flight.
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
            // The entry is out of the map, so this cannot reach a newer flight; and a caller that
            // still holds it looks in the map again.
            let mut panics = Panics::default();
            core.close(&mut panics);
            panics.catch(|| drop((key, core)));
            panics.resume();
        }
    }

    /// Says whether a flight of `key` is under way; see
    /// [`SmartLock::is_running`](crate::SmartLock::is_running).
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

    /// How many followers of `key` wait now; see [`SmartLock::waiters`](crate::SmartLock::waiters).
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

    /// [`reset`](SmartLockMap::reset) for every key.
    pub fn reset_all(&self) {
        let mut panics = Panics::default();
        for shard in &self.shards {
            let removed = shard.lock().take_all();
            for (key, core) in removed {
                core.close(&mut panics);
                panics.catch(|| drop((key, core)));
            }
        }
        panics.resume();
    }

    fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    fn shard(&self, hash: u64) -> &Shard<K, T> {
        // The table inside takes the hash's low and topmost bits; the shard takes others.
        &self.shards[(hash >> 32) as usize % SHARDS]
    }
}

impl<K, T> SmartLockMap<K, T> {
    /// How many keys are in use. With calls coming and going, a number of the recent past.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Says whether no key is in use.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| shard.lock().len() == 0)
    }
}

// It keeps its promises when user code panics, whatever `K` and `T` are.
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

/// A call's part in the entry of its key. It is entered when the call is first polled.
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
            // The clone is user code, so the shard is free meanwhile, and another call may come
            // first.
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
        // INVARIANT: entries are cloned under the shard's mutex, and dropped under it while they
        // are in the map. So a count of two, the map's and this one, means that nobody else
        // takes part; and a count of more that this one is not the last.
        if Arc::strong_count(&core) > 2 {
            drop(core);
            return;
        }
        // Only if it is still the map's: after a reset, the key may have a newer one.
        let removed = entries.remove_if(hash, |_, current| Arc::ptr_eq(current, &core));
        drop(entries);
        // A user's key, and half-done future, are dropped with the shard free.
        drop(removed);
        drop(core);
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
