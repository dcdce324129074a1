//! The time that a step is given. It is a moment, not a pause between two bytes, so a server that
//! drips its reply gains nothing by it.

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
        // `Instant` cannot hold every `Duration`; a year is as good as for ever.
        let at = Instant::now() + within.min(Duration::from_secs(365 * 24 * 3600));
        Self { at, within, doing }
    }

    /// The error for a step that took too long.
    pub(crate) fn missed(&self) -> Error {
        Error::TimedOut {
            doing: self.doing,
            after: self.within,
        }
    }

    /// The time that is left, more than nothing: `std` refuses a time-out of zero.
    pub(crate) fn left(&self) -> Result<Duration, Error> {
        let left = self.at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            Err(self.missed())
        } else {
            Ok(left)
        }
    }

    /// The error of a blocking operation, which says `WouldBlock` or `TimedOut` when its time is
    /// up.
    pub(crate) fn error(&self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.missed(),
            _ => error.into(),
        }
    }
}
