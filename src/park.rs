//! The parker: puts one thread to sleep until it is notified. It is also the waker of a wait.
//!
//! Why not `std::thread::park`: a thread has a single token, which anybody may set and any poll may
//! consume. A parker has a flag of its own, so a stray `unpark` neither ends a wait nor is a
//! wake-up lost to somebody else's `park`, and the user's token is left alone. It names no thread,
//! so a loop that was handed to another thread wakes the one that sleeps in it now. And before it
//! sleeps it looks for a few microseconds whether the notification comes: see [`Sleep::linger`].

use crate::sync::{Arc, AtomicU8, Ordering, Sleep};
use core::cell::Cell;
use core::num::NonZeroUsize;
use std::task::{Wake, Waker};
use std::thread_local;
use std::time::{Duration, Instant};

// The states of a parker, and who leaves them:
//
// | state    | means                              | left by                                         |
// |----------|------------------------------------|-------------------------------------------------|
// | EMPTY    | no notification, nobody sleeps     | `unpark` → NOTIFIED, the owner's `park` → PARKED |
// | PARKED   | the owner sleeps, or is about to   | `unpark` → NOTIFIED, the deadline → EMPTY       |
// | NOTIFIED | a notification waits for the owner | the owner's `take` → EMPTY                      |
const EMPTY: u8 = 0;
const PARKED: u8 = 1;
const NOTIFIED: u8 = 2;

/// What a thread knows of its own waits.
struct Own {
    /// The thread has tasks that are not finished.
    has_tasks: Cell<bool>,
    /// The job that was polled last, by its number, and the address of the parker behind the waker
    /// that it was polled with.
    noted: Cell<(usize, usize)>,
}

thread_local! {
    static OWN: Own = const { Own { has_tasks: Cell::new(false), noted: Cell::new((0, 0)) } };
}

/// Says whether this thread has tasks that are not finished.
#[inline]
pub(crate) fn has_tasks() -> bool {
    OWN.with(|own| own.has_tasks.get())
}

/// Says what [`has_tasks`] says from now on.
#[inline]
pub(crate) fn set_has_tasks(any: bool) {
    OWN.with(|own| own.has_tasks.set(any));
}

/// The job with this number was polled with `waker`.
pub(crate) fn note_job(job: usize, waker: &Waker) {
    OWN.with(|own| own.noted.set((job, waker.data().addr())));
}

/// A new wait begins: it has polled no job.
pub(crate) fn forget_job() {
    OWN.with(|own| own.noted.set((0, 0)));
}

/// The number of the job that the wait on `parker` has polled last, or 0.
pub(crate) fn noted_job(parker: &Parker) -> usize {
    let (job, polled_for) = OWN.with(|own| own.noted.get());
    if polled_for == core::ptr::from_ref(parker).addr() {
        job
    } else {
        0
    }
}

/// A number that no other living thread has: the address of a thread-local.
#[cfg(not(smartasync_model))]
#[inline]
pub(crate) fn thread_token() -> NonZeroUsize {
    let address = OWN.with(|own| core::ptr::from_ref(own).addr());
    NonZeroUsize::new(address).expect("no thread-local is at address zero")
}

/// The threads of a model share one thread of the system.
#[cfg(smartasync_model)]
pub(crate) fn thread_token() -> NonZeroUsize {
    use core::hash::{BuildHasher, BuildHasherDefault};
    let hasher = BuildHasherDefault::<std::hash::DefaultHasher>::default();
    NonZeroUsize::MIN.saturating_add(hasher.hash_one(loom::thread::current().id()) as usize)
}

/// Puts its owner to sleep until somebody calls [`unpark`](Parker::unpark). One thread at a time
/// may own it.
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

    /// Says whether there is a notification. For the owner only.
    pub(crate) fn is_notified(&self) -> bool {
        self.state.load(Ordering::Relaxed) == NOTIFIED
    }

    /// Takes a notification, if there is one. For the owner only.
    #[inline]
    pub(crate) fn take(&self) -> bool {
        // A plain load finds that there is nothing to take. To take, the swap is needed: a load and
        // a store could step over a second notification between them, whose writes this
        // thread would then not see. ORDERING: pairs with the swap in `unpark`; what the
        // waker wrote is visible to the poll that follows.
        self.state.load(Ordering::Relaxed) == NOTIFIED
            && self.state.swap(EMPTY, Ordering::Acquire) == NOTIFIED
    }

    /// Sleeps until a notification comes, and takes it; or until `deadline`. Says whether a
    /// notification was taken. For the owner only.
    pub(crate) fn park(&self, deadline: Option<Instant>) -> bool {
        self.linger() || self.sleep_until(deadline)
    }

    /// [`park`](Parker::park) for `time` or a little longer. Where the owner does not linger,
    /// without a look at the clock.
    pub(crate) fn park_for(&self, time: Duration) -> bool {
        self.linger() || self.sleep_while(|| Some(time))
    }

    /// [`park`](Parker::park) without a look for the notification that comes soon.
    pub(crate) fn sleep_until(&self, deadline: Option<Instant>) -> bool {
        self.sleep_while(|| {
            deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
        })
    }

    /// Takes a notification that is there, or comes so soon that a sleep would not pay.
    pub(crate) fn linger(&self) -> bool {
        // What is there already is no reason to linger the next time: on a single core, it came
        // before this thread had its turn.
        self.take()
            || (self
                .sleep
                .linger(|| self.state.load(Ordering::Relaxed) == EMPTY)
                && self.take())
    }

    /// No wake-up is lost. Either `unpark`'s swap comes before the exchange to PARKED: then the
    /// exchange fails, and the notification is taken here. Or it comes after: then `unpark`
    /// sees PARKED and wakes `sleep`; so either it finds the owner sleeping, or the owner's last
    /// look at `state` finds NOTIFIED.
    fn sleep_while(&self, how_long: impl Fn() -> Option<Duration>) -> bool {
        // ORDERING: a failure reads NOTIFIED; the swap in `take` acquires it. A success publishes
        // nothing.
        if self
            .state
            .compare_exchange(EMPTY, PARKED, Ordering::Relaxed, Ordering::Relaxed)
            .is_err()
        {
            return self.take();
        }
        self.sleep
            .sleep(|| self.state.load(Ordering::Relaxed) == PARKED, how_long);
        // ORDERING: as in `take`. At the deadline this leaves PARKED, or takes a notification that
        // came at the last moment.
        self.state.swap(EMPTY, Ordering::Acquire) == NOTIFIED
    }

    /// Notifies the owner: its current or next `park` returns at once.
    #[inline]
    pub(crate) fn unpark(&self) {
        // ORDERING: pairs with the swaps in `take` and `sleep_while`; publishes all that the caller
        // did before it woke.
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
