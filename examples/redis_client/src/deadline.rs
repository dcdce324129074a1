//! The deadline of a step. It is a point in time, and not a pause between two bytes, so a server
//! cannot extend it by sending its reply slowly.

use crate::error::Error;
use std::io;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    within: Duration,
    doing: &'static str,
}

impl Deadline {
    pub(crate) fn new(doing: &'static str, within: Duration) -> Self {
        // `Instant` cannot hold every `Duration`. A year is long enough.
        let at = Instant::now() + within.min(Duration::from_secs(365 * 24 * 3600));
        Self { at, within, doing }
    }

    /// Returns the error for a step that took too long.
    pub(crate) fn missed(&self) -> Error {
        Error::TimedOut {
            doing: self.doing,
            after: self.within,
        }
    }

    /// Returns the remaining time. It is never zero, because `std` refuses a time-out of zero.
    pub(crate) fn left(&self) -> Result<Duration, Error> {
        let left = self.at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(self.missed())
        } else {
            Ok(left)
        }
    }

    /// Converts the error of a blocking operation. When its time is up, the operation returns
    /// `WouldBlock` or `TimedOut`.
    pub(crate) fn error(&self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.missed(),
            _ => error.into(),
        }
    }
}
