//! The waker of a shared future: it wakes the callers of the flight.
//!
//! Each caller of the flight may drive the future: the caller takes the future out, polls it while
//! the mutex is free, and parks it again. The future's waker wakes all callers of the flight, so the
//! flight goes on as long as any of its callers is polled. A woken caller drives only if the future
//! was woken since its last poll began. So only the first of many woken callers polls the future.
//!
//! While the future is out, the notifier wakes no caller. Its driver does, when it parks the future.
//! So no caller's waker runs inside the future's own poll.
//!
//! No wake-up is lost. The mutex of the notifier puts each wake-up of the future before or after the
//! registration of a caller:
//!
//! 1. The future is woken before the caller registers. If the future is parked, the caller finds
//!    `woken` set, and drives. If the future is out, its driver finds `woken` set when it parks the
//!    future, and wakes all registered callers.
//! 2. The future is woken after the caller has registered. If the future is parked, the notifier
//!    wakes the caller. If the future is out, its driver does so when it parks the future.

use super::SeatId;
use crate::sync::panics::Panics;
use crate::sync::{Arc, Mutex};
use core::task::Waker;
use std::task::Wake;
use std::vec::Vec;

pub(crate) struct Notifier {
    /// This mutex is locked alone, or while the mutex of the lock is held.
    pub(super) signal: Mutex<Signal>,
}

pub(super) struct Signal {
    /// Whether the future was woken since its last poll began.
    pub(super) woken: bool,
    /// Whether a driver polls the future now.
    pub(super) out: bool,
    /// The wakers of the registered callers, by seat.
    pub(super) wakers: Vec<Option<Waker>>,
}

impl Signal {
    /// Returns the place for the waker of a caller.
    pub(super) fn waker(&mut self, SeatId(seat): SeatId) -> &mut Option<Waker> {
        let seat = seat as usize;
        if self.wakers.len() <= seat {
            self.wakers.resize_with(seat + 1, || None);
        }
        &mut self.wakers[seat]
    }

    /// Takes the wakers of the callers to wake: all of them if the future was woken and is parked.
    pub(super) fn to_wake(&mut self) -> Vec<Waker> {
        if self.woken && !self.out {
            self.wakers.iter_mut().filter_map(Option::take).collect()
        } else {
            Vec::new()
        }
    }
}

impl Notifier {
    /// Makes the notifier of a future whose first poll begins.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            signal: Mutex::new(Signal {
                woken: false,
                out: true,
                wakers: Vec::new(),
            }),
        })
    }
}

impl Wake for Notifier {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let wakers = {
            let mut signal = self.signal.lock();
            signal.woken = true;
            signal.to_wake()
        };
        let mut panics = Panics::default();
        panics.wake_all(wakers);
        panics.resume();
    }
}
