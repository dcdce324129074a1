//! The word of a lone leader: who leads a lock that has no followers.
//!
//! A caller takes the lead of an idle lock with one exchange of the word, and gives the lead back
//! with another. Every other operation (to follow, to reset, to count the followers) takes the
//! mutex and seizes the word. After that, the leader has to take the mutex too.
//!
//! A leader never misses a follower. There are two cases:
//!
//! 1. The leader gives the word back before the follower seizes the word. Then the follower finds
//!    no leader, and leads itself.
//! 2. The follower seizes the word first. Then the leader's exchange fails, so the leader takes the
//!    mutex. The follower took its seat under this mutex, so the leader finds the seat.
//!
//! INVARIANT: after a lone leader's word was seized, the word is not released before this leader
//! has taken the mutex.
//!
//! A *token* is a [`StackToken`]: the thread, and the level of its stack, that polls the leader.
//!
//! | word        | meaning                         | next word, by method                        |
//! |-------------|---------------------------------|---------------------------------------------|
//! | `FREE`      | the lock is idle                | `take`: a token                             |
//! | a token     | a lone leader is polled now     | `give_back`: `FREE`; `suspend`: `SUSPENDED` |
//! | `SUSPENDED` | a lone leader is not polled now | `resume`: a token                           |
//! | `SEIZED`    | the mutex protects the state    | `release`: `FREE`                           |
//!
//! `seize` changes every word to `SEIZED`. `seize` and `release` need the mutex.

use crate::lock::stack::StackToken;
use crate::sync::{AtomicUsize, Ordering};

const FREE: usize = 0;
// A token contains the address of an aligned thread-local, so no token equals one of these two.
const SUSPENDED: usize = 1;
const SEIZED: usize = 2;

pub(crate) struct Lead {
    word: AtomicUsize,
}

impl Lead {
    #[cfg(not(smartasync_model))]
    pub(crate) const fn new() -> Self {
        Self {
            word: AtomicUsize::new(FREE),
        }
    }

    #[cfg(smartasync_model)]
    pub(crate) fn new() -> Self {
        Self {
            word: AtomicUsize::new(FREE),
        }
    }

    #[inline]
    fn exchange(&self, from: usize, to: usize) -> bool {
        // ORDERING: AcqRel; each exchange pairs with the exchange before it and publishes the work
        // of the leader, as a mutex does. If the exchange fails, the word is seized, and the mutex
        // orders everything after it.
        self.word
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// Makes `thread` the lone leader if the word is free. Returns whether `thread` now leads.
    #[inline]
    #[must_use]
    pub(crate) fn take(&self, thread: StackToken) -> bool {
        self.exchange(FREE, thread.word())
    }

    /// Ends the lead of the lone leader on `thread`. Returns `false` if the word is seized.
    #[inline]
    #[must_use]
    pub(crate) fn give_back(&self, thread: StackToken) -> bool {
        self.exchange(thread.word(), FREE)
    }

    /// Records that the poll of the lone leader on `thread` has returned. Returns `false` if the
    /// word is seized.
    #[inline]
    #[must_use]
    pub(crate) fn suspend(&self, thread: StackToken) -> bool {
        self.exchange(thread.word(), SUSPENDED)
    }

    /// Records that `thread` polls the lone leader. Returns `false` if the word is seized.
    #[inline]
    #[must_use]
    pub(crate) fn resume(&self, thread: StackToken) -> bool {
        self.exchange(SUSPENDED, thread.word())
    }

    /// Seizes the word: the mutex protects the lead from now on. The caller must hold the mutex.
    ///
    /// If there was a lone leader, this returns where it is polled, if it is polled now.
    #[inline]
    pub(crate) fn seize(&self) -> Option<Option<StackToken>> {
        // ORDERING: Relaxed; only a holder of the mutex seizes or releases the word.
        if self.word.load(Ordering::Relaxed) == SEIZED {
            return None;
        }
        // ORDERING: Acquire; pairs with the exchange of the last lone leader. The caller may lead
        // next, so it must see what this leader did.
        match self.word.swap(SEIZED, Ordering::Acquire) {
            FREE => None,
            SUSPENDED => Some(None),
            thread => Some(StackToken::of_word(thread)),
        }
    }

    /// Frees the word, because the lock is idle. The caller must hold the mutex.
    pub(crate) fn release(&self) {
        // ORDERING: Release; pairs with the exchange in `take` and publishes what the holders of
        // the mutex did.
        self.word.store(FREE, Ordering::Release);
    }
}
