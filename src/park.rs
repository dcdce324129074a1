//! The parker: puts one thread to sleep until it is notified. It is also the waker of a wait.
//!
//! Why not `std::thread::park`: a thread has a single token, which anybody may set and any poll may consume. A parker has a flag of its
//! own, so a stray `unpark` neither ends a wait nor is a wake-up lost to somebody else's `park`, and the user's token is left alone. It
//! names no thread, so a loop that was handed to another thread wakes the one that sleeps in it now.

use crate::sync::{Arc, AtomicU8, AtomicUsize, Condvar, Mutex, Ordering};
use core::cell::Cell;
use core::num::NonZeroUsize;
use std::task::Wake;
use std::thread_local;
use std::time::Instant;

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

// What there is to do on a thread between two polls of a wait, as bits.
/// A parker of the thread was notified by the thread itself.
const POLL: u8 = 1;
/// The thread has tasks that are not finished.
const TASKS: u8 = 2;

thread_local! {
    /// A thread that notifies itself sets a bit in this cell, so that a future that wakes itself while it is polled costs no atomic
    /// read-modify-write. It is the innermost wait's: the parkers of the waits around it are [suspended](Parker::suspend).
    static TURN: Cell<u8> = const { Cell::new(0) };
}

/// Says whether this thread has notified itself and has nothing else to do, and takes that notification.
#[inline]
pub(crate) fn take_own_alone() -> bool {
    TURN.with(|turn| {
        let alone = turn.get() == POLL;
        if alone {
            turn.set(0);
        }
        alone
    })
}

/// Takes a notification of this thread by itself, if there is one.
#[inline]
fn take_own() -> bool {
    let turn = TURN.get();
    TURN.set(turn & !POLL);
    turn & POLL != 0
}

/// Says whether this thread has tasks that are not finished.
#[inline]
pub(crate) fn has_tasks() -> bool {
    TURN.get() & TASKS != 0
}

/// Says what [`has_tasks`] says from now on.
#[inline]
pub(crate) fn set_has_tasks(any: bool) {
    TURN.set(TURN.get() & !TASKS | if any { TASKS } else { 0 });
}

/// A number that no other living thread has: the address of a thread-local.
#[cfg(not(smartasync_model))]
#[inline]
pub(crate) fn thread_token() -> NonZeroUsize {
    TURN.with(token)
}

#[inline]
fn token(turn: &Cell<u8>) -> NonZeroUsize {
    NonZeroUsize::new(core::ptr::from_ref(turn).addr()).expect("no thread-local is at address zero")
}

/// The threads of a model share one thread of the system.
#[cfg(smartasync_model)]
pub(crate) fn thread_token() -> NonZeroUsize {
    use core::hash::{BuildHasher, BuildHasherDefault};
    let hasher = BuildHasherDefault::<std::hash::DefaultHasher>::default();
    NonZeroUsize::MIN.saturating_add(hasher.hash_one(loom::thread::current().id()) as usize)
}

/// Puts its owner to sleep until somebody calls [`unpark`](Parker::unpark). One thread at a time may own it.
pub(crate) struct Parker {
    /// The [token](thread_token) of the thread that owns it, if it says so, or 0.
    ///
    /// A thread that takes the place of an ended one may, by an old waker, take itself for the owner: then it polls once too often itself. The
    /// true owner cannot miss a wake-up by that: who was given a waker by it has seen `owner`, too.
    owner: AtomicUsize,
    state: AtomicU8,
    /// Protects nothing but the moment between the owner's last look at `state` and its sleep.
    asleep: Mutex<()>,
    wakeup: Condvar,
}

impl Parker {
    pub(crate) fn new() -> Self {
        Self { owner: AtomicUsize::new(0), state: AtomicU8::new(EMPTY), asleep: Mutex::new(()), wakeup: Condvar::new() }
    }

    /// This thread is the owner from now on.
    pub(crate) fn adopt(&self) {
        // ORDERING: Relaxed; whoever is given a waker later has it from this thread.
        self.owner.store(thread_token().get(), Ordering::Relaxed);
    }

