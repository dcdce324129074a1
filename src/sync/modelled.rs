//! Loom's locks and atomics, with the interface of the real ones.

use core::hash::{BuildHasher, BuildHasherDefault};
use core::num::NonZeroUsize;
use core::ops::{Deref, DerefMut};
use std::collections::VecDeque;
use std::time::Duration;

pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize};

/// A number that no other living thread of a model has, a multiple of 8. Loom runs them all on one system thread.
pub(crate) fn thread_token() -> NonZeroUsize {
    let hasher = BuildHasherDefault::<std::hash::DefaultHasher>::default();
    let number = hasher.hash_one(loom::thread::current().id()) as usize;
    NonZeroUsize::new(number & !7).unwrap_or(NonZeroUsize::MIN.saturating_add(7))
}

#[derive(Default)]
pub(crate) struct Mutex<T> {
    lock: loom::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            lock: loom::sync::Mutex::new(value),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard {
            held: Some(
                self.lock
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner),
            ),
        }
    }
}

pub(crate) struct MutexGuard<'m, T> {
    held: Option<loom::sync::MutexGuard<'m, T>>,
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

/// The monitor of a model. Loom has no clock, so a wait with a time-out may end at any moment, and
/// loom tries every moment.
pub(crate) struct Monitor {
    mutex: Mutex<()>,
    condition: loom::sync::Condvar,
    /// The waits with a time-out that nobody has notified, oldest first, and the number of the last
    /// one.
    timed: Mutex<(VecDeque<usize>, usize)>,
}

impl Monitor {
    pub(crate) fn new() -> Self {
        Self {
            mutex: Mutex::default(),
            condition: loom::sync::Condvar::new(),
            timed: Mutex::default(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, ()> {
        self.mutex.lock()
    }

    pub(crate) fn wait<'m>(&'m self, mut guard: MutexGuard<'m, ()>) -> MutexGuard<'m, ()> {
        let held = guard.held.take().expect("the lock is held");
        guard.held = Some(
            self.condition
                .wait(held)
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        guard
    }

    pub(crate) fn wait_for<'m>(
        &'m self,
        guard: MutexGuard<'m, ()>,
        _time: Duration,
    ) -> (MutexGuard<'m, ()>, bool) {
        let own = {
            let mut timed = self.timed.lock();
            timed.1 += 1;
            let own = timed.1;
            timed.0.push_back(own);
            own
        };
        drop(guard);
        // Other threads run here, and then the time is up.
        let timed_out = {
            let waits = &mut self.timed.lock().0;
            let place = waits.iter().position(|&wait| wait == own);
            place.and_then(|at| waits.remove(at)).is_some()
        };
        (self.lock(), timed_out)
    }

    pub(crate) fn notify_one(&self) {
        if self.timed.lock().0.pop_front().is_none() {
            self.condition.notify_one();
        }
    }
}
