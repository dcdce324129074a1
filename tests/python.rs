//! Each promise in the documentation of the Python original, and the test that shows it in Rust.
//!
//! - A function works in both contexts, and does not know which one it is in.
//!   `one_method_serves_sync_and_async_callers`
//! - A sync caller of an async method gets its result directly.
//!   `sync_caller_gets_the_result_of_an_async_method_directly`
//! - A sync caller of a sync method makes a direct call.
//!   `sync_caller_of_a_sync_method_makes_a_direct_call`
//! - An async caller of an async method gets a coroutine to await.
//!   `async_caller_awaits_an_async_method`
//! - An async caller of a sync method offloads it to a thread.
//!   `async_caller_of_a_sync_method_offloads_to_a_thread`
//! - A sync method does not block async callers. `a_sync_method_does_not_block_async_callers`
//! - Inline use wraps and calls a function in one line. `smart_wraps_and_calls_in_one_line`
//! - Inline use wraps a function once, for many calls.
//!   `a_function_is_wrapped_once_and_called_many_times`
//! - Third-party async functions can be wrapped. `a_third_party_async_function_is_wrapped`
//! - Each thread has its own loop, which is made at first use and reused.
//!   `each_thread_gets_its_own_loop_reused_for_later_calls`
//! - The pool of loops holds one loop for each thread. `the_cache_counts_a_loop_for_each_thread`
//! - A running loop means async context. `a_running_loop_means_async_context`
//! - `smartawait` takes a value, a coroutine, or a nested coroutine.
//!   `smartawait_resolves_nested_awaitables`
//! - `smartcontinuation` of a value gives the result.
//!   `smartcontinuation_of_a_sync_value_gives_the_result`
//! - `smartcontinuation` of an awaitable gives a coroutine.
//!   `smartcontinuation_of_an_async_value_gives_a_call`
//! - `smartcontinuation` passes `*args` on. `smartcontinuation_passes_further_arguments_on`
//! - Only the first caller of a `SmartLock` executes, and the others wait.
//!   `only_the_first_caller_of_smartlock_executes`
//! - `SmartLock` prevents a thundering herd, of threads too.
//!   `smartlock_coalesces_a_herd_of_threads`
//! - `run_once(function, *args)` passes arguments on.
//!   `run_once_passes_arguments_through_its_closure`
//! - The cached loader loads once. `the_cached_loader_loads_once`
//! - `SmartLock.reset` cancels waiting callers and resets the state.
//!   `smartlock_reset_cancels_pending_callers`
//! - Nested mixed calls work when all functions are smart. `nested_mixed_calls_reach_the_result`
//! - Only entry points need the decorator, and plain async functions work inside.
//!   `internal_methods_need_no_macro`
//! - Instance, class and static methods and standalone functions can be smart.
//!   `methods_associated_functions_and_functions_are_smart`
//! - A smart method calls another one in both contexts.
//!   `a_smart_method_calls_another_in_both_contexts`
//! - A call makes no new loop, unlike `asyncio.run`.
//!   `each_thread_gets_its_own_loop_reused_for_later_calls`
//! - A call works in an async context, unlike `asyncio.run`. `async_caller_awaits_an_async_method`
//! - A call uses a loop that exists, unlike `asyncio.run`.
//!   `an_awaited_method_runs_on_the_existing_loop`
//! - `reset()` is thread-safe while other threads wait. `reset_is_safe_while_other_threads_wait`
//! - `reset_smartasync_cache` clears all cached loops. `reset_clears_all_cached_loops`
//! - Exceptions of any method reach the caller. `errors_and_panics_reach_the_caller`
//! - Without the decorator, a nested async call gives a plain coroutine.
//!   `a_forgotten_macro_gives_a_plain_future`
//!
//! These promises have no test in Rust:
//!
//! - One call expression serves both contexts. No type in Rust is a value or a coroutine, depending
//!   on the context. The caller writes `.wait()` or `.await`.
//! - `async for` and `async with` work as usual. Rust has neither.
//! - `**kwargs` are passed on. Rust has no named arguments.
//! - The overhead of context detection is small. The benches measure it.
//! - The import path in `genro-toolbox` works. The `use` line below is the import.

use futures_lite::future::{poll_once, yield_now, zip};
use smartasync::{
    SmartLock, block_on, cached_loops, current_loop, is_async_context, reset_smartasync_cache,
    smart, smart_await, smart_continuation, smart_fn, spawn_local,
};
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// Keeps other tests away and empties the cache of loops, which belongs to the process.
fn alone() -> MutexGuard<'static, ()> {
    static TESTS: Mutex<()> = Mutex::new(());
    let guard = TESTS.lock().unwrap_or_else(PoisonError::into_inner);
    reset_smartasync_cache();
    guard
}

