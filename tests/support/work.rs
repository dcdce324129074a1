//! The closures and futures that the calls of the oracle run. They follow orders and keep a log.

use smartasync::{Cancelled, SmartLock, SmartLockMap};
use std::future::{poll_fn, ready};
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

/// The places where calls meet. Place 0 is a lock, and the other places are keys of a map.
#[derive(Default)]
pub(crate) struct Places {
    pub(crate) lock: SmartLock<usize>,
    pub(crate) map: SmartLockMap<usize, usize>,
    /// The work that was started or polled, in order.
    pub(crate) log: Mutex<Vec<Logged>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Logged {
    Started(usize),
    Polled(usize),
}

/// The function that makes a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Once,
    Shared,
}

/// What a future has to do in its next poll.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Suspend,
    /// Suspend and wake itself.
    Yield,
    Finish,
    Panic,
    /// Panic. If the closure was not called yet, it panics instead of the future.
    PanicInClosure,
    /// Reset its own place and suspend.
    Reset,
    /// Make a call on its own place, poll it once, drop it and suspend.
    Call(Kind),
}

pub(crate) type Result = std::result::Result<usize, Cancelled>;
pub(crate) type BoxCall<'a> = Pin<Box<dyn Future<Output = Result> + 'a>>;

impl Places {
    /// Makes a call that runs `work`.
    pub(crate) fn call(self: &Arc<Self>, kind: Kind, work: &Arc<Work>) -> BoxCall<'_> {
        let (place, running) = (
            work.place,
            Running {
                work: work.clone(),
                places: self.clone(),
            },
        );
        let run = move || running.run();
        match (place, kind) {
            (0, Kind::Once) => Box::pin(self.lock.run_once(run)),
            (0, Kind::Shared) => Box::pin(self.lock.run_shared(run)),
            (key, Kind::Once) => Box::pin(self.map.run_once(key, run)),
            (key, Kind::Shared) => Box::pin(self.map.run_shared(key, run)),
        }
    }

    pub(crate) fn reset(&self, place: usize) {
        if place == 0 {
            self.lock.reset()
        } else {
            self.map.reset(&place)
        }
    }

    /// Makes a call whose run is ready at once with `value`, and returns the result of its first
    /// poll.
    fn poll_a_call(&self, place: usize, kind: Kind, value: usize) -> Poll<Result> {
        let mut cx = Context::from_waker(Waker::noop());
        let run = || ready(value);
        match (place, kind) {
            (0, Kind::Once) => pin!(self.lock.run_once(run)).poll(&mut cx),
            (0, Kind::Shared) => pin!(self.lock.run_shared(run)).poll(&mut cx),
            (key, Kind::Once) => pin!(self.map.run_once(key, run)).poll(&mut cx),
            (key, Kind::Shared) => pin!(self.map.run_shared(key, run)).poll(&mut cx),
        }
    }
}

/// The work of one call.
pub(crate) struct Work {
    pub(crate) id: usize,
    pub(crate) place: usize,
    pub(crate) order: Mutex<Order>,
    /// Whether its closure or its future exists.
    pub(crate) alive: AtomicBool,
    /// The waker of its last poll.
    pub(crate) waker: Mutex<Option<Waker>>,
    /// The result of the call that it was ordered to make.
    pub(crate) inner: Mutex<Option<Poll<Result>>>,
}

impl Work {
    pub(crate) fn new(id: usize, place: usize) -> Arc<Self> {
        let order = Mutex::new(Order::Suspend);
        Arc::new(Self {
            id,
            place,
            order,
            alive: AtomicBool::new(true),
            waker: Mutex::default(),
            inner: Mutex::default(),
        })
    }
}

/// The closure of a work, and later its future.
struct Running {
    work: Arc<Work>,
    places: Arc<Places>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.work.alive.store(false, Relaxed);
    }
}

impl Running {
    fn log(&self, what: Logged) {
        self.places.log.lock().unwrap().push(what);
    }

    fn run(self) -> impl Future<Output = usize> + Send {
        self.log(Logged::Started(self.work.id));
        if *self.work.order.lock().unwrap() == Order::PanicInClosure {
            resume_unwind(Box::new("as ordered"));
        }
        poll_fn(move |cx| self.poll(cx))
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<usize> {
        let work = &*self.work;
        self.log(Logged::Polled(work.id));
        let stale = work.waker.lock().unwrap().replace(cx.waker().clone());
        drop(stale);
        let order = *work.order.lock().unwrap();
        match order {
            Order::Suspend => {}
            Order::Yield => cx.waker().wake_by_ref(),
            Order::Finish => return Poll::Ready(work.id),
            // This does not call the panic hook, which would print the panic.
            Order::Panic | Order::PanicInClosure => resume_unwind(Box::new("as ordered")),
            Order::Reset => self.places.reset(work.place),
            Order::Call(kind) => {
                *work.inner.lock().unwrap() =
                    Some(self.places.poll_a_call(work.place, kind, INNER + work.id))
            }
        }
        Poll::Pending
    }
}

/// A call from inside a work gives the id of the work plus this number, if the call leads.
pub(crate) const INNER: usize = 1_000_000;
