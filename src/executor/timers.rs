//! The timers of a loop, or of the thread that serves all others: wakers, each of which is woken at
//! a time of its own.

use crate::sync::Mutex;
use crate::sync::panics::{drop_value, swallow};
use core::task::Waker;
use core::{mem, ptr};
use std::collections::BTreeMap;
use std::time::Instant;

/// When a timer is due, and a number that tells it from others of the same time.
type Key = (Instant, u64);

/// Wakers in the order in which they are due.
pub(crate) struct Timers {
    /// Protects the wakers. They are user code: nobody clones, wakes or drops one while it is held.
    queue: Mutex<Queue>,
}

struct Queue {
    wakers: BTreeMap<Key, Waker>,
    /// The number of the latest timer.
    last: u64,
}

/// A timer in its queue. Dropping it takes it out at once.
pub(crate) struct Timer {
    timers: &'static Timers,
    key: Key,
}

impl Timers {
    pub(crate) fn new() -> Self {
        Self {
            queue: Mutex::new(Queue {
                wakers: BTreeMap::new(),
                last: 0,
            }),
        }
    }

    /// Adds a timer. Returns whether it is the first one now: then whoever serves the timers has to
    /// look at them again.
    pub(crate) fn add(&'static self, at: Instant, waker: Waker) -> (Timer, bool) {
        let mut queue = self.queue.lock();
        queue.last += 1;
        let key = (at, queue.last);
        let is_first = match queue.wakers.first_key_value() {
            Some((first, _)) => key < *first,
            None => true,
        };
        queue.wakers.insert(key, waker);
        (Timer { timers: self, key }, is_first)
    }

    /// Wakes those that are due. Returns when the next one is.
    pub(crate) fn wake_due(&self) -> Option<Instant> {
        let now = Instant::now();
        loop {
            let mut queue = self.queue.lock();
            let first = queue.wakers.first_entry()?;
            let (at, _) = *first.key();
            if now < at {
                return Some(at);
            }
            let waker = first.remove();
            drop(queue);
            // The code that serves timers has nothing to do with the waker, so nobody could receive
            // its panic.
            swallow(|| waker.wake());
        }
    }

    /// Wakes all of them, because nobody will serve them.
    pub(crate) fn wake_all(&self) {
        let wakers = mem::take(&mut self.queue.lock().wakers);
        for waker in wakers.into_values() {
            swallow(|| waker.wake());
        }
    }

    /// How many timers were added so far.
    pub(crate) fn added(&self) -> u64 {
        self.queue.lock().last
    }
}

impl Timer {
    /// Whether the timer is in this queue.
    pub(crate) fn is_in(&self, timers: &'static Timers) -> bool {
        ptr::eq(self.timers, timers)
    }

    /// Leaves another waker. Returns whether the timer is still in its queue.
    pub(crate) fn set_waker(&self, mut waker: Waker) -> bool {
        let mut queue = self.timers.queue.lock();
        let there = queue.wakers.get_mut(&self.key);
        let is_there = there.map(|there| mem::swap(there, &mut waker)).is_some();
        drop(queue);
        drop(waker);
        is_there
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let waker = self.timers.queue.lock().wakers.remove(&self.key);
        drop_value(waker);
    }
}
