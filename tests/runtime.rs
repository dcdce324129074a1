//! An installed runtime: tokio's I/O and timers under `.wait()`, and each method of `Runtime`.
//!
//! A runtime is installed once for the whole process, so this binary holds only these tests. Each
//! test sets on its own thread how the runtime behaves. hyper and reqwest are tested in
//! `tests/crates/neighbours`.

mod support;

use smartasync::{
    AlreadyInstalled, Runtime, allow_blocking, block_on, install_runtime, is_async_context,
    offload, smart, smart_await, smart_fn, smart_sync, spawn_local,
};
use std::any::Any;
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};
use support::child::in_a_child;
use support::net::{echo_server, echo_with_std};
use support::watchdog;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Tokio(tokio::runtime::Runtime);

thread_local! {
    /// How often [`Runtime::around_wait`] calls the wait on this thread.
    static CALLS: Cell<u32> = const { Cell::new(1) };
    /// Whether [`Runtime::around_offload`] calls the job.
    static CALLS_JOBS: Cell<bool> = const { Cell::new(true) };
    /// A value that the runtime carries with a job to the pool thread.
    static SPAN: Cell<u32> = const { Cell::new(0) };
    /// How often the runtime was asked for the context of this thread.
    static ASKED: Cell<u32> = const { Cell::new(0) };
    /// How many of these questions are answered with sync context.
    static SYNC_FOR: Cell<u32> = const { Cell::new(u32::MAX) };
}

impl Runtime for Tokio {
    fn around_wait(&self, wait: &mut dyn FnMut()) {
        let _guard = self.0.enter();
        (0..CALLS.get()).for_each(|_| wait());
    }

    fn is_async_context(&self) -> bool {
        ASKED.set(ASKED.get() + 1);
        ASKED.get() > SYNC_FOR.get() || tokio::task::try_id().is_some()
    }

    fn around_offload(&self, job: Box<dyn FnOnce() + Send>) -> Box<dyn FnOnce() + Send> {
        let (span, calls_job) = (SPAN.get(), CALLS_JOBS.get());
        Box::new(move || {
            let outer = SPAN.replace(span);
            if calls_job {
                job();
            }
            SPAN.set(outer);
        })
    }
}

/// Installs the runtime once, and returns the error of another attempt.
fn install() -> Option<AlreadyInstalled> {
    static INSTALLED: OnceLock<Option<AlreadyInstalled>> = OnceLock::new();
    INSTALLED.get_or_init(|| install_runtime(tokio()).err());
    install_runtime(tokio()).err()
}

fn tokio() -> Tokio {
    Tokio(
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap(),
    )
}

/// Installs the runtime, calls `f` on a thread of its own, and panics if it takes too long.
fn within<T: Send + 'static>(seconds: u64, f: impl FnOnce() -> T + Send + 'static) -> T {
    install();
    watchdog::within(seconds, f)
}

/// The message of a panic.
fn message_of(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map_or_else(|| *payload.downcast_ref::<&str>().unwrap(), String::as_str)
}

smart_fn!(
    /// Sends each word and waits for its echo. Sleeps after each word.
    async fn echo(address: SocketAddr, words: &[&str]) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address).await?;
        let mut all = String::new();
        for word in words {
            stream.write_all(word.as_bytes()).await?;
            let mut answer = vec![0; word.len()];
            stream.read_exact(&mut answer).await?;
            all += &String::from_utf8(answer).unwrap();
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(all)
    }

    #[maybe_async]
    async fn echo_either(address: SocketAddr, word: &str) -> std::io::Result<String> {
        smart_await!(sync => echo_with_std(address, word), async => echo(address, &[word]))
    }

    fn span_of_sync() -> u32 {
        SPAN.get()
    }

    #[maybe_async]
    async fn sum(depth: u32) -> u32 {
        smart_await!(sum_of_three(depth)) + smart_await!(span_of_sync())
    }

    #[maybe_async]
    async fn sum_of_three(n: u32) -> u32 {
        smart_await!(smart_sync(move || n))
            + smart_await!(async { 1 })
            + smart_await!(span_of_sync())
    }
);

#[test]
fn a_second_runtime_is_refused() {
    install();
    let refused = install().unwrap();
    assert!(refused.to_string().contains("installed already"));
    assert_eq!(Some(refused), install());
}

/// A runtime whose destructor waits on this thread and on another one.
struct WaitsWhenDropped;

impl Runtime for WaitsWhenDropped {}

impl Drop for WaitsWhenDropped {
    fn drop(&mut self) {
        block_on(async {});
        thread::spawn(|| block_on(async {})).join().unwrap();
    }
}

