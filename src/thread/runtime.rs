//! The foreign runtime of the program: it does what this crate cannot see or do by itself.

#[cfg(feature = "stream")]
use crate::sync::panics::Panics;
use core::fmt;
use std::boxed::Box;
use std::error::Error;
use std::sync::OnceLock;

static RUNTIME: OnceLock<Box<dyn Runtime>> = OnceLock::new();

/// Connects another async runtime with this crate, so that its sockets and timers work under
/// [`.wait()`](crate::Call::wait).
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
/// a default that does nothing special, so write only those that you need. Libraries that are built
/// on smol, async-io or plain wakers need no runtime.
///
/// The guide's chapter on [sync programs and tokio](crate::guide::tokio_from_sync) has more: how to
/// refuse `.wait()` in tokio's tasks, and which values to create and to drop inside the runtime.
pub trait Runtime: Send + Sync + 'static {
    /// Runs around each wait that drives a future. Enter a reactor here, then call `wait` exactly
    /// once, on this thread.
    ///
    /// It also runs around the drop of a future whose time is up, and of a stream that sync code
    /// drops.
    ///
    /// If it never calls `wait`, the `.wait()` panics. A second call of `wait` does nothing.
    fn around_wait(&self, wait: &mut dyn FnMut()) {
        wait();
    }

    /// Returns whether the code on this thread's stack runs inside a task of the other runtime.
    ///
    /// For the tasks of tokio's multi-thread runtime, `tokio::runtime::worker_index().is_some()` is
    /// the answer. It is `None` in `spawn_blocking` and `block_in_place`, where blocking is fine. It
    /// is also `None` in the future of `#[tokio::main]` itself and in a `LocalSet`, where blocking
    /// is not fine. On a current-thread runtime it is `Some` in all of them. Before tokio 1.54, use
    /// `tokio::task::try_id()`, which is `Some` in `spawn_blocking` and `block_in_place` too: wrap
    /// what blocks there in [`allow_blocking`](crate::allow_blocking).
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

/// Calls `f`, which drops a user's stream, inside the installed runtime: the stream may need the
/// reactor there. Calls `f` again if the runtime has panicked, perhaps before it called `f`.
#[cfg(feature = "stream")]
pub(crate) fn inside(f: &mut dyn FnMut()) {
    let mut panics = Panics::default();
    if let Some(runtime) = installed() {
        panics.catch(|| runtime.around_wait(f));
    }
    panics.catch(f);
    panics.resume();
}

/// The error of [`install_runtime`](crate::install_runtime): a runtime is installed already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyInstalled(pub(crate) ());

impl fmt::Display for AlreadyInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a runtime is installed already; install_runtime works once in a process")
    }
}

impl Error for AlreadyInstalled {}
