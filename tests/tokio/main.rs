//! The feature `tokio`: where waiting is refused, and tokio as the installed runtime.
//!
//! A runtime is installed once for the whole process, so each test that installs one runs in a child
//! process.

#[path = "../support/mod.rs"]
mod support;

mod context;
mod install;

use tokio::runtime::{Builder, Runtime};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A multi-thread runtime with one worker, so that a task that blocks holds up all others.
fn multi_thread() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}
