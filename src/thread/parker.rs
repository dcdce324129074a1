//! The parker: it puts one thread to sleep until another thread notifies it. It is also the waker of
//! a wait.
//!
//! `std::thread::park` does not serve here. A thread has a single token, which anybody may set and
//! any poll may consume. A parker has a notification of its own: a stray `unpark` does not end a
//! wait, and nobody else's `park` consumes a wake-up. A parker names no thread, so it wakes the
//! thread that sleeps on it now, also after its loop went to another thread.

use crate::sync::{Arc, AtomicU8, Ordering, Sleep};
use std::task::Wake;
use std::time::Instant;

// The states of a parker:
//
// | state    | meaning                            | who leaves it                                     |
// |----------|------------------------------------|---------------------------------------------------|
// | EMPTY    | no notification, nobody sleeps     | `unpark` → NOTIFIED; the owner's `park` → PARKED  |
// | PARKED   | the owner sleeps, or is about to   | `unpark` → NOTIFIED; the owner's deadline → EMPTY |
// | NOTIFIED | a notification waits for the owner | the owner's `take` → EMPTY                        |
const EMPTY: u8 = 0;
const PARKED: u8 = 1;
const NOTIFIED: u8 = 2;

/// Puts its owner to sleep until somebody calls [`unpark`](Parker::unpark). One thread at a time
/// owns it.
pub(crate) struct Parker {
    state: AtomicU8,
    sleep: Sleep,
}

impl Parker {
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            sleep: Sleep::new(),
        }
    }

    /// Returns whether there is a notification. Only the owner may ask.
    #[inline]
    pub(crate) fn is_notified(&self) -> bool {
        self.state.load(Ordering::Relaxed) == NOTIFIED
    }

    /// Takes the notification, if there is one. Only the owner may call it.
    ///
    /// A plain load is enough to see that there is none. Taking it needs the swap: between a load
    /// and a store a second notification could come, and this thread would not see its writes.
    #[inline]
    pub(crate) fn take(&self) -> bool {
        // ORDERING: Acquire pairs with the swap in `unpark`: the poll that follows sees what the
        // waker wrote.
        self.is_notified() && self.state.swap(EMPTY, Ordering::Acquire) == NOTIFIED
    }

    /// Sleeps until a notification comes, and takes it, or until `deadline`. Returns whether it took
    /// one. Only the owner may call it, as the two methods below.
    pub(crate) fn park(&self, deadline: Option<Instant>) -> bool {
        self.spin() || self.sleep_until(deadline)
    }

    /// Takes a notification that is there, or comes so soon that spinning beats a sleep.
    pub(crate) fn spin(&self) -> bool {
        // A notification that is there already says nothing about how soon the next one comes.
        self.take() || (self.sleep.spin(|| !self.is_notified()) && self.take())
    }

    /// [`park`](Parker::park) without spinning.
    ///
    /// No wake-up is lost. Either the swap of `unpark` comes before the exchange to PARKED: then the
    /// exchange fails, and this call takes the notification. Or it comes after: then `unpark` sees
    /// PARKED and wakes `sleep`, which loses no wake-up either.
    pub(crate) fn sleep_until(&self, deadline: Option<Instant>) -> bool {
        // ORDERING: Relaxed; a success publishes nothing, and after a failure the swap in `take`
        // acquires the notification.
        let parked =
            self.state
                .compare_exchange(EMPTY, PARKED, Ordering::Relaxed, Ordering::Relaxed);
        if parked.is_err() {
            return self.take();
        }
        self.sleep
            .sleep(|| self.state.load(Ordering::Relaxed) == PARKED, deadline);
        // ORDERING: as in `take`. At the deadline this leaves PARKED, or takes a notification that
        // came at the last moment.
        self.state.swap(EMPTY, Ordering::Acquire) == NOTIFIED
    }

    /// Notifies the owner: its current or next `park` returns at once.
    #[inline]
    pub(crate) fn unpark(&self) {
        // ORDERING: Release pairs with the swaps in `take` and `sleep_while`: it publishes what the
        // caller did before.
        if self.state.swap(NOTIFIED, Ordering::Release) == PARKED {
            self.sleep.wake();
        }
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }

    #[inline]
    fn wake_by_ref(self: &Arc<Self>) {
        self.unpark();
    }
}

#[cfg(all(test, not(smartasync_model)))]
mod tests {
    use super::*;
    use std::thread;
    use std::time::Duration;

    #[test]
    fn an_early_notification_is_kept() {
        let parker = Parker::new();
        parker.unpark();
        parker.unpark();
        assert!(parker.park(None));
        assert!(!parker.take());
    }

    #[test]
    fn a_deadline_leaves_the_parker_empty() {
        let parker = Parker::new();
        assert!(!parker.park(Some(Instant::now())));
        assert!(!parker.take());
        parker.unpark();
        assert!(parker.take());
    }

    #[test]
    fn a_stray_unpark_of_the_thread_does_not_end_the_wait() {
        let parker = Parker::new();
        thread::current().unpark();
        assert!(!parker.park(Some(Instant::now() + Duration::from_millis(5))));
    }

    #[test]
    fn two_threads_hand_a_notification_back_and_forth() {
        let (ping, pong) = (Arc::new(Parker::new()), Arc::new(Parker::new()));
        let (ping2, pong2) = (ping.clone(), pong.clone());
        let other = thread::spawn(move || {
            for _ in 0..10_000 {
                assert!(ping2.park(None));
                pong2.unpark();
            }
        });
        for _ in 0..10_000 {
            ping.unpark();
            assert!(pong.park(None));
        }
        other.join().unwrap();
    }
}
