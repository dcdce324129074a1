//! Loom's locks with the interface of parking_lot's.

use core::ops::{Deref, DerefMut};
use std::collections::VecDeque;
use std::time::Duration;

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

struct Condvar {
    condition: loom::sync::Condvar,
    /// The waits with a time-out that nobody has notified, oldest first, and how many there were.
    timed: loom::sync::Mutex<(VecDeque<usize>, usize)>,
}

/// Whether a wait ended by its time-out.
struct TimedOut(bool);

impl TimedOut {
    fn timed_out(&self) -> bool {
        self.0
    }
}

impl Condvar {
    fn new() -> Self {
        Self { condition: loom::sync::Condvar::new(), timed: loom::sync::Mutex::default() }
    }

    fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let held = guard.held.take().expect("the lock is held");
        guard.held = Some(self.condition.wait(held).unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    /// A model has no clock: the time is up before or after whatever the other threads do, and loom tries all.
    fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, _timeout: Duration) -> TimedOut {
        let own = {
            let mut timed = relock(&self.timed);
            timed.1 += 1;
            let own = timed.1;
            timed.0.push_back(own);
            own
        };
        guard.held = None;
        // Here others run, and the time is up.
        let timed_out = {
            let waits = &mut relock(&self.timed).0;
            let place = waits.iter().position(|&wait| wait == own);
            place.and_then(|at| waits.remove(at)).is_some()
        };
        guard.held = Some(relock(guard.lock));
        TimedOut(timed_out)
    }

    fn notify_one(&self) {
        if relock(&self.timed).0.pop_front().is_none() {
            self.condition.notify_one();
        }
    }
}

/// As the real one.
pub(crate) struct Sleep {
    mutex: Mutex<()>,
    condition: Condvar,
}

impl Sleep {
    pub(crate) fn new() -> Self {
        Self { mutex: Mutex::new(()), condition: Condvar::new() }
    }

    /// A look more or less makes no difference to a model.
    pub(crate) fn linger(&self, _may_sleep: impl Fn() -> bool) -> bool {
        false
    }

    pub(crate) fn sleep(&self, may_sleep: impl Fn() -> bool, how_long: impl Fn() -> Option<Duration>) {
        let mut held = self.mutex.lock();
        while may_sleep() {
            match how_long() {
                None => self.condition.wait(&mut held),
                Some(time) => {
                    if self.condition.wait_for(&mut held, time).timed_out() {
                        return;
                    }
                }
            }
        }
    }

    pub(crate) fn wake(&self) {
        drop(self.mutex.lock());
        self.condition.notify_one();
    }
}
