//! Where on its thread's stack a call is polled. It tells a re-entry from a call of another task.
//!
//! A call that is polled inside its own leader's poll would wait for itself, so it gets an error.
//! Being on the leader's thread is not enough for that: a wait inside the leader's poll runs other
//! tasks of the thread too, and the leader does not wait for those.
//!
//! A stack has a level for each wait, and one for the task that a wait polls:
//!
//! ```text
//! level 0   code outside of every wait
//! level 2     a wait, which polls its future                    even: a wait, or no wait
//! level 3       a task that this wait polls                     odd: a task
//! level 4         a wait inside that task
//! level 5           a task that the inner wait polls
//! ```
//!
//! While a wait polls a task, it does not poll its future. So one level holds one poll at a time.

use crate::sync::thread_token;
use crate::thread::context;
use core::num::NonZeroUsize;

/// The thread, and the level of its stack, on which a call or a leader is polled: in one word, which
/// is greater than [`HIGHEST`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct StackToken(NonZeroUsize);

/// Deeper levels count as this one, which is even. So a call that is that deep counts as one that
/// its leader waits for, and gets the error.
const HIGHEST: u32 = 6;
/// The bits of the level. The thread's token is aligned to them.
const LEVEL: usize = 7;

impl StackToken {
    /// Names the level that runs now.
    #[inline]
    pub(crate) fn current() -> Self {
        Self(thread_token() | context::stack().level().min(HIGHEST) as usize)
    }

    /// The token of a [word](Self::word).
    pub(crate) fn of_word(word: usize) -> Option<Self> {
        NonZeroUsize::new(word).map(Self)
    }

    #[inline]
    pub(crate) const fn word(self) -> usize {
        self.0.get()
    }

    /// Returns whether a leader that is polled at `leader` waits for the code that is polled here.
    ///
    /// A wait holds up everything below it on the stack. A task holds up only itself.
    #[inline]
    pub(crate) const fn is_inside(self, leader: Self) -> bool {
        let (own, leader) = (self.word(), leader.word());
        let is_task = own % 2 == 1;
        (own ^ leader) <= LEVEL && (!is_task || own == leader)
    }
}

#[cfg(all(test, not(smartasync_model)))]
mod tests {
    use super::*;

    fn at(thread: usize, level: usize) -> StackToken {
        StackToken::of_word(thread | level).unwrap()
    }

    #[test]
    fn a_wait_is_inside_all_below_it_and_a_task_only_inside_itself() {
        let (one, other) = (16, 24);
        assert!(at(one, 2).is_inside(at(one, 0)) && at(one, 4).is_inside(at(one, 3)));
        assert!(at(one, 3).is_inside(at(one, 3)) && at(one, 0).is_inside(at(one, 0)));
        assert!(!at(one, 3).is_inside(at(one, 2)) && !at(one, 5).is_inside(at(one, 3)));
        assert!(!at(one, 2).is_inside(at(other, 2)));
    }
}
