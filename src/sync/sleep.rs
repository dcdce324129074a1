//! Where one thread sleeps until another wakes it: std's mutex and condition variable, which cost fewer steps than parking_lot's where there is
//! never more than one sleeper.

use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(crate) struct Sleep {
    /// Protects nothing but the moment between the sleeper's last look and its sleep.
    mutex: Mutex<()>,
    condition: Condvar,
}

impl Sleep {
    pub(crate) const fn new() -> Self {
        Self { mutex: Mutex::new(()), condition: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps as long as `may_sleep` says, for what `how_long` says at a time; with `None` until it is woken. Returns when `may_sleep` says no,
    /// or when the time was up. A [`wake`](Sleep::wake) after the last look ends the sleep.
    pub(crate) fn sleep(&self, may_sleep: impl Fn() -> bool, how_long: impl Fn() -> Option<Duration>) {
        let mut held = self.lock();
        while may_sleep() {
            match how_long() {
                None => held = self.condition.wait(held).unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    let (again, result) = self.condition.wait_timeout(held, time).unwrap_or_else(PoisonError::into_inner);
                    held = again;
                    if result.timed_out() {
                        return;
                    }
                }
            }
        }
    }

    pub(crate) fn wake(&self) {
        drop(self.lock());
        self.condition.notify_one();
    }
}
