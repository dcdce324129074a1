//! Shared futures for which a test says what each poll does.

use self::Turn::{Done, Panic, Sleep};
use crate::shared::jobs::Caller;
use crate::support::panic;
use smartasync::SmartLock;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// What one poll of a future does.
pub(crate) enum Turn {
    /// Suspends. The job keeps the waker.
    Sleep,
    Panic,
    Done,
}

/// Work whose polls are listed by the test.
#[derive(Default)]
pub(crate) struct Job {
    pub(crate) polls: AtomicUsize,
    pub(crate) waker: Mutex<Option<Waker>>,
}

impl Job {
    /// A future that takes one turn in each poll, and returns `value` when it is done.
    pub(crate) fn run<T>(
        self: &Arc<Self>,
        turns: Vec<Turn>,
        value: T,
    ) -> impl Future<Output = T> + Send + use<T>
    where
        T: Send + 'static,
    {
        let (job, mut turns, mut value) = (self.clone(), turns.into_iter(), Some(value));
        poll_fn(move |cx| {
            job.polls.fetch_add(1, Relaxed);
            match turns
                .next()
                .expect("the future is not polled after its last turn")
            {
                Sleep => *job.waker.lock().unwrap() = Some(cx.waker().clone()),
                Panic => panic(),
                Done => return Poll::Ready(value.take().unwrap()),
            }
            Poll::Pending
        })
    }

    /// Makes a caller whose run is this job.
    pub(crate) fn caller<T>(
        self: &Arc<Self>,
        lock: &'static SmartLock<T>,
        turns: Vec<Turn>,
        value: T,
    ) -> Caller<T>
    where
        T: Clone + Send + 'static,
    {
        let job = self.clone();
        Caller::new(lock.run_shared(move || job.run(turns, value)))
    }

    /// Wakes the future, which has to be suspended.
    pub(crate) fn wake(&self) {
        let waker = self.waker.lock().unwrap().take();
        waker.expect("the future is suspended").wake();
    }
}
