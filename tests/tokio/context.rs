//! Waits on the threads of tokio: refused in tasks, where they would hang; allowed where they hold
//! up no task. The same with and without an installed runtime.

use crate::support::child::in_a_child;
use crate::support::refused::assert_refused_at;
use crate::support::watchdog::within;
use crate::support::{OnDrop, panics};
use crate::{current_thread, multi_thread};
use smartasync::{
    Runtime, Smart, SmartLock, allow_blocking, block_on, install_runtime, install_tokio,
    install_tokio_handle, is_async_context, offload, smart, smart_await, smart_fn, smart_sync,
};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Handle, worker_index};
use tokio::sync::oneshot;
use tokio::task::{self, LocalSet, block_in_place, spawn_blocking};

/// Calls `f` in each kind of task.
fn in_all_tasks(f: fn()) {
    for tokio in [current_thread(), multi_thread()] {
        tokio.block_on(async {
            let task = tokio::spawn(async move {
                f();
                task::yield_now().await;
                f();
            });
            task.await.unwrap();
        });
    }
    let tokio = current_thread();
    tokio.block_on(async { f() });
    let local = LocalSet::new();
    local.block_on(&tokio, async { f() });
    let task = local.spawn_local(async move { f() });
    tokio.block_on(local.run_until(task)).unwrap();
}

/// Calls `f` in each place of tokio where a thread may block.
fn in_all_blocking_places(f: fn()) {
    for tokio in [current_thread(), multi_thread()] {
        tokio.block_on(async { spawn_blocking(f).await.unwrap() });
    }
    let tokio = multi_thread();
    tokio.block_on(async { f() });
    tokio.block_on(async { block_in_place(f) });
    tokio.block_on(async {
        let task = tokio::spawn(async move {
            block_in_place(f);
            task::yield_now().await;
            block_in_place(f);
        });
        task.await.unwrap();
    });
    tokio.block_on(async { offload(f).await });
    let _entered = tokio.enter();
    f();
}

smart_fn!(
    /// Waits for another task of the runtime.
    async fn reply() -> u32 {
        let (sender, receiver) = oneshot::channel();
        tokio::spawn(async move { sender.send(7) });
        receiver.await.unwrap()
    }

    fn compute() -> u32 {
        7
    }

    #[maybe_async]
    async fn either() -> u32 {
        smart_await!(compute())
    }
);

/// Asserts that each kind of wait is refused. Most of them would hang.
fn assert_refused() {
    assert!(is_async_context());
    let lock = SmartLock::new();
    // In the second round the thread has a loop, so it would begin a wait in another way.
    for _ in 0..2 {
        assert_refused_at(line!(), || reply().wait());
        assert_refused_at(line!(), || reply().wait_timeout(Duration::MAX));
        assert_refused_at(line!(), || reply().wait_with(thread::yield_now));
        assert_refused_at(line!(), || block_on(reply()));
        assert_refused_at(line!(), || Smart::future(async { reply().await }).wait());
        assert_refused_at(line!(), || lock.run_once(reply).wait());
        assert_refused_at(line!(), || compute().wait());
        assert_refused_at(line!(), || either().wait());
        assert_refused_at(line!(), || smart_sync(|| ()).wait());
        assert!(reply().try_wait().is_err());
        assert_eq!(allow_blocking(|| either().wait()), 7);
        allow_blocking(|| smart(async {}).wait());
    }
    assert!(is_async_context());
}

/// Asserts that each kind of wait ends, also if it depends on a task of the runtime.
fn assert_allowed() {
    assert!(!is_async_context());
    let lock = SmartLock::new();
    for _ in 0..2 {
        assert_eq!(reply().wait(), 7);
        assert_eq!(reply().wait_timeout(Duration::MAX), Ok(7));
        assert_eq!(block_on(reply()), 7);
        assert_eq!(Smart::future(async { reply().await }).wait(), 7);
        assert_eq!(lock.run_once(reply).wait(), Ok(7));
        assert_eq!((compute().wait(), either().wait()), (7, 7));
        smart(async { tokio::time::sleep(Duration::from_millis(1)).await }).wait();
    }
    assert!(!is_async_context());
}

