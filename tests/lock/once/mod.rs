//! `SmartLock::run_once`.

mod handover;
mod leading;
mod other_tasks;
mod panics;
mod reentry;
mod reset;
mod stress;
mod threads;
mod values;
mod wakers;
