//! What a thread knows about itself.
//!
//! - [`context`]: what stands on its stack, and so whether its code may block.
//! - [`parker`]: where it sleeps until another thread notifies it.
//! - [`runtime`]: the foreign runtime that the program has installed for all threads.
//!
//! The three parts can be read in any order. Their thread-locals have no destructor, so they can be
//! used at any time, also while the other locals of a thread are being destroyed.

pub(crate) mod context;
pub(crate) mod parker;
pub(crate) mod runtime;