#[test]
fn a_refused_runtime_may_wait_in_its_destructor() {
    in_a_child(|| {
        within(120, || assert!(install_runtime(WaitsWhenDropped).is_err()));
    });
}

#[test]
fn tokio_s_sockets_and_timers_work_under_wait() {
    within(120, || {
        let (address, server) = echo_server(4);
        assert_eq!(
            echo(address, &["one", "two", "three"]).wait().unwrap(),
            "onetwothree"
        );
        assert_eq!(block_on(echo(address, &["four"])).unwrap(), "four");
        assert_eq!(
            echo(address, &["five"])
                .wait_timeout(Duration::from_secs(5))
                .unwrap()
                .unwrap(),
            "five"
        );
        assert_eq!(echo_either(address, "six").wait().unwrap(), "six");
        server.join().unwrap();
        let start = Instant::now();
        smart(async { tokio::time::sleep(Duration::from_millis(20)).await }).wait();
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert!(
            smart(async { tokio::time::timeout(Duration::from_millis(1), pending::<()>()).await })
                .wait()
                .is_err()
        );
    });
}

#[test]
fn tokio_s_sockets_work_in_tasks_of_this_thread_and_in_tokio_s() {
    within(120, || {
        let (address, server) = echo_server(21);
        let all = block_on(async move {
            let locals: Vec<_> = (0..10)
                .map(|_| spawn_local(async move { echo(address, &["a", "b"]).await.unwrap() }))
                .collect();
            let remotes: Vec<_> = (0..10)
                .map(|_| tokio::spawn(async move { echo(address, &["c"]).await.unwrap() }))
                .collect();
            let mut all = String::new();
            for local in locals {
                all += &local.await;
            }
            for remote in remotes {
                all += &remote.await.unwrap();
            }
            all
        });
        assert_eq!(all, "ab".repeat(10) + &"c".repeat(10));
        // The same works on a pool thread.
        let offloaded = block_on(offload(move || echo(address, &["pool"]).wait().unwrap()));
        assert_eq!(offloaded, "pool");
        server.join().unwrap();
    });
}

#[test]
fn a_wait_in_a_bare_tokio_task_is_refused_on_both_flavours() {
    within(120, || {
        let current = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let multi = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        for tokio in [&current, &multi] {
            tokio.block_on(async {
                let task = tokio::spawn(async {
                    assert!(is_async_context());
                    assert!(smart(async {}).try_wait().is_err());
                    assert!(catch_unwind(|| block_on(async {})).is_err());
                    assert!(catch_unwind(|| span_of_sync().wait()).is_err());
                    assert!(catch_unwind(|| sum(1).wait()).is_err());
                    tokio::task::yield_now().await;
                    assert_eq!(allow_blocking(|| sum(1).wait()), 2);
                    assert!(!thread::spawn(is_async_context).join().unwrap());
                    assert!(!offload(is_async_context).await);
                    is_async_context()
                });
                assert!(task.await.unwrap());
            });
        }
        assert!(!is_async_context());
    });
}

#[test]
fn a_job_is_wrapped_on_its_way_to_the_pool_and_runs() {
    within(120, || {
        SPAN.set(7);
        assert_eq!(block_on(offload(|| SPAN.get() * 10)), 70);
        assert_eq!(block_on(span_of_sync()), 7);
        assert_eq!(block_on(smart_sync(|| SPAN.get())), 7);
        // A wrapped job may offload another job.
        assert_eq!(
            block_on(offload(|| smart(offload(|| SPAN.get())).wait())),
            7
        );
        let payload = catch_unwind(|| block_on(offload(|| resume_unwind(Box::new(SPAN.get())))));
        assert_eq!(payload.unwrap_err().downcast_ref(), Some(&7_u32));
    });
}

#[test]
fn a_job_that_the_runtime_never_calls_panics_in_its_awaiter() {
    within(120, || {
        CALLS_JOBS.set(false);
        let payload = catch_unwind(|| block_on(offload(|| ()))).unwrap_err();
        assert!(
            message_of(&*payload).contains("around_offload"),
            "{}",
            message_of(&*payload)
        );
        CALLS_JOBS.set(true);
        assert_eq!(block_on(offload(|| 1)), 1);
    });
}

#[test]
fn a_wait_that_the_runtime_never_calls_panics_and_a_wait_that_it_calls_twice_runs_once() {
    within(120, || {
        CALLS.set(0);
        let payload = catch_unwind(|| smart(async {}).wait()).unwrap_err();
        assert!(
            message_of(&*payload).contains("around_wait"),
            "{}",
            message_of(&*payload)
        );
        CALLS.set(3);
        let mut runs = 0;
        block_on(async { runs += 1 });
        assert_eq!(runs, 1);
    });
}

