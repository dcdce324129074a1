//! [`offload`]: a blocking closure as a future that the pool runs.
//!
//! A job is one allocation, shared by the future and the queue: the closure, later its result, and
//! the waker between them.

use crate::pool::{self, Job};
use crate::sync::panics::swallow;
use crate::sync::{Arc, Mutex};
use crate::thread::runtime;
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;
use std::thread;

/// What a job is, in the order in which it changes. `Abandoned` may follow each of the first three.
enum Stage<F, T> {
    /// Not run yet. The wait with this number polled it last.
    Waiting {
        job: F,
        waker: Option<Waker>,
        wait: u64,
    },
    /// A thread runs it.
    Running { waker: Option<Waker> },
    /// Its result waits for the future.
    Ended { result: thread::Result<T> },
    /// The future is gone, or has its result.
    Abandoned,
}

struct JobCell<F, T> {
    /// Protects all there is. User code (the job, its result's `Drop`, wakers) runs while it is
    /// unlocked.
    stage: Mutex<Stage<F, T>>,
}

impl<F: FnOnce() -> T + Send, T: Send> Job for JobCell<F, T> {
    fn run(self: Arc<Self>) {
        let mut stage = self.stage.lock();
        let job = match mem::replace(&mut *stage, Stage::Abandoned) {
            Stage::Waiting { job, waker, .. } => {
                *stage = Stage::Running { waker };
                job
            }
            other => {
                *stage = other;
                return;
            }
        };
        drop(stage);
        let result = catch_unwind(AssertUnwindSafe(job));
        let mut stage = self.stage.lock();
        match mem::replace(&mut *stage, Stage::Abandoned) {
            Stage::Running { waker } => {
                *stage = Stage::Ended { result };
                drop(stage);
                if let Some(waker) = waker {
                    // A waker that panics has nobody to tell on this thread.
                    swallow(|| waker.wake());
                }
            }
            _ => {
                drop(stage);
                swallow(|| drop(result));
            }
        }
    }

    fn nudge(&self) -> bool {
        let waker = match &mut *self.stage.lock() {
            Stage::Waiting { waker, .. } => waker.take(),
            _ => None,
        };
        let Some(waker) = waker else { return false };
        swallow(|| waker.wake());
        true
    }

    fn is_polled_by(&self, wait: u64) -> bool {
        matches!(&*self.stage.lock(), Stage::Waiting { wait: last, .. } if *last == wait)
    }
}

/// How far a job is.
pub(crate) enum Progress<T> {
    Waiting,
    Running,
    Ended(thread::Result<T>),
}

/// The future's side of a job, without the closure's type.
pub(crate) trait Awaited<T>: Job {
    /// Takes the result, or leaves `waker`. The wait with this number polls it.
    fn poll(&self, waker: &Waker, wait: u64) -> Progress<T>;

    /// Nobody wants the result. A job that was not started never runs, and leaves the queue, where
    /// it has this ticket unless that is 0.
    fn abandon(&self, ticket: u64);

    fn into_job(self: Arc<Self>) -> Arc<dyn Job>;
}

impl<F: FnOnce() -> T + Send + 'static, T: Send + 'static> Awaited<T> for JobCell<F, T> {
    fn poll(&self, waker: &Waker, polling: u64) -> Progress<T> {
        // Cloning a waker is user code, so it happens before the lock is taken.
        let fresh = waker.clone();
        let mut stage = self.stage.lock();
        let (progress, stale) = match &mut *stage {
            Stage::Waiting { waker, wait, .. } => {
                *wait = polling;
                (Progress::Waiting, waker.replace(fresh))
            }
            Stage::Running { waker } => (Progress::Running, waker.replace(fresh)),
            Stage::Ended { .. } | Stage::Abandoned => {
                let ended = mem::replace(&mut *stage, Stage::Abandoned);
                drop(stage);
                let Stage::Ended { result } = ended else {
                    panic!("an `Offload` was polled after it had given its result")
                };
                return Progress::Ended(result);
            }
        };
        drop(stage);
        drop(stale);
        progress
    }

