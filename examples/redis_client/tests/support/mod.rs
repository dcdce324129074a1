//! Shared by the tests: a real server, a fake server, and a macro that runs a body in all worlds.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

pub mod fake;
pub mod server;

use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Calls `f` on a new thread, and panics if it takes too long.
pub fn within<T: Send + 'static>(seconds: u64, f: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    let thread = thread::spawn(move || drop(done.send(f())));
    match result.recv_timeout(Duration::from_secs(seconds)) {
        Ok(value) => {
            thread.join().unwrap();
            value
        }
        Err(RecvTimeoutError::Disconnected) => resume_unwind(thread.join().unwrap_err()),
        Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
    }
}

/// Makes tests of each body: with `.wait()` in sync code, and with `.await` in both kinds of tokio
/// runtime, on async-io, and on the loop of smartasync.
#[macro_export]
macro_rules! in_each_colour {
    ($($name:ident)*) => {$(
        mod $name {
            #[test]
            fn sync() {
                $crate::support::within(60, || super::$name().wait());
            }

            #[test]
            fn tokio_on_one_thread() {
                let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                $crate::support::within(60, move || tokio.block_on(async { super::$name().await }));
            }

            #[test]
            fn tokio_on_many_threads() {
                let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
                $crate::support::within(60, move || tokio.block_on(async { tokio::spawn(async { super::$name().await }).await.unwrap() }));
            }

            #[test]
            #[cfg(feature = "smol")]
            fn smol() {
                $crate::support::within(60, || async_io::block_on(async { super::$name().await }));
            }

            #[test]
            #[cfg(feature = "smol")]
            fn smartasync_loop() {
                $crate::support::within(60, || smartasync::block_on(async { super::$name().await }));
            }
        }
    )*};
}
