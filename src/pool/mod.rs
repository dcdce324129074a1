//! The offload pool: it runs what blocks, so that no executor has to.
//!
//! - This file: the pool of the process, and what each thread knows of it.
//! - [`scheduler`]: which thread does what. It knows no thread, so a model can check it.
//! - [`offload`]: a job, and the future of its result.
//!
//! The life of a job: the first poll of an [`Offload`] submits it. The scheduler wakes or starts a
//! thread for it, within the limit. The thread runs it, keeps the result in the job, and wakes the
//! future. A job that waits for something gives its place to another one: every wait of this crate
//! sleeps in [`park`].

use crate::sync::Arc;
use crate::thread::context;
use crate::thread::parker::Parker;
use core::cell::Cell;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicUsize, Ordering};
use scheduler::{Job, Next, PATIENCE, Refused, Room, Scheduler, Sleeper};
use std::format;
use std::string::String;
use std::sync::LazyLock;
use std::time::Instant;
use std::{env, thread, thread_local};

pub(crate) mod offload;
pub(crate) mod scheduler;

pub use offload::{Offload, offload};
pub use scheduler::OffloadStats;

/// How many threads there may be beyond the limit, to stand in for blocked ones. If no job makes
/// progress, there may be more.
const STAND_INS: usize = 256;
/// How many jobs may stand on one stack, each waiting for the next.
const DEEPEST: usize = 64;
/// Sets the limit at the start.
const LIMIT_VARIABLE: &str = "SMARTASYNC_OFFLOAD_THREADS";

/// The pool of the process, or what is wrong with the variable.
static SCHEDULER: LazyLock<Result<Scheduler, String>> =
    LazyLock::new(|| Ok(Scheduler::new(start_limit()?, STAND_INS)));

/// The pool of the process. Panics with the same sentence each time if the variable is wrong.
fn scheduler() -> &'static Scheduler {
    SCHEDULER.as_ref().unwrap_or_else(|error| panic!("{error}"))
}

fn start_limit() -> Result<usize, String> {
    match env::var(LIMIT_VARIABLE) {
        Ok(value) if !value.is_empty() => parse_limit(&value),
        _ => {
            let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
            Ok(cores.saturating_add(4).min(32))
        }
    }
}

fn parse_limit(value: &str) -> Result<usize, String> {
    value.parse().map(NonZeroUsize::get).map_err(|error| {
        format!(
            "the environment variable {LIMIT_VARIABLE} must be a number of threads, at least 1, \
             but is {value:?}: {error}"
        )
    })
}

thread_local! {
    /// The pool counts this thread as active, because it runs a job.
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };

    /// How many jobs stand on this stack.
    static DEPTH: Cell<usize> = const { Cell::new(0) };

    /// When a sleeping wait first saw that so many jobs had left the queue.
    static LOOK: Cell<Option<(u64, u64, Instant)>> = const { Cell::new(None) };
}

/// Does what `next` says. Returns the refusal if the system refuses a thread.
fn carry_out(next: Next) -> Option<Refused> {
    scheduler().carry_out(next, start)
}

/// Starts a thread, which begins with the job that is handed to it.
fn start(handed: Option<Arc<dyn Job>>) -> bool {
    static STARTED: AtomicUsize = AtomicUsize::new(1);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let thread = thread::Builder::new().name(format!("smartasync-{number}"));
    let run = |job| {
        IS_WORKER.set(true);
        run(job);
        IS_WORKER.set(false);
    };
    let work = move || scheduler().work(handed, run, start);
    thread.spawn(work).is_ok()
}

/// Runs a job as sync code, whatever stands on this thread's stack.
fn run(job: Arc<dyn Job>) {
    let _sync_code = context::enter_blocking();
    DEPTH.set(DEPTH.get() + 1);
    // A job never panics.
    job.run();
    DEPTH.set(DEPTH.get() - 1);
}

/// Queues `job`, and sees to it that a thread takes it. Returns its ticket.
fn submit(job: Arc<dyn Job>) -> u64 {
    let (ticket, next) = scheduler().submit(job);
    if let Some(refused) = carry_out(next) {
        refused.nudge();
    }
    ticket
}

/// Runs the queued job here, if no thread will come for it.
fn run_if_stranded(ticket: u64) {
    if let Some(job) = scheduler().take_if_stranded(ticket, IS_WORKER.get()) {
        run(job);
    }
}

/// Drops the queued job.
fn forget(ticket: u64) {
    drop(scheduler().remove(ticket));
}