    fn abandon(&self, ticket: u64) {
        let unwanted = mem::replace(&mut *self.stage.lock(), Stage::Abandoned);
        if ticket != 0 && matches!(unwanted, Stage::Waiting { .. }) {
            pool::forget(ticket);
        }
        // User code, which may panic, comes last.
        drop(unwanted);
    }

    fn into_job(self: Arc<Self>) -> Arc<dyn Job> {
        self
    }
}

impl<F, T> JobCell<F, T> {
    fn new(job: F) -> Arc<Self> {
        Arc::new(Self {
            stage: Mutex::new(Stage::Waiting {
                job,
                waker: None,
                wait: 0,
            }),
        })
    }
}

/// Both sides of a job, for a model.
#[cfg(all(test, smartasync_model))]
pub(crate) fn model_job<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> (Arc<dyn Job>, Arc<dyn Awaited<T>>) {
    let job = JobCell::new(f);
    (job.clone(), job)
}

/// Runs `f` on the offload pool, once the returned future is polled for the first time.
///
/// Use it in async code for a closure that blocks or computes for long. What `f` captures and
/// returns travels to another thread, so it is `Send + 'static`. On the pool, `f` is sync code: it
/// may wait for other smart calls, at any depth. See
/// [`set_offload_limit`](crate::set_offload_limit) for how many run at once.
///
/// # Examples
///
/// ```
/// use smartasync::{block_on, offload};
/// use std::thread;
///
/// let here = thread::current().id();
/// let there = block_on(offload(|| thread::current().id()));
/// assert_ne!(here, there);
/// ```
pub fn offload<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Offload<T> {
    let job: Arc<dyn Awaited<T>> = match runtime::installed() {
        None => JobCell::new(f),
        Some(runtime) => JobCell::new(wrap(runtime, f)),
    };
    Offload { job, ticket: 0 }
}

/// Passes `f` through the runtime's `around_offload`.
fn wrap<T: Send + 'static>(
    runtime: &'static dyn runtime::Runtime,
    f: impl FnOnce() -> T + Send + 'static,
) -> impl FnOnce() -> T + Send + 'static {
    let result = Arc::new(Mutex::new(None));
    let in_job = result.clone();
    let wrapped = runtime.around_offload(Box::new(move || {
        let output = f();
        *in_job.lock() = Some(output);
    }));
    move || {
        wrapped();
        let output = result.lock().take();
        output.expect(
            "the installed Runtime's `around_offload` returned a closure that did not call the job",
        )
    }
}

/// The future that [`offload`] returns.
///
/// # Cancel safety
///
/// Dropped before a thread took up the job, it takes the job along: it never runs. Dropped later,
/// the job runs to its end, and its result is dropped on the pool's thread.
///
/// # Panics
///
/// A panic of the job resumes, with its payload, in whoever awaits it.
///
/// If the system refuses a thread and no other will come for the job, it runs where the future is
/// polled. It then blocks the executor there, so it must not wait for anything that this executor
/// would have to poll.
#[must_use = "an offloaded job runs only when it is awaited"]
pub struct Offload<T> {
    job: Arc<dyn Awaited<T>>,
    /// Names the job in the queue. 0 until it is submitted.
    ticket: u64,
}

impl<T> Future for Offload<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let wait = pool::this_wait();
        let mut progress = self.job.poll(cx.waker(), wait);
        if let Progress::Waiting = progress {
            if self.ticket == 0 {
                self.ticket = pool::submit(self.job.clone().into_job());
            } else {
                pool::run_if_stranded(self.ticket);
                progress = self.job.poll(cx.waker(), wait);
            }
        }
        match progress {
            Progress::Waiting | Progress::Running => Poll::Pending,
            Progress::Ended(Ok(output)) => Poll::Ready(output),
            Progress::Ended(Err(payload)) => resume_unwind(payload),
        }
    }
}

impl<T> Unpin for Offload<T> {}

impl<T> Drop for Offload<T> {
    fn drop(&mut self) {
        self.job.abandon(self.ticket);
    }
}

impl<T> fmt::Debug for Offload<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offload")
            .field("submitted", &(self.ticket != 0))
            .finish_non_exhaustive()
    }
}