    /// The owner goes on to wait with another parker, inside its wait with this one. What it notifies this one of meanwhile is kept apart from
    /// what it notifies the other one of.
    #[inline]
    pub(crate) fn suspend(&self) {
        // ORDERING: as in `adopt`; no other thread takes itself for the owner, before or after.
        self.owner.store(0, Ordering::Relaxed);
        if take_own() {
            self.unpark_from_elsewhere();
        }
    }

    /// The owner is back. What it notified the other parker of is for nobody.
    #[inline]
    pub(crate) fn resume(&self) {
        take_own();
        self.adopt();
    }

    #[inline]
    fn has_owner(&self) -> bool {
        self.owner.load(Ordering::Relaxed) != 0
    }

    /// Takes a notification, if there is one. For the owner only.
    #[inline]
    pub(crate) fn take(&self) -> bool {
        if self.has_owner() && take_own() {
            return true;
        }
        // A plain load finds that there is nothing to take. To take, the swap is needed: a load and a store could step over a second
        // notification between them, whose writes this thread would then not see.
        // ORDERING: pairs with the swap in `unpark`; what the waker wrote is visible to the poll that follows.
        self.state.load(Ordering::Relaxed) == NOTIFIED && self.state.swap(EMPTY, Ordering::Acquire) == NOTIFIED
    }

    /// Sleeps until a notification comes, and takes it; or until `deadline`. Says whether a notification was taken. For the owner only.
    ///
    /// No wake-up is lost. Either `unpark`'s swap comes before the exchange to PARKED: then the exchange fails, and the notification
    /// is taken here. Or it comes after: then `unpark` sees PARKED and passes through `asleep`, which the owner holds until it sleeps,
    /// so the notify finds it sleeping, or the owner's check of `state` under `asleep` finds NOTIFIED.
    pub(crate) fn park(&self, deadline: Option<Instant>) -> bool {
        if self.has_owner() && take_own() {
            return true;
        }
        // ORDERING: a failure reads NOTIFIED; the swap in `take` acquires it. A success publishes nothing.
        if self.state.compare_exchange(EMPTY, PARKED, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return self.take();
        }
        let mut asleep = self.asleep.lock();
        while self.state.load(Ordering::Relaxed) == PARKED {
            match deadline {
                None => self.wakeup.wait(&mut asleep),
                Some(deadline) => {
                    if self.wakeup.wait_until(&mut asleep, deadline).timed_out() {
                        break;
                    }
                }
            }
        }
        drop(asleep);
        // ORDERING: as in `take`. At the deadline this leaves PARKED, or takes a notification that came at the last moment.
        self.state.swap(EMPTY, Ordering::Acquire) == NOTIFIED
    }

    /// Notifies the owner: its current or next `park` returns at once.
    #[inline]
    pub(crate) fn unpark(&self) {
        let by_owner = TURN.with(|turn| {
            let by_owner = self.owner.load(Ordering::Relaxed) == token(turn).get();
            if by_owner {
                turn.set(turn.get() | POLL);
            }
            by_owner
        });
        if !by_owner {
            self.unpark_from_elsewhere();
        }
    }

    #[inline(never)]
    fn unpark_from_elsewhere(&self) {
        // ORDERING: pairs with the swaps in `take` and `park`; publishes all that the caller did before it woke.
        if self.state.swap(NOTIFIED, Ordering::Release) == PARKED {
            drop(self.asleep.lock());
            self.wakeup.notify_one();
        }
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.unpark();
    }
}

/// What a thread of the pool does around each sleep, so that its place is filled meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct BlockingHook {
    pub(crate) before_park: fn(&Arc<Parker>),
    pub(crate) after_park: fn(),
}

thread_local! {
    static BLOCKING_HOOK: Cell<Option<BlockingHook>> = const { Cell::new(None) };
}

/// Sets this thread's hook, or takes it away.
pub(crate) fn set_blocking_hook(hook: Option<BlockingHook>) {
    BLOCKING_HOOK.set(hook);
}

/// [`Parker::park`] between the calls of this thread's hook, if it has one.
pub(crate) fn park(parker: &Arc<Parker>, deadline: Option<Instant>) -> bool {
    let Some(hook) = BLOCKING_HOOK.get() else {
        return parker.park(deadline);
    };
    (hook.before_park)(parker);
    let notified = parker.park(deadline);
    (hook.after_park)();
    notified
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
    fn the_owner_notifies_itself() {
        let parker = Parker::new();
        parker.adopt();
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
