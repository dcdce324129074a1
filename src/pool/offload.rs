//! [`offload`] turns a blocking closure into a future. The pool runs the closure.
//!
//! A job is one allocation, which the future and the queue share. It contains the closure or, if that
//! is large, its box, later the result of the closure, and the waker of the future.

use crate::pool::{self, Job};
use crate::sync::panics::{Panics, swallow};
use crate::sync::{Arc, Mutex};
use crate::thread::{context, runtime};
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc;
use std::task::Waker;
use std::thread;

/// The stages of a job, in their order. `Abandoned` may follow each of the first three.
enum Stage<F, T> {
    /// The job has not started.
    Waiting(F),
    /// A thread runs the job.
    Running,
    /// The job has ended. The future has not taken the result yet.
    Ended(thread::Result<T>),
    /// The future was dropped, or it has taken the result.
    Abandoned,
}

/// What a job and its future share. A mutex protects it. User code (the closure, the `Drop` of its
/// result, wakers) runs while it is unlocked.
struct Shared<F, T> {
    stage: Stage<F, T>,
    /// Wakes the future.
    waker: Option<Waker>,
    /// The number of the wait that polled the future last.
    wait: u64,
}

impl<F, T> Shared<F, T> {
    fn new(job: F) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            stage: Stage::Waiting(job),
            waker: None,
            wait: 0,
        }))
    }
}

impl<F: FnOnce() -> T + Send, T: Send> Job for Mutex<Shared<F, T>> {
    fn run(&self) {
        let stage = mem::replace(&mut self.lock().stage, Stage::Running);
        // If there is no closure, the future was dropped at the last moment, and nobody looks at the
        // stage again.
        let Stage::Waiting(job) = stage else { return };
        let result = catch_unwind(AssertUnwindSafe(job));
        pool::end_job();
        let mut shared = self.lock();
        if matches!(shared.stage, Stage::Abandoned) {
            drop(shared);
            return swallow(|| drop(result));
        }
        shared.stage = Stage::Ended(result);
        drop(shared);
        // Nobody on this thread could handle a panic of the waker.
        self.nudge();
    }

    fn nudge(&self) -> bool {
        let waker = self.lock().waker.take();
        waker.map(|waker| swallow(|| waker.wake())).is_some()
    }

    fn is_polled_by(&self, wait: u64) -> bool {
        self.lock().wait == wait
    }
}

/// The side of a job that its future uses, without the type of the closure.
pub(crate) trait Awaited<T>: Job {
    /// Takes the result, or leaves `waker`. `wait` is the number of the wait that polls the job.
    fn poll(&self, waker: &Waker, wait: u64) -> Poll<thread::Result<T>>;

    /// Abandons the job, because nobody wants its result. A job that has not started never runs,
    /// and leaves the queue. `ticket` names the job in the queue. It is 0 if the job is not in the
    /// queue.
    fn abandon(&self, ticket: u64);

    /// Queues the job, and returns its ticket.
    fn submit(self: Arc<Self>) -> u64;
}

impl<F: FnOnce() -> T + Send + 'static, T: Send + 'static> Awaited<T> for Mutex<Shared<F, T>> {
    fn poll(&self, waker: &Waker, wait: u64) -> Poll<thread::Result<T>> {
        // Cloning a waker is user code, so it happens before the lock is taken.
        let fresh = waker.clone();
        let mut shared = self.lock();
        if matches!(shared.stage, Stage::Waiting(_) | Stage::Running) {
            shared.wait = wait;
            let stale = shared.waker.replace(fresh);
            drop(shared);
            drop(stale);
            return Poll::Pending;
        }
        let ended = mem::replace(&mut shared.stage, Stage::Abandoned);
        drop(shared);
        let Stage::Ended(result) = ended else {
            panic!("an `Offload` was polled after it had given its result")
        };
        Poll::Ready(result)
    }

    fn abandon(&self, ticket: u64) {
        let mut shared = self.lock();
        let stage = mem::replace(&mut shared.stage, Stage::Abandoned);
        let waker = shared.waker.take();
        drop(shared);
        if ticket != 0 && matches!(stage, Stage::Waiting(_)) {
            drop(pool::scheduler().remove(ticket));
        }
        // User code, which may panic, comes last.
        let mut panics = Panics::default();
        panics.drop_value(stage);
        panics.drop_value(waker);
        panics.resume();
    }

    fn submit(self: Arc<Self>) -> u64 {
        pool::scheduler().submit(self)
    }
}

/// Makes both sides of a job, for a model.
#[cfg(all(test, smartasync_model))]
pub(crate) fn model_job<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> (Arc<dyn Job>, Arc<dyn Awaited<T>>) {
    let job = Shared::new(f);
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
/// # What can stop the pool
///
/// Jobs that wait with `.wait()` do not stop the pool, whatever locks they hold. One case remains
/// that the crate cannot see. Jobs take all places, and they block in another way than `.wait()` for
/// something that only a queued job can do, and no thread waits for that job with `.wait()`. For
/// example, they receive from a channel, they ask an actor, or they are inside `pollster::block_on`
/// or tokio's `Handle::block_on`. Then no place becomes free for the queued job. Wait with `.wait()`
/// instead, or set a limit that is higher than the number of such jobs.
///
/// # Tasks
///
/// On a pool thread, the tasks that `f` starts with [`spawn_local`](crate::spawn_local) run while
/// `f` waits, and end with the job. A detached task that is not finished by then is dropped before
/// the future is ready. If the job runs on the stack of a job that waits for it, its tasks end with
/// that job. If it runs on a thread outside the pool, they belong to the loop of that thread.
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
    if size_of_val(&f) <= SMALL {
        return Offload::new(f);
    }
    // Each function that passes it on would need stack for another copy.
    Offload::new(Box::new(f))
}

/// How many bytes a closure may have to stand in its job. A larger one has a box of its own.
const SMALL: usize = 512;

/// Passes `f` through the runtime's `around_offload`.
fn wrap<T: Send + 'static>(
    runtime: &'static dyn runtime::Runtime,
    f: impl FnOnce() -> T + Send + 'static,
) -> impl FnOnce() -> T + Send + 'static {
    let (sender, receiver) = mpsc::channel();
    let wrapped = runtime.around_offload(Box::new(move || drop(sender.send(f()))));
    move || {
        wrapped();
        receiver.try_recv().expect(
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

impl<T: Send + 'static> Offload<T> {
    fn new(f: impl FnOnce() -> T + Send + 'static) -> Self {
        let job: Arc<dyn Awaited<T>> = match runtime::installed() {
            None => Shared::new(f),
            Some(runtime) => Shared::new(wrap(runtime, f)),
        };
        Self { job, ticket: 0 }
    }
}

impl<T> Future for Offload<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let wait = context::wait_number();
        let mut result = self.job.poll(cx.waker(), wait);
        if result.is_pending() {
            if self.ticket == 0 {
                self.ticket = self.job.clone().submit();
            } else if pool::run_if_stranded(self.ticket) {
                result = self.job.poll(cx.waker(), wait);
            }
        }
        result.map(|result| result.unwrap_or_else(|payload| resume_unwind(payload)))
    }
}

impl<T> Drop for Offload<T> {
    fn drop(&mut self) {
        self.job.abandon(self.ticket);
    }
}

impl<T> fmt::Debug for Offload<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offload").finish_non_exhaustive()
    }
}
