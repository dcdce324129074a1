//! The future of a shared flight. The lock owns this future.
//!
//! Each caller of the flight may drive the future: the caller takes the future out, polls it while
//! the mutex is free, and puts it back. The future's waker is a [`Notifier`], which wakes all
//! callers of the flight. So the flight goes on as long as any of its callers is polled. A woken
//! caller drives only if the future was woken since its last poll began. So only the first of many
//! woken callers polls the future.
//!
//! While the future is out, its driver polls it. If the future is woken then, the notifier only
//! sets `since_poll`, and the driver wakes the callers when it puts the future back. So no caller's
//! waker runs inside the future's own poll.
//!
//! No wake-up is lost. A caller registers its waker and then asks the lock once more. There are two
//! cases:
//!
//! 1. The future is woken before the caller registers. Then the caller finds `since_poll` set. If
//!    the future is parked, the caller drives. If the future is out, its driver finds `since_poll`
//!    set when it puts the future back, and wakes all registered callers.
//! 2. The future is woken after the caller has registered. If the future is parked, the notifier
//!    wakes the caller. If the future is out, its driver does so when it puts the future back.

use super::{Aftermath, Due, FlightId, Flights, Seat, SeatId, Unwanted};
use crate::lock::stack::StackToken;
use crate::sync::panics::Panics;
use crate::sync::{Arc, Mutex};
use core::mem;
use core::pin::Pin;
use std::boxed::Box;
use std::task::{Wake, Waker};
use std::vec::Vec;

/// The future of a shared flight, in a box.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The future of the current flight, if this is a shared flight.
pub(super) enum Shared<T> {
    /// The lock owns no future: the leader owns its own future, or there is no flight.
    None,
    /// The lock holds the future. No caller polls it now.
    Parked {
        future: BoxFuture<T>,
        notifier: Arc<Notifier>,
    },
    /// The driver has taken the future out and polls it.
    Out { notifier: Arc<Notifier> },
}

/// A shared future that its driver has taken out.
pub(crate) struct Drive<T> {
    pub(crate) seat: SeatId,
    pub(crate) flight: FlightId,
    pub(crate) future: BoxFuture<T>,
    pub(crate) notifier: Arc<Notifier>,
}

impl<T> Flights<T> {
    /// Turns `flight` into a shared flight that runs `future`.
    ///
    /// The leader takes a seat and becomes the first driver. The followers that wait already are
    /// woken, so that they register with the notifier.
    pub(crate) fn share(
        &mut self,
        flight: FlightId,
        future: BoxFuture<T>,
        waker: Waker,
    ) -> (Drive<T>, Aftermath<T>) {
        let notifier = Arc::new(Notifier::new());
        let mut after = Aftermath::NOTHING;
        let seat = if self.is_current(flight) {
            self.for_each_waiting(|_, seat| after.wakers.extend(seat.take_waker()));
            let seat = self.seat(waker);
            self.shared = Shared::Out {
                notifier: notifier.clone(),
            };
            self.driver = Some(seat);
            seat
        } else {
            // `reset` was called while the closure made the future. The leader keeps the future for
            // itself, and only the notifier wakes the leader.
            after.unwanted.waker = Some(waker);
            self.occupy(Seat::Loose {
                future: None,
                notifier: notifier.clone(),
            })
        };
        (
            Drive {
                seat,
                flight,
                future,
                notifier,
            },
            after,
        )
    }

    /// Returns the notifier of a shared flight, where its callers register their wakers.
    pub(super) fn notifier(&self) -> Option<Arc<Notifier>> {
        match &self.shared {
            Shared::None => None,
            Shared::Parked { notifier, .. } | Shared::Out { notifier } => Some(notifier.clone()),
        }
    }

