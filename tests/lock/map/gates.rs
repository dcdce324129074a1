//! Calls on maps of locks that are polled by hand.

use crate::shared::jobs::Caller;
use crate::support::kind::Kind;
use smartasync::SmartLockMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// A map that is never freed.
pub(crate) type Map = &'static SmartLockMap<String, usize>;

/// Makes a map that is never freed.
pub(crate) fn leaked() -> Map {
    Box::leak(Box::default())
}

/// A gate for runs. They are pending until the test gives the gate a value.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<(Option<usize>, Option<Waker>)>>);

impl Gate {
    /// A run that waits for the value of the gate.
    pub(crate) fn run(&self) -> impl Future<Output = usize> + Send + use<> {
        let gate = self.0.clone();
        poll_fn(move |cx| {
            let mut gate = gate.lock().unwrap();
            gate.1 = Some(cx.waker().clone());
            gate.0.map_or(Poll::Pending, Poll::Ready)
        })
    }

    /// Gives the gate its value and wakes the run, which has to be waiting.
    pub(crate) fn open(&self, value: usize) {
        let waker = {
            let mut gate = self.0.lock().unwrap();
            gate.0 = Some(value);
            gate.1.take()
        };
        waker.expect("a run waits").wake();
    }

    /// Makes a caller whose run waits for this gate.
    pub(crate) fn caller(&self, map: Map, key: &str, kind: Kind) -> Caller {
        let run = self.run();
        match kind {
            Kind::Once => Caller::new(map.run_once(key.to_owned(), || run)),
            Kind::Shared => Caller::new(map.run_shared(key.to_owned(), || run)),
        }
    }
}

/// Makes a call that must never lead.
pub(crate) fn bystander(map: Map, key: &str, kind: Kind) -> Caller {
    match kind {
        Kind::Once => Caller::new(map.run_once(key.to_owned(), || async {
            unreachable!("this call never leads")
        })),
        Kind::Shared => Caller::new(map.run_shared(key.to_owned(), || async {
            unreachable!("this call never leads")
        })),
    }
}
