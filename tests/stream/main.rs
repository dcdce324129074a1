//! Streams: `smart_stream`, `smart_unfold` and `smart_iter`. This binary needs the feature
//! `stream`.

#[path = "../support/mod.rs"]
mod support;

mod boxed;
mod items;
mod read_ahead;
