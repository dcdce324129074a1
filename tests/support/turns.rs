//! Shared futures that do as they are told in each poll.

use self::Turn::{Done, Panic, Sleep};
use super::{panic, shared::Caller};
use smartasync::SmartLock;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// This is what a future's n-th poll does.
pub(crate) enum Turn {
    /// Is pending; its waker is kept in the job.
    Sleep,
    Panic,
    Done,
}

/// This is work that is told what each poll does.
#[derive(Default)]
pub(crate) struct Job {
    pub(crate) polls: AtomicUsize,
    pub(crate) waker: Mutex<Option<Waker>>,
}

impl Job {
    /// Takes one turn in each poll, and returns `value` when it is done.
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
            match turns.next().expect("it is not polled after the last turn") {
                Sleep => *job.waker.lock().unwrap() = Some(cx.waker().clone()),
                Panic => panic(),
                Done => return Poll::Ready(value.take().unwrap()),
            }
            Poll::Pending
        })
    }

    /// Makes a caller that would run this job.
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

    /// Wakes the future, which has to sleep.
    pub(crate) fn wake(&self) {
        let waker = self.waker.lock().unwrap().take();
        waker.expect("the future sleeps").wake();
    }
}