#[derive(Clone, Default)]
struct DataManager {
    prefix: String,
}

impl DataManager {
    smart_fn!(
        async fn fetch_data(&self, url: &str) -> String {
            yield_now().await;
            format!("{}{url}", self.prefix)
        }

        fn process_data(&self, data: &str) -> (usize, ThreadId) {
            (self.prefix.len() + data.len(), thread::current().id())
        }

        async fn fetch_and_process(&self, url: &str) -> usize {
            let data = self.fetch_data(url).await;
            self.process_data(&data).await.0
        }

        fn process_and_fetch(&self, url: &str) -> String {
            let (length, _) = self.process_data(url).wait();
            format!("{length} {}", self.fetch_data(url).wait())
        }

        async fn create(prefix: &str) -> Self {
            Self {
                prefix: prefix.to_owned(),
            }
        }
    );
}

fn manager() -> DataManager {
    DataManager {
        prefix: "http://".into(),
    }
}

#[test]
fn one_method_serves_sync_and_async_callers() {
    let _alone = alone();
    let waited = manager().fetch_data("localhost").wait();
    assert_eq!(
        block_on(async { manager().fetch_data("localhost").await }),
        waited
    );
}

#[test]
fn sync_caller_gets_the_result_of_an_async_method_directly() {
    let _alone = alone();
    assert_eq!(manager().fetch_data("localhost").wait(), "http://localhost");
}

#[test]
fn sync_caller_of_a_sync_method_makes_a_direct_call() {
    let _alone = alone();
    assert_eq!(
        manager().process_data("four").wait(),
        (11, thread::current().id())
    );
    assert_eq!(current_loop(), None);
}

#[test]
fn async_caller_awaits_an_async_method() {
    let _alone = alone();
    assert_eq!(
        pollster::block_on(async { manager().fetch_data("localhost").await }),
        "http://localhost"
    );
}

#[test]
fn async_caller_of_a_sync_method_offloads_to_a_thread() {
    let _alone = alone();
    let (length, there) = pollster::block_on(async { manager().process_data("four").await });
    assert_eq!(length, 11);
    assert_ne!(there, thread::current().id());
}

#[test]
fn a_sync_method_does_not_block_async_callers() {
    let _alone = alone();
    smart_fn!(
        fn receive(receiver: Receiver<u32>) -> u32 {
            receiver.recv().unwrap()
        }
    );
    let (send, receiver) = channel();
    // The second future could not send if the first blocked this thread.
    let (received, ()) = block_on(zip(receive(receiver), async move { send.send(1).unwrap() }));
    assert_eq!(received, 1);
}

#[test]
fn smart_wraps_and_calls_in_one_line() {
    let _alone = alone();
    async fn some_async_function(a: u32, b: u32) -> u32 {
        a + b
    }
    assert_eq!(smart(some_async_function(1, 2)).wait(), 3);
}

#[test]
fn a_function_is_wrapped_once_and_called_many_times() {
    let _alone = alone();
    async fn plain(a: u32) -> u32 {
        a + 1
    }
    let wrapped = |a| smart(plain(a));
    assert_eq!(
        (wrapped(1).wait(), wrapped(2).wait(), block_on(wrapped(3))),
        (2, 3, 4)
    );
}

#[test]
fn a_third_party_async_function_is_wrapped() {
    let _alone = alone();
    smart_fn!(
        #[wraps(yield_now)]
        async fn yield_wrapped();
    );
    yield_wrapped().wait();
    block_on(yield_wrapped());
    assert_eq!(smart(futures_lite::future::ready(1)).wait(), 1);
}

#[test]
fn each_thread_gets_its_own_loop_reused_for_later_calls() {
    let _alone = alone();
    let loops = || {
        let before = current_loop();
        manager().fetch_data("a").wait();
        let first = current_loop();
        manager().fetch_data("b").wait();
        (before, first, current_loop())
    };
    let here = loops();
    let there = thread::spawn(loops).join().unwrap();
    for (before, first, second) in [here, there] {
        assert_eq!(before, None);
        assert!(first.is_some());
        assert_eq!(first, second);
    }
    assert_ne!(here.1, there.1);
}

#[test]
fn the_cache_counts_a_loop_for_each_thread() {
    let _alone = alone();
    assert_eq!(cached_loops(), 0);
    manager().fetch_data("a").wait();
    let barrier = Barrier::new(3);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                manager().fetch_data("a").wait();
                barrier.wait();
                barrier.wait();
            });
        }
        barrier.wait();
        let counted = cached_loops();
        barrier.wait();
        assert_eq!(counted, 3);
    });
}

