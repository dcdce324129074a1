//! Installs tokio as the runtime of the program. That its tasks are async code,
//! [`context`](crate::thread::context) knows by itself.

use crate::executor::loops::install_runtime;
use crate::thread::runtime::{self, AlreadyInstalled, Runtime};
use core::fmt;
use core::mem;
use std::error::Error;
use tokio::runtime::{Builder, Handle, RuntimeFlavor};

/// Starts a tokio runtime and installs it for the whole process, so that each `.wait()` runs inside
/// it.
///
/// With it, tokio's sockets and timers work under `.wait()`, and so do hyper, reqwest, sqlx and
/// other libraries that are built on tokio. Call it once, at the start of `main`. A library leaves
/// this call to the program. If the program has a multi-thread runtime already, install that one
/// with [`install_tokio_handle`].
///
/// The runtime has one worker thread and all drivers, and lasts as long as the process. The thread
/// that waits polls the future itself. The worker serves the sockets and the timers, and runs the
/// tasks that the future spawns.
///
/// Between two waits your thread is not inside tokio. To make or to drop a value of tokio's there,
/// get the handle of the runtime, and enter it, as in the example.
///
/// # Errors
///
/// [`AlreadyInstalled`] if a runtime was installed before. The first one stays.
///
/// # Panics
///
/// If the system refuses a thread or a file descriptor to the runtime.
///
/// # Examples
///
/// ```
/// use smartasync::{install_tokio, smart};
/// use std::time::Duration;
/// use tokio::runtime::Handle;
/// use tokio::time::sleep;
///
/// install_tokio()?;
/// smart(async { sleep(Duration::from_millis(1)).await }).wait();
///
/// let tokio = smart(async { Handle::current() }).wait();
/// let _entered = tokio.enter();
/// let timer = sleep(Duration::from_millis(1)); // Outside of tokio, this would panic.
/// smart(timer).wait();
/// # Ok::<(), smartasync::AlreadyInstalled>(())
/// ```
pub fn install_tokio() -> Result<(), AlreadyInstalled> {
    // A runtime that is refused later is not started at all.
    if runtime::installed().is_some() {
        return Err(AlreadyInstalled(()));
    }
    let tokio = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("the system refuses what a runtime of tokio needs");
    let installed = install_runtime(Tokio(tokio.handle().clone()));
    match installed {
        // It lasts as long as the process. Its destructor would end it.
        Ok(()) => mem::forget(tokio),
        // Another thread was faster. The destructor would wait for the worker, and panics in a task
        // of tokio.
        Err(_) => tokio.shutdown_background(),
    }
    installed
}

/// Installs a tokio runtime that exists already for the whole process, so that each `.wait()` runs
/// inside it.
///
/// It does for that runtime what [`install_tokio`] does for a new one. The runtime has to enable
/// the drivers that the futures need, and to last as long as the program waits. After its end,
/// tokio's types return errors or panic.
///
/// # Errors
///
/// [`InstallError::CurrentThread`] if the handle is that of a current-thread runtime.
/// [`InstallError::AlreadyInstalled`] if a runtime was installed before. The first one stays.
///
/// # Examples
///
/// A service waits in a job of the pool:
///
/// ```
/// use smartasync::{install_tokio_handle, offload, smart};
/// use std::time::Duration;
/// use tokio::runtime::Handle;
/// use tokio::time::sleep;
///
/// #[tokio::main]
/// async fn main() {
///     install_tokio_handle(Handle::current()).unwrap();
///     offload(|| smart(async { sleep(Duration::from_millis(1)).await }).wait()).await;
/// }
/// ```
pub fn install_tokio_handle(handle: Handle) -> Result<(), InstallError> {
    if handle.runtime_flavor() == RuntimeFlavor::CurrentThread {
        return Err(InstallError::CurrentThread);
    }
    Ok(install_runtime(Tokio(handle))?)
}

/// The installed tokio.
struct Tokio(Handle);

impl Runtime for Tokio {
    fn around_wait(&self, wait: &mut dyn FnMut()) {
        // A thread that is ending may have lost tokio's thread-local already. There `enter` panics,
        // and a future that needs no tokio still has to be waited for.
        let has_ended = Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed());
        let _entered = (!has_ended).then(|| self.0.enter());
        wait();
    }
}

/// The error of [`install_tokio_handle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstallError {
    /// A runtime is installed already. The first one stays.
    AlreadyInstalled,
    /// The handle is that of a current-thread runtime. Nothing drives such a runtime while its
    /// thread waits, so a wait for its sockets or timers would never end.
    CurrentThread,
}

impl From<AlreadyInstalled> for InstallError {
    fn from(AlreadyInstalled(()): AlreadyInstalled) -> Self {
        Self::AlreadyInstalled
    }
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyInstalled => AlreadyInstalled(()).fmt(f),
            Self::CurrentThread => f.write_str(
                "a current-thread runtime of tokio cannot be installed, because nothing drives it \
                 while its thread waits; install a multi-thread runtime, or call `install_tokio`",
            ),
        }
    }
}

impl Error for InstallError {}
