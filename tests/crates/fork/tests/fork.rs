//! What works in a child process after `fork()`, and what does not. The child has the thread that
//! forked, and no other.

use fork::{alone, fork};
use smartasync::{
    SmartLock, SmartLockMap, TimedOut, block_on, current_loop, offload, set_offload_limit, smart,
    smart_fn, spawn_local,
};
use std::env::current_exe;
use std::future::{pending, poll_fn};
use std::num::NonZeroUsize;
use std::os::unix::process::CommandExt;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::Duration;

smart_fn!(
    fn double(n: u32) -> u32 {
        2 * n
    }
);

/// Is pending once. A new thread wakes it, and has ended when this is ready.
async fn woken_by_a_thread() -> u32 {
    let mut thread = None;
    poll_fn(move |cx| {
        if let Some(thread) = thread.take() {
            JoinHandle::join(thread).unwrap();
            return Poll::Ready(7);
        }
        let waker = cx.waker().clone();
        thread = Some(thread::spawn(move || waker.wake()));
        Poll::Pending
    })
    .await
}

#[test]
fn the_child_waits() {
    let _alone = alone();
    assert_eq!(smart(woken_by_a_thread()).wait(), 7);
    fork(|| {
        assert_eq!(smart(woken_by_a_thread()).wait(), 7);
        assert_eq!(double(4).wait(), 8);
        let timed_out = smart(pending::<()>()).wait_timeout(Duration::from_millis(1));
        assert_eq!(timed_out, Err(TimedOut));
        let on_a_new_thread = thread::spawn(|| smart(woken_by_a_thread()).wait());
        assert_eq!(on_a_new_thread.join().unwrap(), 7);
    });
}

#[test]
fn the_child_has_the_loop_and_the_tasks_of_the_thread_that_forked() {
    let _alone = alone();
    assert_eq!(smart(woken_by_a_thread()).wait(), 7);
    let (its_loop, task) = (current_loop(), spawn_local(woken_by_a_thread()));
    assert!(its_loop.is_some());
    fork(move || {
        assert_eq!(current_loop(), its_loop);
        assert_eq!(block_on(task), 7);
    });
}

#[test]
fn a_lock_that_nobody_held_works_in_the_child() {
    let _alone = alone();
    let (lock, map) = (SmartLock::new(), SmartLockMap::new());
    assert_eq!(lock.run_once(woken_by_a_thread).wait(), Ok(7));
    assert_eq!(map.run_shared("key", woken_by_a_thread).wait(), Ok(7));
    fork(|| {
        assert_eq!(lock.run_once(woken_by_a_thread).wait(), Ok(7));
        assert_eq!(lock.run_shared(woken_by_a_thread).wait(), Ok(7));
        assert_eq!(map.run_once("key", woken_by_a_thread).wait(), Ok(7));
        assert!(map.is_empty());
    });
}

#[test]
fn a_lock_with_a_leader_on_another_thread_needs_a_reset_in_the_child() {
    let _alone = alone();
    let (lock, leads, goes_on) = (SmartLock::new(), Barrier::new(2), Barrier::new(2));
    let lead = async || {
        leads.wait();
        goes_on.wait();
        1
    };
    thread::scope(|scope| {
        let leader = scope.spawn(|| lock.run_once(&lead).wait());
        leads.wait();
        fork(|| {
            let follow = || lock.run_once(|| async { 2 });
            let timed_out = follow().wait_timeout(Duration::from_millis(10));
            assert_eq!(timed_out, Err(TimedOut));
            lock.reset();
            assert_eq!(follow().wait(), Ok(2));
        });
        goes_on.wait();
        assert_eq!(leader.join().unwrap(), Ok(1));
    });
}

#[test]
fn a_pool_that_the_parent_has_not_used_works_in_the_child() {
    let _alone = alone();
    fork(|| {
        assert_eq!(block_on(offload(|| 1)), 1);
        assert_eq!(smart(async { double(4).await }).wait(), 8);
    });
}

/// Forks a child whose pool has one thread, which is busy, and calls `test` in a child of that one.
fn fork_with_a_busy_pool(test: impl FnOnce()) {
    fork(|| {
        set_offload_limit(NonZeroUsize::MIN);
        let ((begins, began), (goes_on, go_on)) = (channel(), channel());
        let mut job = pin!(offload(move || {
            begins.send(()).unwrap();
            go_on.recv().unwrap();
        }));
        let pending = job.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(pending.is_pending());
        began.recv().unwrap();
        fork(test);
        goes_on.send(()).unwrap();
        block_on(job);
    });
}

#[test]
fn a_job_hangs_in_the_child_once_the_parent_has_used_the_pool() {
    let _alone = alone();
    fork_with_a_busy_pool(|| {
        // The pool counts a thread that is not in this process.
        let hung = smart(offload(|| 1)).wait_timeout(Duration::from_millis(100));
        assert_eq!(hung, Err(TimedOut));
        // What needs no pool still works.
        assert_eq!(smart(woken_by_a_thread()).wait(), 7);
        assert_eq!(double(4).wait(), 8);
    });
}

#[test]
fn after_exec_the_process_has_a_pool_of_its_own() {
    let _alone = alone();
    fork_with_a_busy_pool(|| {
        let error = Command::new(current_exe().unwrap())
            .args([
                "--exact",
                "a_pool_that_the_parent_has_not_used_works_in_the_child",
            ])
            .stdout(Stdio::null())
            .exec();
        panic!("{error}");
    });
}
