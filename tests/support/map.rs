//! Calls on maps of locks, polled by hand.

use super::shared::Caller;
use smartasync::SmartLockMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// This is a map for ever.
pub(crate) type Map = &'static SmartLockMap<String, usize>;

/// Makes a map for ever.
pub(crate) fn leaked() -> Map {
    Box::leak(Box::default())
}

/// This future is in the hands of its test: pending until it has a value.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<(Option<usize>, Option<Waker>)>>);

impl Gate {
    /// Is pending until the gate has a value.
    pub(crate) fn run(&self) -> impl Future<Output = usize> + Send + use<> {
        let gate = self.0.clone();
        poll_fn(move |cx| {
            let mut gate = gate.lock().unwrap();
            gate.1 = Some(cx.waker().clone());
            gate.0.map_or(Poll::Pending, Poll::Ready)
        })
    }

    /// Gives the gate its value, and wakes the future, which has to wait.
    pub(crate) fn open(&self, value: usize) {
        let waker = {
            let mut gate = self.0.lock().unwrap();
            gate.0 = Some(value);
            gate.1.take()
        };
        waker.expect("the future waits").wake();
    }

    /// Makes a caller that would run this gate's future.
    pub(crate) fn caller(&self, map: Map, key: &str, kind: Kind) -> Caller {
        let run = self.run();
        match kind {
            Kind::Once => Caller::new(map.run_once(key.to_owned(), || run)),
            Kind::Shared => Caller::new(map.run_shared(key.to_owned(), || run)),
        }
    }
}

/// This is the kind of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Once,
    Shared,
}

/// These are all kinds of calls.
pub(crate) const KINDS: [Kind; 2] = [Kind::Once, Kind::Shared];

/// Makes a call that must never lead.
pub(crate) fn bystander(map: Map, key: &str, kind: Kind) -> Caller {
    match kind {
        Kind::Once => {
            Caller::new(map.run_once(key.to_owned(), || async { unreachable!("it never leads") }))
        }
        Kind::Shared => {
            Caller::new(map.run_shared(key.to_owned(), || async { unreachable!("it never leads") }))
        }
    }
}
