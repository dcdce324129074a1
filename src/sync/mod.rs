//! Locks, condition variables and atomics, and how to call user code that may panic.
//!
//! Everything else in the crate takes its locks and atomics from here. With
//! `--cfg smartasync_model` they are loom's, so that the models in `models` check the code that
//! users run. (Numbers that only count, such as the names of loops, use the standard atomics.)
//!
//! Read [`sleep`] first: it holds the one place where a thread sleeps. [`panics`] calls wakers and
//! destructors, which are user code, one by one.

pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::{Ordering, fence};

#[cfg(smartasync_model)]
mod modelled;
#[cfg(not(smartasync_model))]
mod monitor;
pub(crate) mod panics;
mod sleep;

#[cfg(smartasync_model)]
pub(crate) use loom::thread::yield_now;
#[cfg(smartasync_model)]
use modelled::Monitor;
#[cfg(smartasync_model)]
pub(crate) use modelled::{AtomicBool, AtomicU8, AtomicUsize, Mutex, MutexGuard, thread_token};
#[cfg(not(smartasync_model))]
use monitor::Monitor;
#[cfg(not(smartasync_model))]
pub(crate) use parking_lot::{Mutex, MutexGuard};
pub(crate) use sleep::Sleep;
#[cfg(not(smartasync_model))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize};
#[cfg(not(smartasync_model))]
pub(crate) use std::thread::yield_now;

/// A number that no other living thread has, a multiple of 8: the address of a thread-local.
#[cfg(not(smartasync_model))]
#[inline]
pub(crate) fn thread_token() -> core::num::NonZeroUsize {
    std::thread_local!(static TOKEN: u64 = const { 0 });
    let address = TOKEN.with(|token| core::ptr::from_ref(token).addr());
    core::num::NonZeroUsize::new(address).expect("no thread-local is at address zero")
}