/// [`Parker::park`] for a wait. It may return early.
///
/// A pool thread gives its place to another thread while it sleeps here. A thread that waits for a
/// job looks from time to time whether jobs still leave the queue, and helps if they do not.
///
/// # Panics
///
/// If too many jobs stand on this stack already, and the system refuses a thread for the next one.
pub(crate) fn park(parker: &Arc<Parker>, deadline: Option<Instant>) -> bool {
    let is_worker = IS_WORKER.get();
    // Without a number, the wait has polled no job.
    let wait = context::known_wait_number();
    if !is_worker && wait == 0 {
        return parker.park(deadline);
    }
    if parker.spin() {
        return true;
    }
    let room = match deadline {
        Some(_) => Room::None,
        None if DEPTH.get() < DEEPEST => Room::OnThisStack,
        None => Room::OnANewStack,
    };
    let mut sleeper = Sleeper {
        parker,
        wait,
        is_worker,
        room,
        is_blocked: false,
    };
    loop {
        let (next, looks) = scheduler().block(&mut sleeper, |moves| is_stalled(wait, moves));
        if let Next::Run(job) = next {
            run(job);
            return false;
        }
        let mut slept = None;
        if let Some(refused) = carry_out(next) {
            if refused.was_handed_a_job && room == Room::OnANewStack {
                scheduler().resume(&sleeper);
                panic!("{TOO_DEEP}");
            }
            // The wakers that this calls are user code, which may wait. This thread counts as blocked
            // already, so meanwhile it is no pool thread.
            IS_WORKER.set(false);
            if refused.nudge() {
                // After user code, what the wait knew before may not hold any more.
                slept = Some(false);
            }
            IS_WORKER.set(is_worker);
        }
        if let Some(notified) = slept.or_else(|| sleep(parker, looks, deadline)) {
            scheduler().resume(&sleeper);
            return notified;
        }
    }
}

/// What a call says for which no thread can be had.
const TOO_DEEP: &str = "the offload pool cannot start a thread for this call: the system refuses one, \
     and 64 jobs stand on this stack already, each waiting for the next";

/// Returns whether no job has left the queue since this wait first saw that `moves` had, and that was
/// [`PATIENCE`] ago.
fn is_stalled(wait: u64, moves: u64) -> bool {
    match LOOK.get() {
        Some((known_wait, known_moves, since)) if (known_wait, known_moves) == (wait, moves) => {
            since.elapsed() >= PATIENCE
        }
        _ => {
            LOOK.set(Some((wait, moves, Instant::now())));
            false
        }
    }
}

/// Sleeps: for [`PATIENCE`] if the thread looks again afterwards. Returns whether a notification was
/// taken, or `None` if the thread is to look again.
fn sleep(parker: &Parker, looks: bool, deadline: Option<Instant>) -> Option<bool> {
    let look = Instant::now() + PATIENCE;
    if looks && deadline.is_none_or(|deadline| look < deadline) {
        parker.sleep_until(Some(look)).then_some(true)
    } else {
        Some(parker.sleep_until(deadline))
    }
}

/// Sets how many offloaded jobs may be active at once, from now on. Running jobs are not stopped.
///
/// The limit bounds the work at once; it never stops the program. These jobs do not count:
///
/// - A job that waits for another smart call, while it waits. When it goes on, there may be one
///   active job more for a moment.
/// - A job that a thread waits for, once no job was taken from the queue for 100 ms. Then the
///   waiting thread runs that job itself or, if it waits for more than that job, the pool starts one
///   more thread.
///
/// So a `LazyLock` whose initialiser waits for a call, or a mutex that is held over a `.wait()`, does
/// not stop the pool, even if all other jobs block on it. One case remains that the crate cannot
/// see: while a pool thread blocks for a job, that job is polled by another executor inside it (for
/// example by `pollster::block_on`, tokio's `Handle::block_on`, or an actor). Such a job needs a free
/// place.
///
/// The limit starts as min(32, cores + 4), as in Python's `to_thread`, or as what the environment
/// variable `SMARTASYNC_OFFLOAD_THREADS` says. An empty variable counts as unset.
///
/// # Panics
///
/// If that variable is set to anything but a number of at least 1, each use of the pool panics: this
/// function, and whatever offloads.
///
/// # Examples
///
/// ```
/// use std::num::NonZeroUsize;
///
/// smartasync::set_offload_limit(NonZeroUsize::new(8).unwrap());
/// ```
pub fn set_offload_limit(active: NonZeroUsize) {
    scheduler().set_limit(active.get());
    while let Some(next) = scheduler().grow() {
        if let Some(refused) = carry_out(next) {
            refused.nudge();
            return;
        }
    }
}

/// Returns how many jobs and threads the offload pool has, and what they do at this moment.
///
/// The numbers belong together, because one lock protects them. They may be old as soon as you see
/// them. A job that runs on a thread outside the pool is not among them: see
/// [`set_offload_limit`].
///
/// # Panics
///
/// If the environment variable of [`set_offload_limit`] is wrong.
///
/// # Examples
///
/// ```
/// use smartasync::{block_on, offload, offload_stats};
///
/// let inside = block_on(offload(|| offload_stats()));
/// assert_eq!((inside.active, inside.threads, inside.queued), (1, 1, 0));
/// ```
#[must_use]
pub fn offload_stats() -> OffloadStats {
    scheduler().stats()
}

#[cfg(all(test, not(smartasync_model)))]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_read_from_a_number() {
        assert_eq!(parse_limit("7"), Ok(7));
        let sentence = parse_limit("0").unwrap_err();
        assert!(sentence.contains("SMARTASYNC_OFFLOAD_THREADS must be a number of threads"));
    }
}
