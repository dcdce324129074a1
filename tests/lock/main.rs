//! `SmartLock` and `SmartLockMap`.
//!
//! - `once`: `run_once`.
//! - `shared`: `run_shared`.
//! - `map`: the map of keys.
//! - `model`: random operations, each compared with a model of the contract.
//! - `faults` and `crowds`: both functions with many callers.
//!
//! `callers.rs`, `shared/jobs.rs`, `shared/turns.rs` and `map/gates.rs` hold no tests. What the
//! lock allocates is tested in `tests/allocations`.

#[path = "../support/mod.rs"]
mod support;

use support::{choices, count};

mod callers;
mod crowds;
mod faults;
mod map;
mod model;
mod once;
#[path = "../support/oracle.rs"]
mod oracle;
mod shared;
#[path = "../support/work.rs"]
mod work;
