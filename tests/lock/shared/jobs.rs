//! Calls of `run_shared` that are polled by hand, on any thread.

use crate::callers::CallerOf;
use smartasync::{Cancelled, SmartLock};
use std::future::{poll_fn, ready};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// A call with a waker of its own that can be moved to another thread.
pub(crate) type Caller<T = usize> = CallerOf<dyn Future<Output = Result<T, Cancelled>> + Send>;

impl<T> Caller<T> {
    /// Makes a caller that is not polled yet.
    pub(crate) fn new(call: impl Future<Output = Result<T, Cancelled>> + Send + 'static) -> Self {
        Self {
            call: Box::pin(call),
            woken: Arc::default(),
        }
    }
}

/// Work of several steps. The test says when a step is taken.
#[derive(Default)]
pub(crate) struct Job {
    polls: AtomicUsize,
    /// The steps that the futures of this job took.
    steps: Mutex<Vec<usize>>,
    /// How many steps are allowed now.
    allowed: AtomicUsize,
    waker: Mutex<Option<Waker>>,
}

impl Job {
    /// A future that takes the allowed steps in each poll, and returns `steps` after the last one.
    pub(crate) fn run(
        self: &Arc<Self>,
        steps: usize,
    ) -> impl Future<Output = usize> + Send + use<> {
        let (job, mut done) = (self.clone(), 0);
        poll_fn(move |cx| {
            job.polls.fetch_add(1, Relaxed);
            while job.allowed.load(Relaxed) > 0 {
                job.allowed.fetch_sub(1, Relaxed);
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

    /// Makes a caller whose run is this job.
    pub(crate) fn caller(
        self: &Arc<Self>,
        lock: &'static SmartLock<usize>,
        steps: usize,
    ) -> Caller {
        let job = self.clone();
        Caller::new(lock.run_shared(move || job.run(steps)))
    }

    /// Allows one step and wakes the future.
    pub(crate) fn step(&self) {
        self.allowed.fetch_add(1, Relaxed);
        let waker = self.waker.lock().unwrap().take();
        waker.expect("the future waits").wake();
    }

    /// How often futures of this job were polled.
    pub(crate) fn polls(&self) -> usize {
        self.polls.load(Relaxed)
    }

    /// The steps that were taken, in order.
    pub(crate) fn steps(&self) -> Vec<usize> {
        self.steps.lock().unwrap().clone()
    }
}

/// Makes a call that must never become the leader.
pub(crate) fn bystander<T: Clone + Send + 'static>(lock: &'static SmartLock<T>) -> Caller<T> {
    Caller::new(lock.run_shared(|| async { unreachable!("this call never leads") }))
}

/// Asserts that the lock has no leader and no follower, and that it works.
pub(crate) fn assert_works(lock: &SmartLock<usize>) {
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
    assert_eq!(lock.run_shared(|| ready(9)).wait(), Ok(9));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}
