//! The one file that names a lock, a condition variable or an atomic, so that a model checker can
//! put its own in their place.
//!
//! With `--cfg smartasync_model` these are loom's, behind the same interface, and the models in
//! `models` run the real code on them.

pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::{Ordering, fence};

#[cfg(smartasync_model)]
mod modelled;
#[cfg(not(smartasync_model))]
mod monitor;
mod sleep;

#[cfg(smartasync_model)]
pub(crate) use loom::thread::yield_now;
#[cfg(smartasync_model)]
use modelled::Monitor;
#[cfg(smartasync_model)]
pub(crate) use modelled::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Mutex, MutexGuard};
#[cfg(not(smartasync_model))]
use monitor::Monitor;
#[cfg(not(smartasync_model))]
pub(crate) use parking_lot::{Mutex, MutexGuard};
pub(crate) use sleep::Sleep;
#[cfg(not(smartasync_model))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize};
#[cfg(not(smartasync_model))]
pub(crate) use std::thread::yield_now;
