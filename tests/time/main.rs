//! Time for both worlds: `sleep` and `Call::timeout`, and the thread that serves timers where no
//! loop of this crate does.
//!
//! These are tests of time, so they sleep.

#[path = "../support/mod.rs"]
mod support;

mod sleeps;
mod threads;
mod timeouts;
