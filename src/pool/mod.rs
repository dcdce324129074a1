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
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll};
use scheduler::{Job, Next, PATIENCE, Scheduler, Sleeper};
use std::format;
use std::sync::OnceLock;
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

/// The pool of the process. Panics with the same sentence each time if the variable is wrong.
fn scheduler() -> &'static Scheduler {
    static SCHEDULER: OnceLock<Scheduler> = OnceLock::new();
    SCHEDULER.get_or_init(|| Scheduler::new(start_limit(), STAND_INS, PATIENCE, start))
}

fn start_limit() -> usize {
    let value = env::var("SMARTASYNC_OFFLOAD_THREADS").unwrap_or_default();
    if value.is_empty() {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        return cores.min(28) + 4;
    }
    match value.parse() {
        Ok(limit) => NonZeroUsize::get(limit),
        Err(error) => panic!(
            "the environment variable SMARTASYNC_OFFLOAD_THREADS must be a number of threads, at \
             least 1, but is {value:?}: {error}"
        ),
    }
}

thread_local! {
    /// The pool counts this thread as active, because it runs a job.
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };

    /// How many jobs stand on this stack.
    static DEPTH: Cell<usize> = const { Cell::new(0) };

    /// Ends what a job has left on this thread. `None` if no job can have left anything.
    static END_OF_JOB: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// Starts a thread, which begins with the job that has this ticket. Returns whether the system grants
/// the thread.
fn start(ticket: u64) -> bool {
    static STARTED: AtomicUsize = AtomicUsize::new(1);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let thread = thread::Builder::new().name(format!("smartasync-{number}"));
    let run = |job| {
        IS_WORKER.set(true);
        run(job);
        IS_WORKER.set(false);
    };
    let work = move || scheduler().work(ticket, run);
    thread.spawn(work).is_ok()
}

/// Runs a job as sync code, whatever stands on this thread's stack.
fn run(job: Arc<dyn Job>) {
    let _sync_code = context::enter_blocking();
    DEPTH.set(DEPTH.get() + 1);
    // A job never panics.
    job.run();
    DEPTH.set(DEPTH.get() - 1);
    if !IS_WORKER.get() {
        scheduler().end_outside();
    }
}

/// Has `end` called on this thread whenever the outermost job of the pool ends here.
pub(crate) fn at_end_of_jobs(end: fn()) {
    END_OF_JOB.set(Some(end));
}

/// The closure of a job has returned.
fn end_job() {
    if let Some(end) = END_OF_JOB.get() {
        if IS_WORKER.get() && DEPTH.get() == 1 {
            end();
        }
    }
}

/// Runs the queued job here, if no thread will come for it. Returns whether it did.
fn run_if_stranded(ticket: u64) -> bool {
    let job = scheduler().take_if_stranded(ticket, IS_WORKER.get());
    job.map(run).is_some()
}

/// [`Parker::park`] for a wait with a `deadline`, whose loop has a `timer`. It may return early.
///
/// A pool thread gives its place to another thread while it sleeps here. A thread that waits for a
/// job looks from time to time whether jobs still leave the queue, and helps if they do not.
///
/// # Panics
///
/// If too many jobs stand on this stack already, and the system refuses a thread for the next one.
pub(crate) fn park(
    parker: &Arc<Parker>,
    deadline: Option<Instant>,
    timer: Option<Instant>,
) -> bool {
    let due = deadline.into_iter().chain(timer).min();
    let is_worker = IS_WORKER.get();
    // Without a number, the wait has polled no job.
    let wait = context::known_wait_number();
    if !is_worker && wait == 0 {
        return parker.park(due);
    }
    if parker.spin() {
        return true;
    }
    let mut sleeper = Sleeper {
        parker,
        wait,
        is_worker,
        has_deadline: deadline.is_some(),
        is_deep: DEPTH.get() >= DEEPEST,
        is_blocked: false,
    };
    let notified = loop {
        let (next, looks) = scheduler().block(&mut sleeper);
        let needs_a_stack = sleeper.is_deep && matches!(next, Some(Next::Spawn(1..)));
        if let Some(Next::Run(job)) = next {
            run(job);
            return false;
        }
        // The wakers that this may call are user code, which may wait. A pool thread counts as
        // blocked already, so meanwhile it is none.
        IS_WORKER.set(false);
        let refused = scheduler().carry_out(next);
        IS_WORKER.set(is_worker);
        if needs_a_stack && refused.is_some() {
            scheduler().resume(&sleeper);
            panic!(
                "the offload pool cannot start a thread for this call: the system refuses one, and \
                 {DEEPEST} jobs stand on this stack already, each waiting for the next"
            );
        }
        if refused == Some(true) {
            // After user code, what the wait knew before may not hold any more.
            break false;
        }
        let look = looks.then(|| Instant::now() + PATIENCE);
        let until = look.into_iter().chain(due).min();
        let notified = parker.sleep_until(until);
        if notified || until == due {
            break notified;
        }
    };
    scheduler().resume(&sleeper);
    notified
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
/// not stop the pool, even if all other jobs block on it. [`offload`](offload#what-can-stop-the-pool)
/// says what can.
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

/// Is ready when no job is queued and none runs, apart from the job that polls this.
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    ticket: u64,
}

impl Future for Quiet {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // All jobs on the stack of a pool thread are one busy thread for the scheduler.
        let own = if IS_WORKER.get() { 1 } else { DEPTH.get() };
        if scheduler().is_quiet(own, &mut self.ticket, cx.waker()) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if self.ticket != 0 {
            scheduler().unwatch(self.ticket);
        }
    }
}
