//! The loop of a thread: waits, the tasks of `spawn_local`, and futures with a reactor of their
//! own.
//!
//! No test in this binary installs a runtime or resets the cache of loops. Those tests are in
//! `tests/runtime.rs` and `tests/loop_cache.rs`.

#[path = "../support/mod.rs"]
mod support;

mod cancelling;
mod nested;
mod reactors;
mod slots;
mod tasks;
mod waits;
