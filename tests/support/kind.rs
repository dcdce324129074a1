//! The two ways to make a call on a lock.

/// The function that makes a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// `run_once`
    Once,
    /// `run_shared`
    Shared,
}

/// Both kinds.
pub(crate) const KINDS: [Kind; 2] = [Kind::Once, Kind::Shared];