/// Asserts that waits are refused and allowed where they should be.
fn assert_all() {
    in_all_tasks(assert_refused);
    in_all_blocking_places(assert_allowed);
    assert!(!is_async_context());
}

#[test]
fn a_wait_in_a_task_is_refused_at_the_callers_line() {
    within(120, || in_all_tasks(assert_refused));
}

#[test]
fn a_wait_in_a_blocking_place_of_tokio_ends() {
    within(120, || {
        // On the offload pool, tokio is there only if it is installed.
        in_all_blocking_places(|| {
            if Handle::try_current().is_ok() {
                assert_allowed();
            }
        });
    });
}

#[test]
fn both_hold_with_a_runtime_that_is_started() {
    in_a_child(|| {
        within(120, || {
            install_tokio().unwrap();
            assert_all();
        });
    });
}

#[test]
fn both_hold_with_a_handle_that_is_installed() {
    in_a_child(|| {
        within(120, || {
            let tokio = multi_thread();
            install_tokio_handle(tokio.handle().clone()).unwrap();
            assert_all();
        });
    });
}

/// A runtime that knows nothing of tasks.
struct Enters(tokio::runtime::Runtime);

impl Runtime for Enters {
    fn around_wait(&self, wait: &mut dyn FnMut()) {
        let _entered = self.0.enter();
        wait();
    }
}

#[test]
fn both_hold_with_a_runtime_of_the_programs_own() {
    in_a_child(|| {
        within(120, || {
            install_runtime(Enters(multi_thread())).unwrap();
            assert_all();
        });
    });
}

#[test]
fn new_threads_and_jobs_of_a_task_are_sync_code() {
    within(120, || {
        let tokio = multi_thread();
        tokio.block_on(async {
            let task = tokio::spawn(async {
                let waited = thread::spawn(|| smart(async { is_async_context() }).wait());
                assert!(waited.join().unwrap());
                assert!(!thread::spawn(is_async_context).join().unwrap());
                assert!(!offload(is_async_context).await);
                assert_eq!(offload(|| either().wait()).await, 7);
            });
            task.await.unwrap();
        });
    });
}

#[test]
fn a_destructor_waits_while_a_task_unwinds() {
    within(120, || {
        current_thread().block_on(async {
            for _ in 0..2 {
                let mut waited = None;
                assert!(panics(|| {
                    let _waits = OnDrop(|| waited = Some(smart(async { 7 }).wait()));
                    crate::support::panic();
                }));
                assert_eq!(waited, Some(7));
            }
        });
    });
}

/// What tokio says of the calling code: its `worker_index`, and its `try_id`.
fn told() -> (bool, bool) {
    (worker_index().is_some(), task::try_id().is_some())
}

#[test]
fn tokio_tells_its_places_apart_as_the_documentation_says() {
    within(120, || {
        let (current, multi) = (current_thread(), multi_thread());
        for tokio in [&current, &multi] {
            let task = tokio.spawn(async { told() });
            assert_eq!(tokio.block_on(task).unwrap(), (true, true));
            let blocking = tokio.spawn_blocking(told);
            assert_eq!(tokio.block_on(blocking).unwrap(), (false, true));
        }
        let in_place = multi.spawn(async { block_in_place(told) });
        assert_eq!(multi.block_on(in_place).unwrap(), (false, true));
        assert_eq!(current.block_on(async { told() }), (true, false));
        assert_eq!(multi.block_on(async { told() }), (false, false));

        // A task of a `LocalSet` on a multi-thread runtime looks like a blocking thread.
        for (tokio, seen) in [(&current, (true, true)), (&multi, (false, true))] {
            let local = LocalSet::new();
            let task = local.spawn_local(async { told() });
            assert_eq!(tokio.block_on(local.run_until(task)).unwrap(), seen);
        }
        // A thread that does not drive its current-thread runtime looks like any other thread.
        let handle = current.handle().clone();
        let told_there = thread::spawn(move || handle.block_on(async { told() }));
        assert_eq!(told_there.join().unwrap(), (false, false));
    });
}
