//! `SmartLock::run_shared`.

mod driving;
pub(crate) mod jobs;
mod panics;
mod reentry;
mod reset;
mod spent;
mod stress;
pub(crate) mod turns;
mod wakes;
