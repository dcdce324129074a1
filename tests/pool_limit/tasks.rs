//! The tasks that jobs leave behind.

use crate::jobs::{run_at_once, with_limit};
use crate::support::{CountsDrops, OnDrop, yield_once};
use smartasync::{block_on, offload, smart, spawn_local};
use std::cell::Cell;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Starts a task that never ends, and counts when it is dropped.
fn leave_a_task(dropped: &Arc<AtomicUsize>) {
    let guard = CountsDrops(dropped.clone());
    spawn_local(async move {
        let _guard = guard;
        pending::<()>().await;
    })
    .detach();
}

#[test]
fn a_task_that_a_job_detaches_ends_with_the_job() {
    with_limit(1, || {
        for waits in [false, true] {
            let dropped = Arc::new(AtomicUsize::new(0));
            let drops = dropped.clone();
            let seen = block_on(offload(move || {
                leave_a_task(&drops);
                if waits {
                    smart(yield_once()).wait();
                }
                drops.load(Ordering::SeqCst)
            }));
            // The task ends after the closure, and before anybody has its result.
            assert_eq!((seen, dropped.load(Ordering::SeqCst)), (0, 1));
        }
    });
}

#[test]
fn a_hundred_thousand_jobs_that_detach_tasks_leave_nothing_behind() {
    const JOBS: usize = 100_000;
    with_limit(2, || {
        let dropped = Arc::new(AtomicUsize::new(0));
        for _ in 0..JOBS / 1000 {
            let drops = dropped.clone();
            run_at_once(1000, move || leave_a_task(&drops));
        }
        assert_eq!(dropped.load(Ordering::SeqCst), JOBS);
    });
}

#[test]
fn a_job_on_the_stack_of_another_leaves_the_tasks_of_that_one_alone() {
    with_limit(1, || {
        let (dropped, (inner_is_over, over)) = (Arc::new(AtomicUsize::new(0)), mpsc::channel());
        let drops = dropped.clone();
        block_on(offload(move || {
            leave_a_task(&drops);
            let theirs = drops.clone();
            // Only one job at a time may be active, so the inner one runs while the outer one waits.
            smart(async move { offload(move || leave_a_task(&theirs)).await }).wait();
            inner_is_over.send(()).unwrap();
            // The tasks of the outer job are still there. Those of the inner one are too, if it ran
            // on this thread.
            assert!(drops.load(Ordering::SeqCst) <= 1);
        }));
        over.recv().unwrap();
        assert_eq!(dropped.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn a_task_that_panics_or_waits_when_it_is_dropped_harms_no_job() {
    with_limit(1, || {
        let waited = Arc::new(AtomicUsize::new(0));
        for round in 0..20 {
            let waits = waited.clone();
            let result = block_on(offload(move || {
                let guard = OnDrop(move || {
                    smart(yield_once()).wait();
                    waits.fetch_add(1, Ordering::SeqCst);
                    std::panic::resume_unwind(Box::new("dropped"));
                });
                spawn_local(async move {
                    let _guard = guard;
                    pending::<()>().await;
                })
                .detach();
                round
            }));
            assert_eq!((result, waited.load(Ordering::SeqCst)), (round, round + 1));
        }
    });
}

#[test]
fn a_finished_task_keeps_its_result_until_its_job_has_taken_it() {
    thread_local!(static TURNS: Cell<usize> = const { Cell::new(0) });
    with_limit(1, || {
        let sum: usize = (0..100)
            .map(|n| {
                block_on(offload(move || {
                    let task = spawn_local(async move {
                        TURNS.set(TURNS.get() + 1);
                        n
                    });
                    smart(yield_once()).wait();
                    leave_a_task(&Arc::default());
                    block_on(task)
                }))
            })
            .sum();
        assert_eq!(sum, 4950);
    });
}
