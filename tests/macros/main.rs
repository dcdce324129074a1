//! The macros: `smart_fn!`, `smart_await!` and `smart_continuation!`.
//!
//! What the compiler says about mistakes is in `tests/ui`.

#![allow(
    clippy::multiple_bound_locations,
    clippy::boxed_local,
    reason = "the signatures have every shape that a user may write"
)]

#[path = "../support/mod.rs"]
mod support;

mod apply;
mod attributes;
mod blocks;
mod bodies;
mod boxed;
mod braces;
mod drops;
mod general;
mod hygiene;
mod kinds;
mod limits;
mod methods;
mod rustfmt;
mod signatures;
mod smart_await;
mod smart_continuation;
mod split;
mod structure;
mod traits;
