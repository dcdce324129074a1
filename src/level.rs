//! The level: what one wait sleeps with.
//!
//! A thread has one for its outermost wait, and another for each depth of waits inside waits.
//! Levels last as long as the process, in a slot of the cache that goes from an ended thread to a
//! later one; so a wait holds a plain reference, and pays for no count of owners.

use crate::park::Parker;
use crate::sync::{Arc, AtomicBool, AtomicU32, Ordering};
use std::boxed::Box;
use std::sync::OnceLock;
use std::task::Waker;

/// The parker of one wait and its waker. Waits that nest on a thread have one each, so none eats a
/// wake-up of another.
pub(crate) struct Level {
    pub(crate) parker: Arc<Parker>,
    pub(crate) waker: Waker,
    /// Of the outermost level: its loop is in the cache. Where it is not, the thread begins a new
    /// loop when it next waits, with nothing running.
    cached: AtomicBool,
    /// Of the outermost level: not 0 where it is not [cached](Level::is_cached), or a runtime is
    /// installed. So the usual wait looks at one flag.
    unusual: AtomicU32,
    /// The level of the wait around this one; `None` for the outermost.
    outer: Option<&'static Self>,
    /// The level of a wait inside this one, from the first of them on.
    inner: OnceLock<Box<Level>>,
}

impl Level {
    /// An outermost level that no thread owns yet.
    pub(crate) fn new() -> Self {
        Self::inside(None)
    }

    fn inside(outer: Option<&'static Self>) -> Self {
        let parker = Arc::new(Parker::new());
        let waker = Waker::from(parker.clone());
        Self {
            parker,
            waker,
            cached: AtomicBool::new(false),
            unusual: AtomicU32::new(1),
            outer,
            inner: OnceLock::new(),
        }
    }

    /// The level of a wait inside this one.
    pub(crate) fn inner(&'static self) -> &'static Self {
        self.inner
            .get_or_init(|| Box::new(Self::inside(Some(self))))
    }

    /// The level of a wait inside this one, if there ever was one.
    #[inline]
    pub(crate) fn known_inner(&self) -> Option<&Self> {
        self.inner.get().map(Box::as_ref)
    }

    /// The level of the wait around this one.
    #[inline]
    pub(crate) fn outer(&self) -> Option<&'static Self> {
        self.outer
    }

    pub(crate) fn is_cached(&self) -> bool {
        // ORDERING: Relaxed here and below; the flags are advice, and publish nothing.
        self.cached.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn unusual(&self) -> u32 {
        self.unusual.load(Ordering::Relaxed)
    }

    /// Sets both flags. The caller sees to it that this happens to one level at a time.
    pub(crate) fn set_cached(&self, cached: bool, has_runtime: bool) {
        self.cached.store(cached, Ordering::Relaxed);
        self.unusual
            .store((!cached || has_runtime).into(), Ordering::Relaxed);
    }
}
