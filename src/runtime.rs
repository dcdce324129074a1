//! The hook for a foreign runtime: what this crate cannot see or do by itself.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use std::boxed::Box;
use std::error::Error;
use std::sync::OnceLock;

static RUNTIME: OnceLock<Box<dyn Runtime>> = OnceLock::new();

/// Set once `RUNTIME` is: one byte to look at in each wait.
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// Connects another runtime with [`Call::wait`](crate::Call::wait) and
/// [`offload`](crate::offload()).
///
/// Every method has a default that does nothing special, so an implementation writes only what it
/// needs. Install it once for the process with [`install_runtime`](crate::install_runtime).
/// Libraries built on smol, async-io or plain wakers need none.
///
/// # Examples
///
/// With this, tokio's I/O and timers, and what is built on them (hyper, reqwest, sqlx), work under
/// `.wait()`. What is made or dropped between two waits is outside: make it in the future that is
/// waited for, or enter tokio for the whole function, as in the last lines.
///
/// ```
/// use smartasync::{Runtime, install_runtime, smart};
/// use std::time::Duration;
///
/// struct Tokio(tokio::runtime::Runtime);
///
/// impl Runtime for Tokio {
///     fn around_wait(&self, wait: &mut dyn FnMut()) {
///         let _guard = self.0.enter();
///         wait();
///     }
///
///     fn is_async_context(&self) -> bool {
///         tokio::runtime::worker_index().is_some()
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
/// install_runtime(Tokio(tokio))?;
/// smart(async { tokio::time::sleep(Duration::from_millis(1)).await }).wait();
///
/// # let handle = smart(async { tokio::runtime::Handle::current() }).wait();
/// let _guard = handle.enter();
/// smart(tokio::time::sleep(Duration::from_millis(1))).wait();
/// # Ok(())
/// # }
/// ```
pub trait Runtime: Send + Sync + 'static {
    /// Runs around each wait that drives a future: enter a reactor here, then call `wait` exactly
    /// once, on this thread. It runs also around the drop of a future whose time was up, and of
    /// a stream that sync code leaves.
    ///
    /// A wait that is never called makes the `.wait()` panic; a second call does nothing.
    fn around_wait(&self, wait: &mut dyn FnMut()) {
        wait();
    }

    /// Says whether the code on this thread's stack runs inside a task of the other runtime.
    ///
    /// With tokio, `tokio::runtime::worker_index().is_some()` is the answer for the tasks of the
    /// multi-threaded runtime. It is `None` in `spawn_blocking` and `block_in_place`, where
    /// blocking is fine, and also in the future of `#[tokio::main]` itself and in a `LocalSet`,
    /// where it is not. (On a current-thread runtime it is `Some` in all of them.) Before tokio
    /// 1.54 there is `tokio::task::try_id()`, which is `Some` in those, too: wrap what blocks there
    /// in the crate's [`allow_blocking`](crate::allow_blocking).
    ///
    /// It is asked only where this crate's own marks say nothing: never inside a
    /// [`Call`](crate::Call)'s poll, on a pool thread or in
    /// [`allow_blocking`](crate::allow_blocking).
    fn is_async_context(&self) -> bool {
        false
    }

    /// Wraps a job on its way to the pool, to carry a tracing span to the pool's thread, say.
    ///
    /// Whoever awaits a job that the wrapper never calls gets a panic that says so.
    fn around_offload(&self, job: Box<dyn FnOnce() + Send>) -> Box<dyn FnOnce() + Send> {
        job
    }
}

/// Keeps `runtime` for good, unless there is one: then `runtime` comes back, to be dropped where no
/// lock is held.
pub(crate) fn set(runtime: Box<dyn Runtime>) -> Result<(), Box<dyn Runtime>> {
    RUNTIME.set(runtime)?;
    INSTALLED.store(true, Ordering::Relaxed);
    Ok(())
}

/// Says whether there is a runtime, at the cost of one plain load.
#[inline]
pub(crate) fn is_installed() -> bool {
    // ORDERING: Relaxed; the flag says that there is something to get, and publishes nothing.
    INSTALLED.load(Ordering::Relaxed)
}

/// The runtime that was installed, if any.
pub(crate) fn installed() -> Option<&'static dyn Runtime> {
    RUNTIME.get().map(|runtime| &**runtime)
}

/// Calls `f`, which drops what a wait has driven, inside the installed runtime: there a destructor
/// finds the reactor that it may look for.
#[cfg(feature = "stream")]
pub(crate) fn inside(f: impl FnOnce()) {
    let mut f = Some(f);
    let mut call = || {
        if let Some(f) = f.take() {
            f();
        }
    };
    match installed() {
        Some(runtime) => runtime.around_wait(&mut call),
        None => call(),
    }
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
