//! Calls: what `Call` and `Smart` guarantee, where a body runs, and where waiting is refused.

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod context;
mod map;
mod matrix;
mod rayon;
mod size;
mod smart;
mod wait_with;
