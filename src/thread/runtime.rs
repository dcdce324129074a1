//! The foreign runtime of the program: it does what this crate cannot see or do by itself.

use core::fmt;
use std::boxed::Box;
use std::error::Error;
use std::sync::OnceLock;

static RUNTIME: OnceLock<Box<dyn Runtime>> = OnceLock::new();

/// Connects another async runtime with this crate, so that its sockets and timers work under
/// [`.wait()`](crate::Call::wait), or carries something to the threads of the offload pool.
///
/// For tokio you need not write one: with the feature `tokio`, `install_tokio` is one line (see the
/// [guide](crate::guide::tokio_from_sync)). Libraries that are built on smol, async-io or plain
/// wakers need no runtime. This is a runtime for tokio without that feature:
///
/// ```
/// # use std::time::Duration;
/// struct Tokio(tokio::runtime::Runtime);
///
/// impl smartasync::Runtime for Tokio {
///     fn around_wait(&self, wait: &mut dyn FnMut()) {
///         let _guard = self.0.enter();
///         wait();
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// smartasync::install_runtime(Tokio(tokio::runtime::Runtime::new()?))?;
/// smartasync::smart(async { tokio::time::sleep(Duration::from_millis(1)).await }).wait();
/// # Ok(())
/// # }
/// ```
///
/// A program installs one runtime, with [`install_runtime`](crate::install_runtime). Each method has
/// a default that does nothing special, so write only those that you need. The runtime covers the
/// future that is waited for. If you make or drop a value of tokio's between two waits, enter tokio
/// yourself. The guide shows how to
/// [carry a tracing span](crate::guide::service_recipes#carry-a-tracing-span-to-the-pool) to the
/// pool.
pub trait Runtime: Send + Sync + 'static {
    /// Runs around each wait that drives a future. Enter a reactor here, then call `wait` exactly
    /// once, on this thread.
    ///
    /// It also runs around the drop of a future whose time is up, and of a stream that sync code
    /// drops.
    ///
    /// If it never calls `wait`, the `.wait()` panics. A second call of `wait` does nothing.
    ///
    /// Some other thread has to drive the reactor. The crate cannot check that: entered, a
    /// current-thread runtime of tokio that nobody drives looks like one that another thread drives.
    /// With the former, a wait for a socket or a timer never ends.
    fn around_wait(&self, wait: &mut dyn FnMut()) {
        wait();
    }

    /// Returns whether the code on this thread's stack runs inside a task of the other runtime.
    ///
    /// With the feature `tokio`, the crate knows the tasks of tokio by itself. Without it, the answer
    /// for tokio is `tokio::runtime::worker_index().is_some()`. It has the same limits, which the
    /// [guide](crate::guide::tokio_from_sync) lists. Before tokio 1.54, use
    /// `tokio::task::try_id().is_some()`, and wrap what blocks in `spawn_blocking` and
    /// `block_in_place` in [`allow_blocking`](crate::allow_blocking), because `try_id` is `Some` there
    /// too.
    ///
    /// The crate asks only where its own marks say nothing. It never asks inside the poll of a
    /// [`Call`](crate::Call), on a pool thread, or inside
    /// [`allow_blocking`](crate::allow_blocking).
    fn is_async_context(&self) -> bool {
        false
    }

    /// Wraps a job on its way to the pool, for example to carry a tracing span to the pool's thread.
    ///
    /// If the wrapper never calls the job, whoever awaits the job gets a panic that says so.
    fn around_offload(&self, job: Box<dyn FnOnce() + Send>) -> Box<dyn FnOnce() + Send> {
        job
    }
}

/// Keeps `runtime` for good, if it is the first one. A later one comes back, so that its caller can
/// drop it while no lock is held.
pub(crate) fn set(runtime: Box<dyn Runtime>) -> Result<(), Box<dyn Runtime>> {
    RUNTIME.set(runtime)
}

/// The installed runtime.
#[inline]
pub(crate) fn installed() -> Option<&'static dyn Runtime> {
    RUNTIME.get().map(|runtime| &**runtime)
}

/// The error of [`install_runtime`](crate::install_runtime) and of `install_tokio`: a runtime is
/// installed already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyInstalled(pub(crate) ());

impl fmt::Display for AlreadyInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a runtime is installed already, and a process installs only one")
    }
}

impl Error for AlreadyInstalled {}
