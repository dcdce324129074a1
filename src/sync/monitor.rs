//! The mutex and the condition variable of a [`Sleep`](super::Sleep).
//!
//! They are those of `std`, which take fewer instructions than parking_lot's where at most one
//! thread sleeps.

use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The mutex protects no data: it covers the moment between the owner's last look and its sleep.
pub(crate) struct Monitor {
    mutex: Mutex<()>,
    condition: Condvar,
}

impl Monitor {
    pub(crate) const fn new() -> Self {
        Self {
            mutex: Mutex::new(()),
            condition: Condvar::new(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, ()> {
        self.mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until it is notified.
    pub(crate) fn wait<'m>(&'m self, held: MutexGuard<'m, ()>) -> MutexGuard<'m, ()> {
        self.condition
            .wait(held)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps for at most `time`. Returns `true` with the guard if the time was up.
    pub(crate) fn wait_for<'m>(
        &'m self,
        held: MutexGuard<'m, ()>,
        time: Duration,
    ) -> (MutexGuard<'m, ()>, bool) {
        let waited = self.condition.wait_timeout(held, time);
        let (held, result) = waited.unwrap_or_else(PoisonError::into_inner);
        (held, result.timed_out())
    }

    pub(crate) fn notify_one(&self) {
        self.condition.notify_one();
    }
}
