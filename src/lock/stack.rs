//! [`StackToken`]: where on its thread's stack a call is polled.
//!
//! A call that is polled inside its own leader's poll would wait for itself, so it gets an error.
//! A call on the leader's thread is not always such a re-entry. A wait inside the leader's poll
//! also runs other tasks of the thread, and the leader does not wait for these tasks.
//!
//! A stack has a level for each wait, and a level for the task that this wait polls:
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

/// The thread, and the level of its stack, on which a call or a leader is polled.
///
/// Both are in one word, which is greater than [`HIGHEST`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct StackToken(NonZeroUsize);

/// The highest level in a token: deeper levels count as this level, which is even. So if a call and
/// its leader are both that deep, the leader counts as waiting for the call, which gets the error.
const HIGHEST: u32 = 6;
/// The bits of the level. The alignment of the thread's token leaves these bits free.
const LEVEL: usize = 7;

impl StackToken {
    /// Returns the token of the code that runs now.
    #[inline]
    pub(crate) fn current() -> Self {
        Self(thread_token() | context::stack().level().min(HIGHEST) as usize)
    }

    /// Returns the token of a [word](Self::word), or `None` for 0.
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
