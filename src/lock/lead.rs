//! The lead of a lock, in one word for as long as nobody follows.
//!
//! A caller that comes to an idle lock takes the lead with one exchange and gives it back with
//! another. Whoever wants more of the lock (follows, resets it, counts) takes the mutex, and with
//! it the word: from then on the leader comes by the mutex too.
//!
//! No follower is overlooked. Either the leader gives the word back before the follower seizes it:
//! then the follower finds nobody who leads, and leads itself. Or the follower seizes it first:
//! then the leader's exchange fails, and it comes by the mutex, under which the follower has
//! taken its seat. A leader whose word was seized is not forgotten: until it has come by the mutex,
//! the word is not released.
//!
//! | word           | means                                                   | left by                                             |
//! |----------------|---------------------------------------------------------|-----------------------------------------------------|
//! | `FREE`         | nobody leads and nobody waits                           | `take` → a thread, `seize` → `SEIZED`               |
//! | a thread       | a lone leader, which that thread polls at this moment   | `give_back` → `FREE`, `suspend` → `SUSPENDED`, `seize` |
//! | `SUSPENDED`    | a lone leader, which is not being polled                | `resume` → a thread, `seize` → `SEIZED`             |
//! | `SEIZED`       | all there is to know stands under the mutex             | `release` → `FREE`, under the mutex                 |

use crate::lock::stack::StackToken;
use crate::sync::{AtomicUsize, Ordering};

const FREE: usize = 0;
// A thread is named by the address of a thread-local that is aligned, so these two are none.
const SUSPENDED: usize = 1;
const SEIZED: usize = 2;

/// Who led before the word was [seized](Lead::seize).
pub(crate) enum Seized {
    /// Nobody, by this word alone.
    Nobody,
    /// A lone leader, polled by this thread, if by any.
    Leader { polling: Option<StackToken> },
}

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
        // ORDERING: each exchange pairs with those before it; a leader sees what the one before it
        // did, as under a mutex. A failure says that the word is seized, and the mutex
        // orders what follows.
        self.word
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// `thread` leads if the lock is free. Says whether it does.
    #[inline]
    #[must_use]
    pub(crate) fn take(&self, thread: StackToken) -> bool {
        self.exchange(FREE, thread.word())
    }

    /// The lone leader on `thread` has ended. `false` if the word is seized.
    #[inline]
    #[must_use]
    pub(crate) fn give_back(&self, thread: StackToken) -> bool {
        self.exchange(thread.word(), FREE)
    }

    /// The poll of the lone leader on `thread` has returned. `false` if the word is seized.
    #[inline]
    #[must_use]
    pub(crate) fn suspend(&self, thread: StackToken) -> bool {
        self.exchange(thread.word(), SUSPENDED)
    }

    /// The lone leader is polled on `thread`. `false` if the word is seized.
    #[inline]
    #[must_use]
    pub(crate) fn resume(&self, thread: StackToken) -> bool {
        self.exchange(SUSPENDED, thread.word())
    }

    /// Says whether the word is seized already. Under the mutex only.
    #[inline]
    pub(crate) fn is_seized(&self) -> bool {
        // ORDERING: Relaxed; only holders of the mutex seize it.
        self.word.load(Ordering::Relaxed) == SEIZED
    }

    /// Takes the word away from its leader. Under the mutex only.
    pub(crate) fn seize(&self) -> Seized {
        // ORDERING: Acquire, since the caller may lead next; it sees what the last lone leader did.
        match self.word.swap(SEIZED, Ordering::Acquire) {
            FREE | SEIZED => Seized::Nobody,
            SUSPENDED => Seized::Leader { polling: None },
            thread => Seized::Leader {
                polling: StackToken::of_word(thread),
            },
        }
    }

    /// The lock is idle. Under the mutex only.
    pub(crate) fn release(&self) {
        // ORDERING: Release; who takes the lead sees what those did who had the mutex.
        self.word.store(FREE, Ordering::Release);
    }

    /// Says whether somebody leads, or `None` if the mutex has to be asked.
    pub(crate) fn is_taken(&self) -> Option<bool> {
        // ORDERING: Relaxed; the answer is old when it is given.
        match self.word.load(Ordering::Relaxed) {
            SEIZED => None,
            word => Some(word != FREE),
        }
    }
}
