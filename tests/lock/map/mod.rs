//! `SmartLockMap`.

mod coalescing;
pub(crate) mod gates;
mod keys;
mod reset;
mod stress;
