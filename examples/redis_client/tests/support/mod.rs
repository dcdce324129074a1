//! Shared by the tests: a real server, a fake server, and the two worlds that each test runs in.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

pub mod fake;
pub mod server;

use redis_client::{Client, Config, Error, blocking};
use smartasync::smart_fn;
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

/// Stands for async code. The tests are methods of it, and each is written once: with
/// `#[split(Blocking)]`, the methods of [`Blocking`] have the same bodies.
pub struct Async;

/// Stands for sync code.
pub struct Blocking;

smart_fn!(
    #[split(Blocking)]
    impl Async {
        /// Makes a client of this world.
        #[async_only]
        pub fn client(config: Config) -> Client {
            Client::new(config)
        }

        /// Makes a client of this world.
        #[sync_only]
        pub fn client(config: Config) -> blocking::Client {
            blocking::Client::new(config)
        }

        /// Makes a client of this world that has reached its server.
        #[async_only]
        pub async fn connect(config: Config) -> Result<Client, Error> {
            Client::connect(config).await
        }

        /// Makes a client of this world that has reached its server.
        #[sync_only]
        pub fn connect(config: Config) -> Result<blocking::Client, Error> {
            blocking::Client::connect(config)
        }
    }
);

/// Makes tests of each method of [`Async`] and [`Blocking`]: in sync code, in both kinds of tokio
/// runtime, on async-io, and on the loop of smartasync.
#[macro_export]
macro_rules! in_each_world {
    ($($name:ident)*) => {$(
        mod $name {
            use $crate::support::{Async, Blocking, within};
            use tokio::runtime::Builder;

            #[test]
            fn sync() {
                within(60, Blocking::$name);
            }

            #[test]
            fn tokio_on_one_thread() {
                let tokio = Builder::new_current_thread().enable_all().build().unwrap();
                within(60, move || tokio.block_on(Async::$name()));
            }

            #[test]
            fn tokio_on_many_threads() {
                let tokio = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
                within(60, move || tokio.block_on(async { tokio::spawn(Async::$name()).await.unwrap() }));
            }

            #[test]
            #[cfg(feature = "smol")]
            fn smol() {
                within(60, || async_io::block_on(Async::$name()));
            }

            #[test]
            #[cfg(feature = "smol")]
            fn smartasync_loop() {
                within(60, || smartasync::block_on(Async::$name()));
            }
        }
    )*};
}
