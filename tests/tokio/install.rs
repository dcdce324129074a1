//! Tokio as the installed runtime. Each test that installs one runs in a child process.

use crate::support::child::in_a_child;
use crate::support::net::echo_server;
use crate::support::refused::refused;
use crate::support::watchdog::within;
use crate::{current_thread, multi_thread};
use smartasync::{
    InstallError, Runtime, block_on, install_runtime, install_tokio, install_tokio_handle, offload,
    smart, smart_fn, spawn_local,
};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::net::SocketAddr;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::sleep;

smart_fn!(
    /// Sends a word, sleeps, and waits for the echo.
    async fn echo(address: SocketAddr, word: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(word.as_bytes()).await?;
        sleep(Duration::from_millis(1)).await;
        let mut answer = vec![0; word.len()];
        stream.read_exact(&mut answer).await?;
        Ok(String::from_utf8(answer).unwrap())
    }
);

/// Asserts that sockets and timers work, wherever sync code may wait.
fn assert_tokio_works() {
    let (address, server) = echo_server(5);
    assert_eq!(echo(address, "one").wait().unwrap(), "one");
    assert_eq!(block_on(echo(address, "two")).unwrap(), "two");
    let in_time = echo(address, "three").wait_timeout(Duration::from_secs(60));
    assert_eq!(in_time.unwrap().unwrap(), "three");
    let of_a_job = block_on(offload(move || echo(address, "four").wait()));
    assert_eq!(of_a_job.unwrap(), "four");
    let task = async move { spawn_local(echo(address, "five")).await };
    assert_eq!(block_on(task).unwrap(), "five");
    server.join().unwrap();
}

struct Plain;

impl Runtime for Plain {}

#[test]
fn a_started_runtime_serves_sockets_and_timers_and_is_the_only_one() {
    in_a_child(|| {
        within(120, || {
            assert_eq!(install_tokio(), Ok(()));
            assert_tokio_works();
            let refused = install_tokio().unwrap_err();
            assert!(refused.to_string().contains("installed already"));
            assert_eq!(install_runtime(Plain), Err(refused));
            let handle = multi_thread().handle().clone();
            assert_eq!(
                install_tokio_handle(handle),
                Err(InstallError::AlreadyInstalled)
            );
            assert_tokio_works();
        });
    });
}

#[test]
fn a_handle_serves_sockets_and_timers() {
    in_a_child(|| {
        within(120, || {
            let tokio = multi_thread();
            assert_eq!(install_tokio_handle(tokio.handle().clone()), Ok(()));
            assert_tokio_works();
            assert_eq!(
                smart(async { Handle::current().id() }).wait(),
                tokio.handle().id()
            );
            assert!(install_tokio().is_err());
        });
    });
}

#[test]
fn a_current_thread_runtime_is_refused_because_it_would_hang() {
    in_a_child(|| {
        within(120, || {
            let handle = || current_thread().handle().clone();
            let refused = install_tokio_handle(handle()).unwrap_err();
            assert_eq!(refused, InstallError::CurrentThread);
            assert!(refused.to_string().contains("multi-thread"), "{refused}");
            // So nothing is installed yet.
            assert_eq!(install_tokio(), Ok(()));
            assert_eq!(
                install_tokio_handle(handle()),
                Err(InstallError::CurrentThread)
            );
            assert_tokio_works();
        });
    });
}

#[test]
fn of_threads_that_install_at_once_one_succeeds() {
    in_a_child(|| {
        within(120, || {
            let barrier = Arc::new(Barrier::new(8));
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    let barrier = barrier.clone();
                    thread::spawn(move || {
                        // In a task of tokio the destructor of a runtime panics.
                        current_thread().block_on(async {
                            barrier.wait();
                            install_tokio().is_ok()
                        })
                    })
                })
                .collect();
            let succeeded = threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .filter(|succeeded| *succeeded)
                .count();
            assert_eq!(succeeded, 1);
            assert_tokio_works();
        });
    });
}

/// A value that records on drop whether tokio is entered.
struct LooksForTokio<'a>(&'a Cell<bool>);

impl Drop for LooksForTokio<'_> {
    fn drop(&mut self) {
        self.0.set(Handle::try_current().is_ok());
    }
}

#[test]
fn a_future_whose_time_is_up_is_dropped_inside_tokio() {
    in_a_child(|| {
        within(120, || {
            install_tokio().unwrap();
            let found = Cell::new(false);
            let held = LooksForTokio(&found);
            let never = async {
                let _held = held;
                pending::<()>().await;
            };
            assert!(smart(never).wait_timeout(Duration::from_millis(1)).is_err());
            assert!(found.get());
            assert!(Handle::try_current().is_err());
        });
    });
}

/// Waits when its thread ends.
struct WaitsAtTheEnd(Sender<(bool, u32)>);

impl Drop for WaitsAtTheEnd {
    fn drop(&mut self) {
        let lost = Handle::try_current().is_err_and(|error| error.is_thread_local_destroyed());
        let waited = smart(async { 7 }).wait();
        self.0.send((lost, waited)).unwrap();
    }
}

thread_local! {
    static AT_THE_END: RefCell<Option<WaitsAtTheEnd>> = const { RefCell::new(None) };
}

#[test]
fn a_destructor_waits_when_its_thread_has_lost_tokio() {
    in_a_child(|| {
        within(120, || {
            install_tokio().unwrap();
            let (sender, receiver) = channel();
            let thread = thread::spawn(|| {
                // On Linux the order is the reverse one, so tokio's local is destroyed first.
                AT_THE_END.set(Some(WaitsAtTheEnd(sender)));
                smart(async {}).wait();
            });
            thread.join().unwrap();
            let (lost, waited) = receiver.recv().unwrap();
            assert_eq!(waited, 7);
            assert!(lost || cfg!(not(target_os = "linux")));
        });
    });
}

#[test]
fn without_an_installed_runtime_tokio_says_that_there_is_no_reactor() {
    within(120, || {
        let refused = refused(|| smart(async { sleep(Duration::from_millis(1)).await }).wait());
        // The guide quotes these words.
        let words = "there is no reactor running";
        assert!(refused.message.contains(words), "{}", refused.message);
    });
}
