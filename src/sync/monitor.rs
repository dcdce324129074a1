//! A mutex that protects nothing but the moment between a last look and a sleep, and its condition
//! variable: std's, which cost fewer steps than parking_lot's where there is never more than one
//! sleeper.

use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

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

    /// Sleeps for `time` at most. Says whether the time was up.
    pub(crate) fn wait_for<'m>(
        &'m self,
        held: MutexGuard<'m, ()>,
        time: Duration,
    ) -> (MutexGuard<'m, ()>, bool) {
        let (held, result) = self
            .condition
            .wait_timeout(held, time)
            .unwrap_or_else(PoisonError::into_inner);
        (held, result.timed_out())
    }

    pub(crate) fn notify_one(&self) {
        self.condition.notify_one();
    }
}
