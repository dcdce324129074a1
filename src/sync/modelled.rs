//! Loom's locks with the interface of parking_lot's.

use core::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize};

#[derive(Default)]
pub(crate) struct Mutex<T> {
    lock: loom::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { lock: loom::sync::Mutex::new(value) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard { lock: &self.lock, held: Some(relock(&self.lock)) }
    }
}

fn relock<T>(lock: &loom::sync::Mutex<T>) -> loom::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

pub(crate) struct MutexGuard<'m, T> {
    lock: &'m loom::sync::Mutex<T>,
    held: Option<loom::sync::MutexGuard<'m, T>>,
}

impl<T> MutexGuard<'_, T> {
    pub(crate) fn unlocked<U>(guard: &mut Self, f: impl FnOnce() -> U) -> U {
        guard.held = None;
        let done = f();
        guard.held = Some(relock(guard.lock));
        done
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.held.as_ref().expect("the lock is held")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.held.as_mut().expect("the lock is held")
    }
}

pub(crate) struct Condvar {
    condition: loom::sync::Condvar,
}

/// Whether a wait ended by its time-out.
pub(crate) struct TimedOut(bool);

impl TimedOut {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    pub(crate) fn new() -> Self {
        Self { condition: loom::sync::Condvar::new() }
    }

    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let held = guard.held.take().expect("the lock is held");
        guard.held = Some(self.condition.wait(held).unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    /// A model has no clock: the time is up at once.
    pub(crate) fn wait_until<T>(&self, _guard: &mut MutexGuard<'_, T>, _deadline: Instant) -> TimedOut {
        TimedOut(true)
    }

    /// A model has no clock: the time is up at once.
    pub(crate) fn wait_for<T>(&self, _guard: &mut MutexGuard<'_, T>, _timeout: Duration) -> TimedOut {
        TimedOut(true)
    }

    pub(crate) fn notify_one(&self) -> bool {
        self.condition.notify_one();
        true
    }
}