    /// Takes the shared future out, if it was woken: the caller in `seat` drives it on `thread`.
    pub(super) fn take_shared(&mut self, seat: SeatId, thread: StackToken) -> Option<Drive<T>> {
        let flight = FlightId(self.flight);
        match mem::replace(&mut self.shared, Shared::None) {
            Shared::Parked { future, notifier } if notifier.was_woken() => {
                self.shared = Shared::Out {
                    notifier: notifier.clone(),
                };
                self.driver = Some(seat);
                self.polling = Some(thread);
                Some(Drive {
                    seat,
                    flight,
                    future,
                    notifier,
                })
            }
            shared => {
                self.shared = shared;
                None
            }
        }
    }

    /// Ends a shared flight that has no callers any more, and returns its future.
    pub(super) fn end_unattended(&mut self) -> Option<Shared<T>> {
        if !matches!(self.shared, Shared::Parked { .. }) {
            return None;
        }
        self.led = false;
        self.driver = None;
        Some(mem::replace(&mut self.shared, Shared::None))
    }

    /// Puts back a future that is not ready. If the future was woken during its poll, this returns
    /// the wakers of the registered callers, which have to be woken.
    pub(crate) fn put_back_shared(&mut self, drive: Drive<T>) -> Vec<Waker> {
        let Drive {
            seat,
            flight,
            future,
            notifier,
        } = drive;
        let woken = notifier.end_poll();
        if let Seat::Loose { future: place, .. } = &mut self.seats[seat.index()] {
            *place = Some(future);
        } else if self.is_current(flight) {
            self.polling = None;
            self.shared = Shared::Parked { future, notifier };
        }
        woken
    }

    /// Ends a shared flight, because the future that `seat` drove is ready, or was `lost` in a
    /// panic.
    ///
    /// If the future is ready, this returns the followers that get a clone of its value. After a
    /// `reset` there are no such followers.
    pub(crate) fn end_shared(
        &mut self,
        seat: SeatId,
        flight: FlightId,
        lost: bool,
    ) -> (Option<Due>, Aftermath<T>) {
        let (mut due, mut after) = (None, Aftermath::NOTHING);
        if !matches!(self.seats[seat.index()], Seat::Loose { .. }) {
            self.unlink(seat);
            self.driver = None;
            let shared = mem::replace(&mut self.shared, Shared::None);
            if let Shared::Parked { notifier, .. } | Shared::Out { notifier } = &shared {
                after.unwanted.wakers = notifier.forget_all_but(None);
            }
            after.unwanted.shared = Some(shared);
            if lost {
                after.next = self.lose_leader(flight);
            } else {
                due = self.complete(flight);
            }
        }
        after.unwanted.seat = Some(self.vacate(seat));
        (due, after)
    }

    /// Separates the shared future from the lock, for `reset`.
    ///
    /// The driver keeps the future, and its waker is added to `wakers`. If the driver is gone, the
    /// future is unwanted.
    pub(super) fn cut_loose(&mut self, wakers: &mut Vec<Waker>) -> Unwanted<T> {
        let mut unwanted = Unwanted::NOTHING;
        let Some(driver) = self.driver.take() else {
            unwanted.shared = Some(mem::replace(&mut self.shared, Shared::None));
            return unwanted;
        };
        let (future, notifier) = match mem::replace(&mut self.shared, Shared::None) {
            Shared::None => return unwanted,
            Shared::Parked { future, notifier } => (Some(future), notifier),
            Shared::Out { notifier } => (None, notifier),
        };
        unwanted.wakers = notifier.forget_all_but(Some(driver));
        self.unlink(driver);
        wakers.extend(
            mem::replace(
                &mut self.seats[driver.index()],
                Seat::Loose { future, notifier },
            )
            .take_waker(),
        );
        unwanted
    }

    /// Takes the waker of `seat` out of the notifier, because the caller leaves its seat.
    pub(super) fn unregister(&mut self, seat: SeatId) -> Option<Waker> {
        if self.driver == Some(seat) {
            self.driver = None;
        }
        match &self.shared {
            Shared::None => None,
            Shared::Parked { notifier, .. } | Shared::Out { notifier } => notifier.unregister(seat),
        }
    }
}