#[test]
fn a_panic_passes_through_the_runtime_and_leaves_everything_usable() {
    within(120, || {
        let payload = catch_unwind(AssertUnwindSafe(|| {
            smart(async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                resume_unwind(Box::new("boom"));
            })
            .wait();
        }));
        assert_eq!(payload.unwrap_err().downcast_ref(), Some(&"boom"));
        assert!(
            tokio::runtime::Handle::try_current().is_err(),
            "the runtime was left"
        );
        smart(async { tokio::time::sleep(Duration::from_millis(1)).await }).wait();
    });
}

#[test]
fn the_sync_copy_asks_the_runtime_once_for_all_its_nested_calls() {
    within(120, || {
        ASKED.set(0);
        SYNC_FOR.set(1);
        // From the second question on, the runtime would answer with async context.
        assert_eq!(sum(1).wait(), 2);
        assert_eq!(ASKED.get(), 1);
        assert!(span_of_sync().try_wait().is_err());
    });
}

#[test]
fn an_entered_tokio_runtime_is_sync_context_and_allow_blocking_works_on_its_blocking_threads() {
    within(120, || {
        let multi = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        let guard = multi.enter();
        assert_eq!(sum(1).wait(), 2);
        drop(guard);
        multi.block_on(async {
            // For tokio, `spawn_blocking` is a task too, so `try_id` cannot tell it from async
            // code.
            let blocking = tokio::task::spawn_blocking(|| {
                (is_async_context(), allow_blocking(|| sum(1).wait()))
            });
            assert_eq!(blocking.await.unwrap(), (true, 2));
            let in_place = tokio::spawn(async {
                tokio::task::block_in_place(|| allow_blocking(|| sum(1).wait()))
            });
            assert_eq!(in_place.await.unwrap(), 2);
        });
    });
}

/// A value that records on drop whether tokio is entered, as the destructors of tokio's types need.
struct LooksForTokio<'a>(&'a Cell<Option<bool>>);

impl Drop for LooksForTokio<'_> {
    fn drop(&mut self) {
        self.0
            .set(Some(tokio::runtime::Handle::try_current().is_ok()));
    }
}

#[test]
fn a_future_whose_time_is_up_is_dropped_inside_the_runtime() {
    within(120, || {
        let found = Cell::new(None);
        let held = LooksForTokio(&found);
        let pending = async move {
            let _held = held;
            pending::<()>().await;
        };
        assert!(
            smart(pending)
                .wait_timeout(Duration::from_millis(1))
                .is_err()
        );
        assert_eq!(found.get(), Some(true));
    });
}

#[cfg(feature = "stream")]
#[test]
fn a_stream_of_sync_code_is_dropped_inside_the_runtime() {
    use futures_lite::{StreamExt, stream};
    within(120, || {
        let found = Cell::new(None);
        let numbers = || {
            let held = LooksForTokio(&found);
            smartasync::smart_stream(stream::iter(1..=3).map(move |n| {
                let _holds = &held;
                n
            }))
        };
        drop(numbers());
        assert_eq!(found.take(), Some(true), "unread");
        assert_eq!((1..3).zip(numbers()).count(), 2);
        assert_eq!(found.take(), Some(true), "left early");
        let mut at_its_end = numbers();
        assert_eq!(at_its_end.into_iter().last(), Some(3));
        assert_eq!(found.take(), Some(true), "at its end");
        at_its_end = numbers();
        let leaves = || {
            for n in &mut at_its_end {
                if n == 2 {
                    resume_unwind(Box::new("leaves"));
                }
            }
        };
        assert!(catch_unwind(AssertUnwindSafe(leaves)).is_err());
        drop(at_its_end);
        assert_eq!(found.take(), Some(true), "left by a panic");
    });
}

#[test]
fn values_that_a_finished_future_holds_are_dropped_inside_the_runtime() {
    within(120, || {
        let found = Cell::new(None);
        let held = LooksForTokio(&found);
        let loser = async move {
            let _held = held;
            pending::<()>().await;
        };
        smart(futures_lite::future::or(
            loser,
            futures_lite::future::yield_now(),
        ))
        .wait();
        assert_eq!(found.take(), Some(true));
    });
}

#[test]
fn values_that_a_panicking_future_holds_are_dropped_inside_the_runtime() {
    within(120, || {
        let found = Cell::new(None);
        let held = LooksForTokio(&found);
        let panics = poll_fn(move |_| -> std::task::Poll<()> {
            let _held = &held;
            panic!("in a poll")
        });
        let waited = catch_unwind(AssertUnwindSafe(|| smart(panics).wait()));
        assert!(waited.is_err());
        assert_eq!(found.take(), Some(true));
    });
}
