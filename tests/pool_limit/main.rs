//! The offload pool under a limit.
//!
//! The pool belongs to the process. Each test in this binary sets the limit, so the tests run one
//! after the other: each holds [`ALONE`].

#[path = "../support/mod.rs"]
mod support;

use support::choices;

mod cap;
#[path = "../support/graph.rs"]
mod graph;
mod graphs;
mod jobs;
mod limit;
mod liveness;
mod stats;
mod tasks;
mod threads;

use std::sync::Mutex;

/// Keeps other tests away from the pool.
static ALONE: Mutex<()> = Mutex::new(());
