//! How a thread waits for a future: on its loop, or without `std` by polling in place.
//!
//! A wait goes down through these parts once:
//!
//! - [`wait`]: what kind of wait it is, and the one function that drives a future.
//! - [`loops`]: the loop of each thread, where a wait begins, and the cache of all loops.
//! - [`tasks`]: the tasks that run while their thread waits. [`task`] has the handle of one,
//!   [`cell`] its memory, [`ready`] the queue of those that were woken.
//! - [`level`]: what one wait sleeps on.
//! - [`timers`]: when it stops sleeping for a future that waits for a time.
//! - `tokio`: what installs tokio, with the feature of that name.
//!
//! Start with [`wait`]. Sleeping itself is up to [`pool::park`](crate::pool::park), because a job of
//! the pool that sleeps gives its place to another one.

#[cfg(not(feature = "std"))]
mod bare;
#[cfg(feature = "std")]
mod cell;
#[cfg(feature = "std")]
mod level;
#[cfg(feature = "std")]
mod loops;
#[cfg(feature = "std")]
pub(crate) mod ready;
#[cfg(feature = "std")]
mod task;
#[cfg(feature = "std")]
mod tasks;
#[cfg(feature = "std")]
pub(crate) mod timers;
#[cfg(feature = "tokio")]
mod tokio;
#[cfg(feature = "std")]
mod wait;

#[cfg(not(feature = "std"))]
pub(crate) use bare::*;

#[cfg(feature = "std")]
pub(crate) use loops::own_timers;
#[cfg(feature = "std")]
pub use loops::{LoopId, cached_loops, current_loop, install_runtime, reset_smartasync_cache};
#[cfg(feature = "std")]
pub use task::{Task, spawn_local};
#[cfg(feature = "tokio")]
pub use tokio::{InstallError, install_tokio, install_tokio_handle};
#[cfg(feature = "std")]
pub use wait::block_on;

#[cfg(feature = "std")]
pub(crate) use crate::thread::context::{REFUSAL, is_async_context, refuse_in_async};
#[cfg(all(feature = "std", feature = "stream"))]
pub(crate) use wait::drop_inside;
#[cfg(feature = "std")]
pub(crate) use wait::{in_async, wait, wait_for_own, wait_until, wait_with};