#[test]
fn a_running_loop_means_async_context() {
    let _alone = alone();
    assert!(!is_async_context());
    assert!(block_on(async { is_async_context() }));
    assert!(block_on(async {
        spawn_local(async { is_async_context() }).await
    }));
    assert!(!is_async_context());
}

#[test]
fn smartawait_resolves_nested_awaitables() {
    let _alone = alone();
    async fn nested() -> impl Future<Output = u32> {
        async { 3 }
    }
    block_on(async {
        assert_eq!(smart_await!(1), 1);
        assert_eq!(smart_await!(async { 2 }), 2);
        assert_eq!(smart_await!(nested()), 3);
        assert_eq!(smart_await!(manager().fetch_data("a")), "http://a");
    });
}

fn extract_name(name: &'static str, upper: bool) -> String {
    if upper {
        name.to_uppercase()
    } else {
        name.to_owned()
    }
}

#[test]
fn smartcontinuation_of_a_sync_value_gives_the_result() {
    let _alone = alone();
    assert_eq!(smart_continuation!("Alice", str::len), 5);
}

#[test]
fn smartcontinuation_of_an_async_value_gives_a_call() {
    let _alone = alone();
    assert_eq!(
        block_on(async { smart_continuation!(async { "Alice" }, str::len).await }),
        5
    );
    assert_eq!(smart_continuation!(async { "Alice" }, str::len).wait(), 5);
}

#[test]
fn smartcontinuation_passes_further_arguments_on() {
    let _alone = alone();
    assert_eq!(smart_continuation!("Alice", extract_name, true), "ALICE");
    assert_eq!(
        smart_continuation!(async { "Alice" }, extract_name, false).wait(),
        "Alice"
    );
}

#[test]
fn only_the_first_caller_of_smartlock_executes() {
    let _alone = alone();
    let lock = SmartLock::new();
    let load = |name: &'static str| {
        lock.run_once(move || async move {
            yield_now().await;
            name
        })
    };
    let (first, (second, third)) = block_on(zip(load("first"), zip(load("second"), load("third"))));
    assert_eq!(
        (first, second, third),
        (Ok("first"), Ok("first"), Ok("first"))
    );
}

#[test]
fn smartlock_coalesces_a_herd_of_threads() {
    let _alone = alone();
    let lock = SmartLock::new();
    let runs = Mutex::new(0);
    let results = thread::scope(|scope| {
        let herd: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let load = || async {
                        *runs.lock().unwrap() += 1;
                        // The leader waits for its followers.
                        while lock.waiters() < 3 {
                            yield_now().await;
                        }
                        "page"
                    };
                    lock.run_once(load).wait()
                })
            })
            .collect();
        herd.into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(results, [Ok("page"); 4]);
    assert_eq!(*runs.lock().unwrap(), 1);
}

#[test]
fn run_once_passes_arguments_through_its_closure() {
    let _alone = alone();
    async fn load(a: u32, b: &str) -> usize {
        a as usize + b.len()
    }
    assert_eq!(SmartLock::new().run_once(|| load(1, "ab")).wait(), Ok(3));
}

#[derive(Default)]
struct CachedLoader {
    lock: SmartLock<u32>,
    cache: Mutex<Option<u32>>,
    loads: Mutex<u32>,
}

impl CachedLoader {
    smart_fn!(
        async fn get_data(&self) -> u32 {
            let cached = *self.cache.lock().unwrap();
            if let Some(value) = cached {
                return value;
            }
            let value = self.lock.run_once(|| self.expensive_load()).await.unwrap();
            *self.cache.lock().unwrap() = Some(value);
            value
        }
    );

    async fn expensive_load(&self) -> u32 {
        yield_now().await;
        *self.loads.lock().unwrap() += 1;
        7
    }
}

#[test]
fn the_cached_loader_loads_once() {
    let _alone = alone();
    let loader = CachedLoader::default();
    assert_eq!(block_on(zip(loader.get_data(), loader.get_data())), (7, 7));
    assert_eq!(loader.get_data().wait(), 7);
    assert_eq!(*loader.loads.lock().unwrap(), 1);
}

#[test]
fn smartlock_reset_cancels_pending_callers() {
    let _alone = alone();
    let lock = SmartLock::new();
    block_on(async {
        let mut leader = Box::pin(lock.run_once(pending::<u32>));
        let mut follower = Box::pin(lock.run_once(|| async { 1 }));
        assert!(poll_once(&mut leader).await.is_none() && poll_once(&mut follower).await.is_none());
        lock.reset();
        assert!(follower.await.is_err());
        assert_eq!(
            (lock.waiters(), lock.run_once(|| async { 2 }).await),
            (0, Ok(2))
        );
    });
}

