//! The maximum number of threads, the cap: what happens when all threads are blocked, and which
//! jobs run on top of a wait.

use crate::jobs::{CAP, IN_JOB, chains_at_once, start_waiting_job, with_limit};
#[cfg(target_os = "linux")]
use crate::jobs::{pool_threads, until_all_have_retired};
use crate::support::chains::sync_step;
use crate::support::gate::Gate;
use crate::support::start;
#[cfg(target_os = "linux")]
use crate::support::watchdog::{this_thread, until_asleep};
use futures_lite::future::zip;
use smartasync::{SmartLock, block_on, offload, smart};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

#[test]
fn a_chain_deeper_than_the_cap_finishes() {
    let depth = u32::try_from(2 * CAP + 100).unwrap();
    with_limit(1, move || assert_eq!(block_on(sync_step(depth)), depth));
}

/// At the cap, a job that a thread waits for runs on top of that wait. Without this rule, each of
/// the deeper jobs would need a thread beyond the cap.
#[cfg(target_os = "linux")]
#[test]
fn jobs_that_block_on_each_other_deeper_than_the_cap_run_on_the_threads_that_wait() {
    fn threads_inside(depth: usize) -> usize {
        if depth == 0 {
            pool_threads()
        } else {
            block_on(offload(move || threads_inside(depth - 1)))
        }
    }
    with_limit(1, || {
        let threads = threads_inside(2 * CAP + 100);
        // On a busy machine a few threads beyond the cap may start.
        assert!(threads <= CAP + 100, "{threads} threads");
    });
}

#[test]
fn deep_chains_that_meet_at_the_cap_finish() {
    with_limit(1, || chains_at_once(400, 9));
}

#[test]
fn at_the_cap_a_job_that_no_blocked_thread_waits_for_gets_a_thread_of_its_own() {
    with_limit(1, || {
        let gates: Vec<Gate> = (0..CAP).map(|_| Gate::default()).collect();
        let mut jobs: Vec<_> = gates.iter().map(start_waiting_job).collect();
        gates.iter().for_each(|gate| drop(gate.until_awaited()));
        // All blocked threads may wait for what this job does.
        let in_job = block_on(offload(|| IN_JOB.get()));
        gates.iter().for_each(Gate::open);
        jobs.drain(..).for_each(|job| block_on(job));
        assert!(!in_job, "the job ran on the stack of a blocked job");
    });
}

/// Calls `f` in a job on the last thread below the cap. All other threads are blocked.
#[cfg(target_os = "linux")]
fn at_the_cap<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    with_limit(1, || {
        until_all_have_retired();
        let gates: Vec<Gate> = (0..CAP - 1).map(|_| Gate::default()).collect();
        let mut jobs: Vec<_> = gates.iter().map(start_waiting_job).collect();
        gates.iter().for_each(|gate| drop(gate.until_awaited()));
        let result = block_on(offload(f));
        gates.iter().for_each(Gate::open);
        jobs.drain(..).for_each(|job| block_on(job));
        result
    })
}

/// On top of the wait that polls the leader, the follower would wait for ever.
#[cfg(target_os = "linux")]
#[test]
fn at_the_cap_a_follower_does_not_run_on_top_of_the_wait_that_polls_its_leader() {
    let answers = at_the_cap(|| {
        let (lock, gate): (Arc<SmartLock<u32>>, _) = (Arc::default(), Gate::default());
        let (theirs, leads) = (lock.clone(), gate.clone());
        let leader = lock.run_once(|| async move {
            leads.await;
            1
        });
        let follower = offload(move || theirs.run_once(|| async { 2 }).wait());
        let followed = lock.clone();
        let opener = thread::spawn(move || {
            while followed.waiters() == 0 {
                thread::yield_now();
            }
            gate.open();
        });
        let answers = block_on(zip(leader, follower));
        opener.join().unwrap();
        answers
    });
    assert_eq!(answers, (Ok(1), Ok(1)));
}

/// The same holds for other futures than those of a lock.
#[cfg(target_os = "linux")]
#[test]
fn at_the_cap_a_job_does_not_run_on_top_of_a_wait_that_polls_something_else_too() {
    at_the_cap(|| {
        let (early, late) = (Gate::default(), Gate::default());
        let (opener, theirs) = (early.open_once_awaited(), late.clone());
        let other = async {
            early.await;
            late.open();
        };
        block_on(zip(other, offload(|| smart(theirs).wait())));
        opener.join().unwrap();
    });
}

/// These jobs may wait for each other or for the network. The pool cannot know.
#[cfg(target_os = "linux")]
#[test]
fn blocked_jobs_start_one_thread_beyond_the_cap_each_tenth_of_a_second() {
    with_limit(1, || {
        until_all_have_retired();
        let gates: Vec<Gate> = (0..3 * CAP).map(|_| Gate::default()).collect();
        let began = Instant::now();
        let mut jobs: Vec<_> = gates.iter().map(start_waiting_job).collect();
        // Wait for the first five threads beyond the cap.
        gates[..CAP + 5]
            .iter()
            .for_each(|gate| drop(gate.until_awaited()));
        let (threads, tenths) = (pool_threads(), began.elapsed().as_millis() / 100);
        gates.iter().for_each(Gate::open);
        jobs.drain(..).for_each(|job| block_on(job));
        assert!(
            threads >= CAP + 5 && threads <= CAP + 1 + usize::try_from(tenths).unwrap(),
            "{threads} threads"
        );
    });
}

/// A job that an earlier job of the same thread started is unrelated to the current job.
#[cfg(target_os = "linux")]
#[test]
fn at_the_cap_a_thread_does_not_run_a_job_that_its_earlier_job_started() {
    with_limit(1, || {
        let gates: Vec<Gate> = (0..CAP - 1).map(|_| Gate::default()).collect();
        let mut jobs: Vec<_> = gates.iter().map(start_waiting_job).collect();
        gates.iter().for_each(|gate| drop(gate.until_awaited()));
        // The job on the last thread starts another job, and sends its future to this thread.
        let (started, has_started) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let (handed, is_handed) = mpsc::channel();
        let mut asking = offload(move || {
            started.send(this_thread()).unwrap();
            let _ = may_go.recv();
            let mut asked_for = offload(|| IN_JOB.get());
            start(&mut asked_for);
            handed.send(asked_for).unwrap();
        });
        start(&mut asking);
        let last_thread = has_started.recv().unwrap();
        // The last thread takes this job next, and is blocked in it.
        let last_gate = Gate::default();
        jobs.push(start_waiting_job(&last_gate));
        drop(go);
        block_on(asking);
        let asked_for = is_handed.recv().unwrap();
        last_gate.until_awaited();
        until_asleep(&last_thread);
        let in_job = block_on(asked_for);
        gates.iter().for_each(Gate::open);
        last_gate.open();
        jobs.drain(..).for_each(|job| block_on(job));
        assert!(
            !in_job,
            "the job ran on the stack of a job that did not wait for it"
        );
    });
}
