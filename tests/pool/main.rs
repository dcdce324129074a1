//! The offload pool with its default limit, and without threads.
//!
//! Tests that set the limit or count threads are in `tests/pool_limit`.

#[path = "../support/mod.rs"]
mod support;

mod jobs;
#[cfg(target_os = "linux")]
mod refused;