smart_fn!(
    async fn async_a(n: u32) -> (u32, Vec<ThreadId>) {
        let (n, mut threads) = sync_b(n + 1).await;
        threads.push(thread::current().id());
        (n, threads)
    }

    fn sync_b(n: u32) -> (u32, Vec<ThreadId>) {
        let (n, mut threads) = async_c(n + 1).wait();
        threads.push(thread::current().id());
        (n, threads)
    }

    async fn async_c(n: u32) -> (u32, Vec<ThreadId>) {
        yield_now().await;
        (n + 1, vec![thread::current().id()])
    }
);

#[test]
fn nested_mixed_calls_reach_the_result() {
    let _alone = alone();
    for (n, threads) in [
        async_a(0).wait(),
        block_on(async_a(0)),
        pollster::block_on(async_a(0)),
    ] {
        assert_eq!(n, 3);
        assert_eq!(threads[0], threads[1], "C runs on B's thread");
        assert_ne!(threads[1], threads[2], "B runs on another thread than A");
    }
}

#[test]
fn internal_methods_need_no_macro() {
    let _alone = alone();
    struct Client;
    impl Client {
        smart_fn!(
            async fn get(&self, key: &str) -> Vec<u8> {
                self.internal_get(key).await
            }
        );

        async fn internal_get(&self, key: &str) -> Vec<u8> {
            yield_now().await;
            key.as_bytes().to_vec()
        }
    }
    assert_eq!(Client.get("key").wait(), block_on(Client.get("key")));
}

#[test]
fn methods_associated_functions_and_functions_are_smart() {
    let _alone = alone();
    assert_eq!(DataManager::create("a").wait().fetch_data("b").wait(), "ab");
    assert_eq!(async_c(1).wait().0, 2);
}

#[test]
fn a_smart_method_calls_another_in_both_contexts() {
    let _alone = alone();
    assert_eq!(manager().fetch_and_process("ab").wait(), 16);
    assert_eq!(block_on(manager().fetch_and_process("ab")), 16);
    assert_eq!(manager().process_and_fetch("ab").wait(), "9 http://ab");
    assert_eq!(block_on(manager().process_and_fetch("ab")), "9 http://ab");
}

#[test]
fn an_awaited_method_runs_on_the_existing_loop() {
    let _alone = alone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    smart_fn!(
        async fn task_of_tokio() -> u32 {
            tokio::spawn(async { 1 }).await.unwrap()
        }
    );
    assert_eq!(runtime.block_on(task_of_tokio()), 1);
    assert_eq!(current_loop(), None);
    let nested = block_on(async {
        let outer = current_loop();
        manager().fetch_data("a").await;
        (outer, current_loop())
    });
    assert!(nested.0.is_some());
    assert_eq!(nested.0, nested.1);
}

#[test]
fn reset_is_safe_while_other_threads_wait() {
    let _alone = alone();
    let (send, receive) = smol::channel::bounded::<u32>(1);
    let running = Barrier::new(2);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            block_on(async {
                running.wait();
                receive.recv().await.unwrap()
            })
        });
        running.wait();
        reset_smartasync_cache();
        assert_eq!(cached_loops(), 0);
        send.send_blocking(1).unwrap();
        assert_eq!(waiting.join().unwrap(), 1);
    });
}

#[test]
fn reset_clears_all_cached_loops() {
    let _alone = alone();
    let before = {
        manager().fetch_data("a").wait();
        thread::spawn(|| manager().fetch_data("a").wait())
            .join()
            .unwrap();
        current_loop()
    };
    assert!(cached_loops() > 0 && before.is_some());
    reset_smartasync_cache();
    assert_eq!((cached_loops(), current_loop()), (0, None));
    manager().fetch_data("a").wait();
    assert_ne!(current_loop(), before);
}

#[test]
fn errors_and_panics_reach_the_caller() {
    let _alone = alone();
    smart_fn!(
        async fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
            Ok(2 * text.parse::<u32>()?)
        }

        fn fail(message: &'static str) {
            std::panic::panic_any(message)
        }
    );
    assert!(parse("x").wait().is_err() && block_on(parse("x")).is_err());
    for payload in [
        catch_unwind(|| fail("one").wait()),
        catch_unwind(AssertUnwindSafe(|| block_on(fail("one")))),
    ] {
        assert_eq!(payload.unwrap_err().downcast_ref::<&str>(), Some(&"one"));
    }
}

#[test]
fn a_forgotten_macro_gives_a_plain_future() {
    let _alone = alone();
    async fn undecorated() -> u32 {
        1
    }
    // The original hands out a coroutine. Here the compiler reports a forgotten `.await`, and
    // `smart` makes a call of the future.
    let raw = undecorated();
    assert_eq!(smart(raw).wait(), 1);
}
