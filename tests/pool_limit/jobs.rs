//! Jobs under a limit, and the threads that run them. No tests.

use crate::ALONE;
use crate::support::chains::sum_of_chains;
use crate::support::gate::Gate;
use crate::support::start;
use crate::support::watchdog::within;
use smartasync::{Offload, block_on, offload, set_offload_limit, smart, spawn_local};
use std::cell::Cell;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, mpsc};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// The cap with a limit of one. More threads start only if all threads are blocked for a while.
pub(crate) const CAP: usize = 257;

pub(crate) fn set_limit(active: usize) {
    set_offload_limit(NonZeroUsize::new(active).unwrap());
}

/// Calls `f` under this limit on a thread of its own, while no other test runs. Panics if it takes
/// too long.
pub(crate) fn with_limit<T: Send + 'static>(
    limit: usize,
    f: impl FnOnce() -> T + Send + 'static,
) -> T {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    set_limit(limit);
    within(120, f)
}

/// Starts `count` jobs at once and waits for all of them.
pub(crate) fn run_at_once<T: Send + 'static>(
    count: usize,
    job: impl Fn() -> T + Send + Sync + 'static,
) -> Vec<T> {
    let job = Arc::new(job);
    block_on(async {
        let jobs: Vec<_> = (0..count)
            .map(|_| {
                let job = job.clone();
                spawn_local(offload(move || job()))
            })
            .collect();
        let mut results = Vec::new();
        for job in jobs {
            results.push(job.await);
        }
        results
    })
}

pub(crate) fn chains_at_once(count: u32, depth: u32) {
    assert_eq!(sum_of_chains(count, depth), count * depth);
}

thread_local! {
    /// Whether a job is on the stack of this thread.
    pub(crate) static IN_JOB: Cell<bool> = const { Cell::new(false) };
}

/// Starts a job that waits for `gate`.
pub(crate) fn start_waiting_job(gate: &Gate) -> Offload<()> {
    let gate = gate.clone();
    let mut job = offload(move || {
        assert!(
            !IN_JOB.replace(true),
            "the job runs on the stack of another job"
        );
        smart(gate).wait();
        IN_JOB.set(false);
    });
    start(&mut job);
    job
}

/// Starts a job that blocks its thread until the sender is dropped. Returns when it runs.
pub(crate) fn start_active_job() -> (Offload<()>, mpsc::Sender<()>) {
    let (started, has_started) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let mut job = offload(move || {
        started.send(()).unwrap();
        let _ = released.recv();
    });
    start(&mut job);
    has_started.recv().unwrap();
    (job, release)
}

/// Returns whether this is the name of a pool thread.
pub(crate) fn is_pool_thread(name: &str) -> bool {
    let number = name.strip_prefix("smartasync-");
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// How many threads of the pool exist, according to the system.
#[cfg(target_os = "linux")]
pub(crate) fn pool_threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    // A thread may end while the list is read.
    let names = tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| is_pool_thread(name.trim_end())).count()
}

#[cfg(target_os = "linux")]
pub(crate) fn until_all_have_retired() {
    let deadline = Instant::now() + Duration::from_secs(60);
    while pool_threads() > 0 {
        assert!(
            Instant::now() < deadline,
            "{} threads do not retire",
            pool_threads()
        );
        // Threads retire after a time-out, so this test sleeps.
        thread::sleep(Duration::from_millis(10));
    }
}
