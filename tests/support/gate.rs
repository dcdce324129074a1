//! A future that another thread makes ready.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

/// A future that is ready once the gate was opened.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<GateState>);

#[derive(Default)]
struct GateState {
    inside: Mutex<(bool, Option<Waker>)>,
    polled: Condvar,
}

impl Gate {
    /// Opens the gate and wakes its awaiter.
    pub(crate) fn open(&self) {
        let waker = {
            let mut inside = self.0.inside.lock().unwrap();
            inside.0 = true;
            inside.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether the gate, which is not open yet, is awaited.
    pub(crate) fn is_awaited(&self) -> bool {
        self.0.inside.lock().unwrap().1.is_some()
    }

    /// Blocks until the gate is awaited. Returns a clone of the awaiter's waker.
    pub(crate) fn until_awaited(&self) -> Waker {
        let inside = self
            .0
            .polled
            .wait_while(self.0.inside.lock().unwrap(), |inside| inside.1.is_none())
            .unwrap();
        inside.1.clone().unwrap()
    }

    /// Starts a thread that opens the gate as soon as it is awaited.
    pub(crate) fn open_once_awaited(&self) -> thread::JoinHandle<()> {
        let opener = self.clone();
        thread::spawn(move || {
            opener.until_awaited();
            opener.open();
        })
    }
}

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut inside = self.0.inside.lock().unwrap();
        if inside.0 {
            return Poll::Ready(());
        }
        inside.1 = Some(cx.waker().clone());
        self.0.polled.notify_all();
        Poll::Pending
    }
}
