//! The level: what one wait sleeps with.
//!
//! A thread has one for its outermost wait, and another for each depth of waits inside waits. Levels last as long as the process, in a slot of
//! the cache that goes from an ended thread to a later one; so a wait holds a plain reference, and pays for no count of owners.

use crate::park::Parker;
use crate::sync::{Arc, AtomicBool, Ordering};
use std::boxed::Box;
use std::sync::OnceLock;
use std::task::Waker;

/// The parker of one wait and its waker. Waits that nest on a thread have one each, so none eats a wake-up of another.
pub(crate) struct Level {
    pub(crate) parker: Arc<Parker>,
    pub(crate) waker: Waker,
    /// Of the outermost level: its loop is in the cache. Where it is not, the thread begins a new loop when it next waits, with nothing running.
    cached: AtomicBool,
    /// Of the outermost level: [cached](Level::is_cached), and no runtime is installed. So the usual wait looks at one flag.
    usual: AtomicBool,
    /// The level of a wait inside this one, from the first of them on.
    inner: OnceLock<Box<Level>>,
}

impl Level {
    /// A level that no thread owns yet.
    pub(crate) fn new() -> Self {
        let parker = Arc::new(Parker::new());
        let waker = Waker::from(parker.clone());
        Self { parker, waker, cached: AtomicBool::new(false), usual: AtomicBool::new(false), inner: OnceLock::new() }
    }

    /// This thread owns the level, and all inside it, from now on.
    pub(crate) fn adopt(&self) {
        let mut next = Some(self);
        while let Some(level) = next {
            level.parker.adopt();
            next = level.inner.get().map(|inner| &**inner);
        }
    }

    /// The level of a wait inside this one.
    pub(crate) fn inner(&self) -> &Self {
        self.inner.get_or_init(|| {
            let inner = Self::new();
            inner.adopt();
            Box::new(inner)
        })
    }

    pub(crate) fn is_cached(&self) -> bool {
        // ORDERING: Relaxed here and below; the flags are advice, and publish nothing.
        self.cached.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn is_usual(&self) -> bool {
        self.usual.load(Ordering::Relaxed)
    }

    /// Sets both flags. The caller sees to it that this happens to one level at a time.
    pub(crate) fn set_cached(&self, cached: bool, usual: bool) {
        self.cached.store(cached, Ordering::Relaxed);
        self.usual.store(usual, Ordering::Relaxed);
    }
}