/// The wakers of the callers of a shared flight, by seat.
#[derive(Default)]
struct Registry(Vec<Option<Waker>>);

impl Registry {
    fn get(&self, seat: SeatId) -> Option<&Waker> {
        self.0.get(seat.index())?.as_ref()
    }

    /// Stores the waker of `seat`, and returns the waker that it replaces.
    fn put(&mut self, seat: SeatId, waker: Waker) -> Option<Waker> {
        if self.0.len() <= seat.index() {
            self.0.resize_with(seat.index() + 1, || None);
        }
        self.0[seat.index()].replace(waker)
    }

    fn take(&mut self, seat: SeatId) -> Option<Waker> {
        self.0.get_mut(seat.index())?.take()
    }

    /// Takes all wakers, in the order of their seats. The registry keeps its memory.
    fn take_all(&mut self) -> Vec<Waker> {
        self.0.iter_mut().filter_map(Option::take).collect()
    }
}

/// The waker of a shared flight's future.
pub(crate) struct Notifier {
    /// The mutex protects the flags and the wakers together, so a wake-up comes either before or
    /// after a registration.
    woken: Mutex<Woken>,
}

struct Woken {
    /// Whether the future was woken since its last poll began. A new future counts as woken.
    since_poll: bool,
    /// Whether the driver polls the future now.
    out: bool,
    wakers: Registry,
}

impl Notifier {
    fn new() -> Self {
        Self {
            woken: Mutex::new(Woken {
                since_poll: true,
                out: false,
                wakers: Registry::default(),
            }),
        }
    }

    /// Returns whether the future has to be polled.
    pub(crate) fn was_woken(&self) -> bool {
        self.woken.lock().since_poll
    }

    /// Records that a poll begins. A wake-up from now on asks for another poll.
    pub(crate) fn begin_poll(&self) {
        let mut woken = self.woken.lock();
        woken.since_poll = false;
        woken.out = true;
    }

    /// Records that a poll has ended. If the future was woken during the poll, this returns the
    /// wakers of all registered callers.
    fn end_poll(&self) -> Vec<Waker> {
        let mut woken = self.woken.lock();
        woken.out = false;
        if woken.since_poll {
            woken.wakers.take_all()
        } else {
            Vec::new()
        }
    }

    /// Registers `own`, so that a wake-up of the future wakes the caller in `seat`.
    ///
    /// The clone and the destructor of a waker are user code, so the caller must hold no lock.
    pub(crate) fn register(&self, seat: SeatId, own: &Waker) {
        if self
            .woken
            .lock()
            .wakers
            .get(seat)
            .is_some_and(|known| known.will_wake(own))
        {
            return;
        }
        let fresh = own.clone();
        let stale = self.woken.lock().wakers.put(seat, fresh);
        drop(stale);
    }

    fn unregister(&self, seat: SeatId) -> Option<Waker> {
        self.woken.lock().wakers.take(seat)
    }

    /// Removes all wakers except the waker of `driver`, because the flight has ended, or because
    /// `reset` leaves the future to its driver. The caller must drop the returned wakers while it
    /// holds no mutex.
    fn forget_all_but(&self, driver: Option<SeatId>) -> Vec<Option<Waker>> {
        let mut woken = self.woken.lock();
        let mut all = mem::take(&mut woken.wakers);
        if let Some(driver) = driver {
            if let Some(own) = all.take(driver) {
                // The registry is empty, so `put` returns `None`.
                mem::forget(woken.wakers.put(driver, own));
            }
        }
        all.0
    }

    /// Wakes all registered callers. If the future is out, its driver wakes them when it puts the
    /// future back.
    fn wake_all(&self) {
        let wakers = {
            let mut woken = self.woken.lock();
            woken.since_poll = true;
            if woken.out {
                Vec::new()
            } else {
                woken.wakers.take_all()
            }
        };
        let mut panics = Panics::default();
        panics.wake_all(wakers);
        panics.resume();
    }
}

impl Wake for Notifier {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}
