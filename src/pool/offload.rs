//! [`offload`] turns a blocking closure into a future. The pool runs the closure.
//!
//! A job is one allocation, which the future and the queue share. It contains the closure, later
//! the result of the closure, and the waker of the future.

use crate::pool::{self, Job};
use crate::sync::panics::swallow;
use crate::sync::{Arc, Mutex};
use crate::thread::{context, runtime};
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;
use std::thread;

/// The stages of a job, in their order. `Abandoned` may follow each of the first three.
enum Stage<F, T> {
    /// The job has not started. `wait` is the number of the wait that polled it last.
    Waiting {
        job: F,
        waker: Option<Waker>,
        wait: u64,
    },
    /// A thread runs the job.
    Running { waker: Option<Waker> },
    /// The job has ended. The future has not taken the result yet.
    Ended { result: thread::Result<T> },
    /// The future was dropped, or it has taken the result.
    Abandoned,
}

struct JobCell<F, T> {
    /// Protects the whole job. User code (the closure, the `Drop` of its result, wakers) runs while
    /// it is unlocked.
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
                    // Nobody on this thread could handle a panic of the waker.
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

/// The progress of a job.
pub(crate) enum Progress<T> {
    Waiting,
    Running,
    Ended(thread::Result<T>),
}

/// The side of a job that its future uses, without the type of the closure.
pub(crate) trait Awaited<T>: Job {
    /// Takes the result, or leaves `waker`. `wait` is the number of the wait that polls the job.
    fn poll(&self, waker: &Waker, wait: u64) -> Progress<T>;

    /// Abandons the job, because nobody wants its result. A job that has not started never runs,
    /// and leaves the queue. `ticket` names the job in the queue. It is 0 if the job is not in the
    /// queue.
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

/// Makes both sides of a job, for a model.
#[cfg(all(test, smartasync_model))]
pub(crate) fn model_job<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> (Arc<dyn Job>, Arc<dyn Awaited<T>>) {
    let job = JobCell::new(f);
    (job.clone(), job)
}

/// Runs `f` on the offload pool.
///
/// The first poll of the returned future hands `f` to the pool. Use it in async code for a closure
/// that blocks or computes for long. The closure and its result move to another thread, so both
/// must be `Send + 'static`. On the pool `f` is sync code: it may wait for other smart calls, at
/// any depth. See [`set_offload_limit`](crate::set_offload_limit) for the number of jobs that run
/// at once.
///
/// # After `fork()`
///
/// A child process has none of the pool's threads, but its pool still counts them. So a job of the
/// child can hang. Fork before the first job, or call `exec` in the child. What needs no pool works
/// in the child: waits, the tasks of the thread that forked, and locks that nobody held. If another
/// thread led a lock at the fork, call [`reset`](crate::SmartLock::reset) in the child.
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

/// The future of an offloaded closure. [`offload`] returns it.
///
/// # Cancel safety
///
/// If you drop the future before a thread has taken the job, the job never runs. If you drop it
/// while the job runs, the job runs to its end, and the pool's thread drops the result. If you drop
/// it after the job has ended, the result is dropped with the future.
///
/// # Panics
///
/// If the job panics, the panic resumes, with its payload, where the future is polled. A poll also
/// panics if the future has already returned its output.
///
/// If the system refuses a thread, and no other thread will come for the job, the job runs where
/// the future is polled. Then it blocks the executor there. Such a job must not wait for anything
/// that this executor would have to poll.
#[must_use = "an offloaded job runs only when it is awaited"]
pub struct Offload<T> {
    job: Arc<dyn Awaited<T>>,
    /// Names the job in the queue. It is 0 until the job is submitted.
    ticket: u64,
}

impl<T> Future for Offload<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let wait = context::wait_number();
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
