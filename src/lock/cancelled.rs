//! [`Cancelled`]: the error of a call on a lock.

use core::error::Error;
use core::fmt;

/// The error of a call on a [`SmartLock`](crate::SmartLock) or
/// [`SmartLockMap`](crate::SmartLockMap).
///
/// A call gets this error in three cases:
///
/// - The call was a follower when the lock was reset.
/// - The call would have waited for itself.
/// - The call's shared future panicked in another caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled {
    pub(super) by: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Reset,
    Reentry,
    Panic,
}

impl Cancelled {
    /// Returns whether the call would have waited for itself.
    ///
    /// The call was polled inside its own leader's poll, or finished with `.wait()` on a stack that
    /// had the leader's poll below it.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::SmartLock;
    ///
    /// let lock = SmartLock::new();
    /// let outer = lock.run_once(|| async {
    ///     let inner = lock.run_once(|| async { false }).await;
    ///     inner.unwrap_err().is_reentrant()
    /// });
    /// assert_eq!(outer.wait(), Ok(true));
    /// ```
    #[must_use]
    pub const fn is_reentrant(&self) -> bool {
        matches!(self.by, Cause::Reentry)
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.by {
            Cause::Reset => "the lock was reset while the call waited",
            Cause::Reentry => "the call came from inside the run that it would have waited for",
            Cause::Panic => "the future that the call had brought panicked in another caller",
        })
    }
}

impl Error for Cancelled {}
