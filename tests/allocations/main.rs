//! What waits, tasks and locks allocate.
//!
//! This binary has an allocator that counts. It counts by thread, so the tests may run in parallel.

#[path = "../support/mod.rs"]
mod support;

mod locks;
mod tasks;
mod waits;
