//! The level of a wait: what it sleeps on, and how it is woken.
//!
//! Waits that nest on one thread have one level each, so that no wait consumes a wake-up of another.
//! Shared levels last as long as the process: a wait holds a plain reference, and counts no owners.

use crate::sync::Arc;
use crate::thread::parker::Parker;
use std::boxed::Box;
use std::sync::OnceLock;
use std::task::Waker;

/// A parker, its waker, and the level of a wait inside this one.
pub(crate) struct Level {
    pub(crate) parker: Arc<Parker>,
    pub(crate) waker: Waker,
    /// How many waits of the thread are around this one.
    pub(crate) depth: u32,
    /// Made by the first wait inside this one, and kept for the next.
    inner: OnceLock<Box<Level>>,
}

impl Level {
    pub(crate) fn new() -> Self {
        Self::at(0)
    }

    fn at(depth: u32) -> Self {
        let parker = Arc::new(Parker::new());
        let waker = Waker::from(parker.clone());
        Self {
            parker,
            waker,
            depth,
            inner: OnceLock::new(),
        }
    }

    /// The level of a wait inside this one.
    #[inline]
    pub(crate) fn inner(&self) -> &Self {
        self.inner
            .get_or_init(|| Box::new(Self::at(self.depth + 1)))
    }

    /// How often in a row the wait may poll its future before the tasks of the thread get a turn: at
    /// each further level 4 times as often, so that few tasks nest.
    #[inline]
    pub(crate) fn patience(&self) -> u64 {
        match self.depth {
            0 => 0,
            depth => 1 << (2 * depth).min(16),
        }
    }
}
