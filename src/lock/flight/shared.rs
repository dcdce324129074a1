//! The future of a shared flight, which the lock owns.
//!
//! Whoever takes part may drive it: takes it out, polls it with the lock free, and puts it back.
//! Its waker is a [`Notifier`], which wakes all who take part, so that no one of them is needed for
//! the others to get on. A woken participant drives only if the future was woken since
//! its last poll; of many that were woken, one polls it.
//!
//! No wake-up is lost. A participant registers its waker and then looks at the lock once more. If
//! the future was woken before it registered, it finds `since_poll` set, and drives; or it finds
//! the future with another driver, who puts it back later, finds `since_poll` set, and
//! wakes all who are registered. If the future is woken after it registered, it is woken, or its
//! driver finds that when it puts it back: while the future is out, waking it wakes nobody, so that
//! no participant's waker runs inside the future's own poll.

use super::{Aftermath, Due, FlightId, Flights, Seat, SeatId, Unwanted};
use crate::lock::stack::StackToken;
use crate::sync::panics::Panics;
use crate::sync::{Arc, Mutex};
use core::mem;
use core::pin::Pin;
use std::boxed::Box;
use std::task::{Wake, Waker};
use std::vec::Vec;

/// What a shared flight flies.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The current flight's future, if it is a shared flight.
pub(super) enum Shared<T> {
    /// The flight is led by a caller that owns its future.
    None,
    /// Nobody polls it.
    Parked {
        future: BoxFuture<T>,
        notifier: Arc<Notifier>,
    },
    /// Somebody polls it.
    Out { notifier: Arc<Notifier> },
}

/// A future that was taken out to be driven.
pub(crate) struct Drive<T> {
    pub(crate) seat: SeatId,
    pub(crate) flight: FlightId,
    pub(crate) future: BoxFuture<T>,
    pub(crate) notifier: Arc<Notifier>,
}

impl<T> Flights<T> {
    /// The leader of `flight` has made a future for all: it takes a seat itself, and drives first.
    /// Those who wait already are woken, to register with the notifier.
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
            // `reset` was called while the future was made: its maker keeps it, and is woken by the
            // notifier alone.
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

    /// Who waits in a shared flight registers here.
    pub(super) fn notifier(&self) -> Option<Arc<Notifier>> {
        match &self.shared {
            Shared::None => None,
            Shared::Parked { notifier, .. } | Shared::Out { notifier } => Some(notifier.clone()),
        }
    }

    /// Takes the future out to be driven on `thread`, if it has been woken.
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

    /// The last caller of a shared flight has left: ends the flight, and returns its future.
    pub(super) fn end_unattended(&mut self) -> Option<Shared<T>> {
        if !matches!(self.shared, Shared::Parked { .. }) {
            return None;
        }
        self.led = false;
        self.driver = None;
        Some(mem::replace(&mut self.shared, Shared::None))
    }

    /// Puts a future back that is not ready. Returns whom to wake, because it was woken meanwhile.
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

    /// The future that `seat` drove is ready, or `lost` in a panic: the flight ends. Returns whom
    /// it serves too, unless it was reset meanwhile.
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

    /// `reset` leaves the future with the caller that drove it last, and wakes that too. If that
    /// caller is gone, the future is unwanted.
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

    /// A participant leaves its seat: takes its waker from the notifier.
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

/// The wakers of those who take part, by seat.
#[derive(Default)]
struct Registry(Vec<Option<Waker>>);

impl Registry {
    fn get(&self, seat: SeatId) -> Option<&Waker> {
        self.0.get(seat.index())?.as_ref()
    }

    /// Puts a waker in, and returns what was in its place.
    fn put(&mut self, seat: SeatId, waker: Waker) -> Option<Waker> {
        if self.0.len() <= seat.index() {
            self.0.resize_with(seat.index() + 1, || None);
        }
        self.0[seat.index()].replace(waker)
    }

    fn take(&mut self, seat: SeatId) -> Option<Waker> {
        self.0.get_mut(seat.index())?.take()
    }

    /// Takes all, in the order of their seats, and keeps the room for the next ones.
    fn take_all(&mut self) -> Vec<Waker> {
        self.0.iter_mut().filter_map(Option::take).collect()
    }
}

/// The waker of a shared flight's future.
pub(crate) struct Notifier {
    /// Protects both, so that a wake-up falls either before or after a registration.
    woken: Mutex<Woken>,
}

struct Woken {
    /// The future was woken since its last poll began.
    since_poll: bool,
    /// It is being polled.
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

    /// Says whether the future has to be polled.
    pub(crate) fn was_woken(&self) -> bool {
        self.woken.lock().since_poll
    }

    /// A poll begins: a wake-up from now on asks for another one.
    pub(crate) fn begin_poll(&self) {
        let mut woken = self.woken.lock();
        woken.since_poll = false;
        woken.out = true;
    }

    /// A poll has ended, and the future is put back. Returns whom to wake, because it was woken
    /// meanwhile.
    fn end_poll(&self) -> Vec<Waker> {
        let mut woken = self.woken.lock();
        woken.out = false;
        if woken.since_poll {
            woken.wakers.take_all()
        } else {
            Vec::new()
        }
    }

    /// Has `own` woken with the future. User code, so no lock may be held.
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

    /// The flight is over, or left to one driver: nobody else is to be woken. The wakers are to be
    /// dropped when no mutex is held.
    fn forget_all_but(&self, driver: Option<SeatId>) -> Vec<Option<Waker>> {
        let mut woken = self.woken.lock();
        let mut all = mem::take(&mut woken.wakers);
        if let Some(driver) = driver {
            if let Some(own) = all.take(driver) {
                // Nothing is in its place.
                mem::forget(woken.wakers.put(driver, own));
            }
        }
        all.0
    }

    /// Wakes all who take part, unless the future is out: then its driver does.
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
