//! A lock whose runs wait for a gate.

use super::gate::Gate;
use super::kind::Kind;
use smartasync::{Cancelled, SmartLock};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

/// A call that can be moved to another thread.
pub(crate) type SendCall = Pin<Box<dyn Future<Output = Result<usize, Cancelled>> + Send>>;

/// A lock that is never freed. Each run of a caller counts itself, waits for the gate and gives 1.
pub(crate) struct GatedLock {
    pub(crate) lock: &'static SmartLock<usize>,
    pub(crate) kind: Kind,
    pub(crate) gate: Gate,
    runs: Arc<AtomicUsize>,
}

impl GatedLock {
    /// Makes a lock whose callers use the function of this kind.
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            lock: Box::leak(Box::default()),
            kind,
            gate: Gate::default(),
            runs: Arc::default(),
        }
    }

    /// Makes a call that is not polled yet.
    pub(crate) fn call(&self) -> SendCall {
        let (lock, gate, runs) = (self.lock, self.gate.clone(), self.runs.clone());
        let run = move || async move {
            runs.fetch_add(1, Relaxed);
            gate.await;
            1
        };
        match self.kind {
            Kind::Once => Box::pin(lock.run_once(run)),
            Kind::Shared => Box::pin(lock.run_shared(run)),
        }
    }

    /// Makes `n` calls that are not polled yet.
    pub(crate) fn calls(&self, n: usize) -> Vec<SendCall> {
        (0..n).map(|_| self.call()).collect()
    }

    /// Blocks until the lock has `n` followers.
    pub(crate) fn until_followed_by(&self, n: usize) {
        while self.lock.waiters() < n {
            thread::yield_now();
        }
    }

    /// Asserts that all callers shared one run, and that the lock is idle.
    pub(crate) fn assert_one_run(&self) {
        assert_eq!(self.runs.load(Relaxed), 1);
        assert_eq!((self.lock.is_running(), self.lock.waiters()), (false, 0));
    }
}
