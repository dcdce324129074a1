//! The offload pool: its threads, and what they know of themselves. Which of them does what is
//! decided in [`scheduler`].

use crate::sync::Arc;
use crate::thread::context;
use crate::thread::parker::Parker;
use core::cell::Cell;
use core::num::NonZeroUsize;
use core::task::Waker;
use scheduler::{Next, PATIENCE, Refused, Scheduler};
use std::string::String;
use std::sync::LazyLock;
use std::time::Instant;
use std::{env, thread, thread_local};

pub(crate) mod offload;
pub(crate) mod scheduler;

pub use offload::{Offload, offload};
pub(crate) use scheduler::{Job, number};

/// How many threads there may be beyond the limit of active ones, to stand in for blocked ones.
/// Where those all stand still, more.
const STAND_INS: usize = 256;
/// Sets how many jobs may be active at the start.
const LIMIT_VARIABLE: &str = "SMARTASYNC_OFFLOAD_THREADS";

static SCHEDULER: LazyLock<Scheduler> = LazyLock::new(|| Scheduler::new(start_limit(), STAND_INS));

fn start_limit() -> usize {
    match env::var(LIMIT_VARIABLE) {
        Ok(value) if !value.is_empty() => parse_limit(&value),
        _ => thread::available_parallelism()
            .map_or(1, NonZeroUsize::get)
            .saturating_add(4)
            .min(32),
    }
}

fn parse_limit(value: &str) -> usize {
    match value.parse::<NonZeroUsize>() {
        Ok(limit) => limit.get(),
        Err(error) => panic!(
            "the environment variable {LIMIT_VARIABLE} must be a number of threads, at least 1, but is {value:?}: {error}"
        ),
    }
}

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };

    /// The number of the job that was polled last, and the address of the parker behind the waker
    /// that it was polled with.
    static POLLED: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// The job with this number was polled with `waker`.
fn note_polled_job(job: usize, waker: &Waker) {
    POLLED.set((job, waker.data().addr()));
}

/// A wait begins: it has polled no job yet.
pub(crate) fn forget_polled_job() {
    POLLED.set((0, 0));
}

/// The number of the job that the wait on `parker` has polled last, or 0.
fn polled_job(parker: &Parker) -> usize {
    let (job, polled_with) = POLLED.get();
    if polled_with == core::ptr::from_ref(parker).addr() {
        job
    } else {
        0
    }
}

/// Does what `next` says, with a thread of the system's. Says whether that was refused.
fn carry_out(next: Next) -> bool {
    SCHEDULER
        .carry_out(next, start)
        .map(Refused::nudge)
        .is_some()
}

/// [`carry_out`] on a thread that is counted as blocked. Says whether user code has run on it:
/// wakers, which may poll here, and the jobs that are then run where they are polled. For these the
/// thread is none of the pool. So where they wait it is not counted as blocked once more.
fn carry_out_blocked(next: Next) -> bool {
    let Some(refused) = SCHEDULER.carry_out(next, start) else {
        return false;
    };
    IS_WORKER.set(false);
    let woken = refused.nudge();
    IS_WORKER.set(true);
    woken
}

/// Starts a thread, unless the system refuses it.
fn start() -> bool {
    let thread = thread::Builder::new().name(String::from("smartasync-offload"));
    thread.spawn(work).is_ok()
}

/// The life of a pool thread.
fn work() {
    IS_WORKER.set(true);
    SCHEDULER.work(run, start);
    // From here on the thread is no pool thread, also where the destructor of one of its locals
    // waits.
    IS_WORKER.set(false);
}

/// Runs a job as sync code, whatever stands on this thread's stack.
fn run(job: Arc<dyn Job>) {
    let _sync_code = context::enter_blocking();
    job.run();
}

/// Says whether this thread is one of the pool.
pub(crate) fn is_worker() -> bool {
    IS_WORKER.get()
}

/// Queues `job` and sees to it that a thread takes it up.
pub(crate) fn submit(job: Arc<dyn Job>) {
    carry_out(SCHEDULER.submit(job));
}

/// Runs the queued `job` here, if no thread will come for it. Its future is polled here, so it
/// waits for nothing else.
pub(crate) fn run_if_stranded(job: &Arc<dyn Job>) {
    if let Some(job) = SCHEDULER.take_if_stranded(job, is_worker()) {
        run(job);
    }
}

/// [`Parker::park`]. Where a job of the pool sleeps in it, its thread's place is filled meanwhile,
/// and it may return early. `waker` is the parker's.
pub(crate) fn park(parker: &Arc<Parker>, waker: &Waker, deadline: Option<Instant>) -> bool {
    if !is_worker() {
        return parker.park(deadline);
    }
    if parker.spin() {
        return true;
    }
    match SCHEDULER.block(parker, waker, polled_job(parker)) {
        Ok((next, watch)) => {
            let notified = sleep_blocked(parker, deadline, next, watch);
            SCHEDULER.resume();
            notified
        }
        Err(job) => {
            run(job);
            false
        }
    }
}

/// Does what `next` says, and sleeps; where the thread is to watch, it looks from time to time.
/// Says whether a notification was taken.
fn sleep_blocked(
    parker: &Parker,
    deadline: Option<Instant>,
    mut next: Next,
    mut watch: Option<u64>,
) -> bool {
    loop {
        // User code has run here, which may have waited, and run tasks: what the wait knew before
        // may not hold any more, and who wakes a task may not know of this thread's sleep.
        if carry_out_blocked(next) {
            return false;
        }
        let Some(number) = watch else {
            return parker.sleep_until(deadline);
        };
        let look = Instant::now() + PATIENCE;
        if deadline.is_some_and(|deadline| deadline <= look) {
            return parker.sleep_until(deadline);
        }
        if parker.sleep_until(Some(look)) {
            return true;
        }
        let again;
        (next, again) = SCHEDULER.look(number);
        watch = again.then_some(number);
    }
}

/// Sets how many offloaded jobs may be active at once, from now on. Running jobs are not stopped.
///
/// A job that waits for another smart call does not count as active while it waits; when it goes
/// on, there may for a moment be one active job more. The limit starts as min(32, cores + 4), as in
/// Python's `to_thread`, or as what the environment variable `SMARTASYNC_OFFLOAD_THREADS` says.
///
/// # Panics
///
/// Where that variable is set to anything but a number of at least 1, the first use of the pool
/// panics: this function, or what offloads first.
///
/// # Examples
///
/// ```
/// use std::num::NonZeroUsize;
///
/// smartasync::set_offload_limit(NonZeroUsize::new(8).unwrap());
/// ```
pub fn set_offload_limit(active: NonZeroUsize) {
    SCHEDULER.set_limit(active.get());
    while let Some(next) = SCHEDULER.grow() {
        if carry_out(next) {
            return;
        }
    }
}

#[cfg(all(test, not(smartasync_model)))]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_read_from_a_number() {
        assert_eq!(parse_limit("7"), 7);
        let message = thread::spawn(|| parse_limit("0")).join().unwrap_err();
        assert!(
            message
                .downcast_ref::<String>()
                .unwrap()
                .contains("SMARTASYNC_OFFLOAD_THREADS must be a number of threads")
        );
    }
}
