//! Calls of `run_shared`, polled by hand, on any thread.

use super::lock::CallerOf;
use smartasync::{Cancelled, SmartLock};
use std::future::{poll_fn, ready};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// This is a call with a waker of its own, which may be sent.
pub(crate) type Caller<T = usize> = CallerOf<dyn Future<Output = Result<T, Cancelled>> + Send>;

impl<T> Caller<T> {
    /// Makes a caller that was not polled yet.
    pub(crate) fn new(call: impl Future<Output = Result<T, Cancelled>> + Send + 'static) -> Self {
        Self {
            call: Box::pin(call),
            woken: Arc::default(),
        }
    }
}

/// This is work of several steps, in the hands of its test.
#[derive(Default)]
pub(crate) struct Job {
    polls: AtomicUsize,
    /// The steps that were taken, by any future.
    steps: Mutex<Vec<usize>>,
    /// How many steps may be taken.
    leave: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Job {
    /// Takes as many steps as it has leave for in each poll, and returns `steps` after the last
    /// one.
    pub(crate) fn run(
        self: &Arc<Self>,
        steps: usize,
    ) -> impl Future<Output = usize> + Send + use<> {
        let (job, mut done) = (self.clone(), 0);
        poll_fn(move |cx| {
            job.polls.fetch_add(1, Relaxed);
            while job.leave.load(Relaxed) > 0 {
                job.leave.fetch_sub(1, Relaxed);
                job.steps.lock().unwrap().push(done);
                done += 1;
                if done == steps {
                    return Poll::Ready(steps);
                }
            }
            *job.waker.lock().unwrap() = Some(cx.waker().clone());
            Poll::Pending
        })
    }

    /// Makes a caller that would run this job.
    pub(crate) fn caller(
        self: &Arc<Self>,
        lock: &'static SmartLock<usize>,
        steps: usize,
    ) -> Caller {
        let job = self.clone();
        Caller::new(lock.run_shared(move || job.run(steps)))
    }

    /// Gives leave for one step, and wakes the future.
    pub(crate) fn step(&self) {
        self.leave.fetch_add(1, Relaxed);
        let waker = self.waker.lock().unwrap().take();
        waker.expect("the future waits").wake();
    }

    /// Says how often futures of this job were polled.
    pub(crate) fn polls(&self) -> usize {
        self.polls.load(Relaxed)
    }

    /// These steps were taken.
    pub(crate) fn steps(&self) -> Vec<usize> {
        self.steps.lock().unwrap().clone()
    }
}

/// Makes a call that must never become the leader.
pub(crate) fn bystander<T: Clone + Send + 'static>(lock: &'static SmartLock<T>) -> Caller<T> {
    Caller::new(lock.run_shared(|| async { unreachable!("it never leads") }))
}

/// Asserts that nobody is left on the lock, and that it works.
pub(crate) fn assert_works(lock: &SmartLock<usize>) {
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
    assert_eq!(lock.run_shared(|| ready(9)).wait(), Ok(9));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}
