//! What a [`SmartLock`](crate::SmartLock) knows under its mutex: the flight, its leader, and the
//! seats of the other callers.
//!
//! The caller of these functions holds the lock's mutex. No function here runs user code. Instead,
//! the functions return the wakers to wake and the values to clone or drop, for example as an
//! [`Aftermath`]. The caller wakes, clones and drops after it has released the mutex.
//!
//! A flight begins when a caller leads, and ends with its leader:
//!
//! | event                                | the flight        | the followers                     |
//! |--------------------------------------|-------------------|-----------------------------------|
//! | a caller is polled, without a leader | begins            | those of a lost leader stay       |
//! | a caller is polled, with a leader    | goes on           | the caller joins them             |
//! | the leader is done                   | ends              | all are due: each gets a clone    |
//! | the leader is dropped or panics      | ends              | all wait; one is woken to lead    |
//! | `reset`                              | ends for the lock | all are cancelled                 |
//!
//! A shared flight has a future that the lock owns. A caller that drives this future leads for the
//! length of one poll. If the future is pending, the driver parks it in the lock, and takes a seat.
//! Each caller of a shared flight has a second waker in the future's notifier.
//!
//! INVARIANT: if there is no leader and followers wait, then the lock has woken at least one of them,
//! which was not polled since. Or the thread that took the leader or that follower away has not
//! called [`State::choose`] yet.

use crate::lock::cancelled::{Cancelled, Cause};
use crate::lock::stack::StackToken;
use crate::sync::Arc;
use crate::sync::panics::Panics;
use core::iter;
use core::mem;
use core::pin::Pin;
use core::task::Waker;
use seats::{Seat, Seats};
use std::boxed::Box;
use std::vec::Vec;

mod notifier;
mod seats;

pub(crate) use notifier::Notifier;
pub(crate) use seats::SeatId;

/// The future of a shared flight, in a box.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Names a flight. A leader whose flight is not the current flight any more has no followers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FlightId(u64);

impl FlightId {
    /// Stands for the flight of a detached future, which is never the current flight.
    const OVER: Self = Self(0);
}

/// The flight of a leader. This is `None` if the leader was alone when it last used the lock. The
/// flight of a lone leader gets a number when another caller seizes the lead.
pub(crate) type Leader = Option<FlightId>;

/// The role of a call in its lock.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    /// The call has no seat and does not lead: it was not polled yet, or its lock was closed.
    Fresh,
    /// The call has this seat. The driver of a shared future has a seat too.
    Follower(SeatId),
    /// The call runs its own future.
    Leader(Leader),
    /// The call has returned its output, or has lost the output in a panic.
    Ended,
}

/// The future of a shared flight.
struct Shared<T> {
    /// This is `None` while a driver polls the future.
    future: Option<BoxFuture<T>>,
    notifier: Arc<Notifier>,
}

/// The state of a lock.
pub(crate) struct State<T> {
    /// The number of the last flight.
    last: u64,
    /// The current flight, if it has a leader or a shared future.
    flight: Option<FlightId>,
    /// The flight of a lone leader whose word was seized, until this leader learns the number.
    lone: Option<FlightId>,
    /// The thread, and the level of its stack, that polls the leader or the shared future now.
    polling: Option<StackToken>,
    /// The future of a shared flight, after its first poll.
    shared: Option<Shared<T>>,
    /// The seat of the caller that drove the shared future last. While the future is polled, its
    /// driver has no seat.
    driver: Option<SeatId>,
    /// The follower that was woken to lead, until a caller leads.
    chosen: Option<SeatId>,
    seats: Seats<T>,
    /// How often `reset` was called.
    resets: u64,
    /// Whether the map has removed this lock. A call without a seat then looks up its key again.
    closed: bool,
}

/// The caller that is polled.
pub(crate) struct Caller<'c> {
    /// The caller's role before [`State::admit`], and after it.
    pub(crate) role: &'c mut Role,
    pub(crate) thread: StackToken,
    /// The waker of the caller.
    pub(crate) own: &'c Waker,
    /// Whether the caller still has its closure.
    pub(crate) can_lead: bool,
}

/// The wakers of a polled caller. What is left of them is dropped while no lock is held, one at a
/// time: each destructor is user code, and may panic.
pub(crate) struct Wakers<T> {
    /// Clones of the caller's waker, if there are any: for the seat, and for the notifier of a
    /// shared flight. A clone that is used leaves the waker that it replaces.
    clones: [Option<Waker>; 2],
    /// The seat that the caller has left.
    left: Option<Left<T>>,
}

/// A seat that its caller has left, and the waker that the caller had in the notifier.
type Left<T> = (Seat<T>, Option<Waker>);

impl<T> Wakers<T> {
    pub(crate) const fn new(clones: [Option<Waker>; 2]) -> Self {
        Self { clones, left: None }
    }
}

impl<T> Drop for Wakers<T> {
    #[inline]
    fn drop(&mut self) {
        // Otherwise there is one waker at most, which needs no care.
        if self.left.is_some() || self.clones.iter().all(Option::is_some) {
            self.drop_each();
        }
    }
}

impl<T> Wakers<T> {
    #[inline(never)]
    fn drop_each(&mut self) {
        let (seat, registered) = self.left.take().unzip();
        let [own, to_register] = mem::take(&mut self.clones);
        let mut panics = Panics::default();
        panics.drop_value(seat);
        for waker in [registered.flatten(), own, to_register] {
            panics.drop_value(waker);
        }
        panics.resume();
    }
}

/// Replaces a waker, unless it already wakes the caller. Returns `false` if this needs a clone of
/// the caller's waker.
fn renew(known: &mut Option<Waker>, own: &Waker, clone: &mut Option<Waker>) -> bool {
    let is_known = known.as_ref().is_some_and(|known| known.will_wake(own));
    if !is_known && clone.is_some() {
        mem::swap(known, clone);
        return true;
    }
    is_known
}

/// What a polled caller does next.
pub(crate) enum Next<T> {
    /// The caller leads this flight. The lock has recorded that the caller's thread polls it.
    Lead(FlightId),
    /// The caller polls this shared future, and leads its flight meanwhile.
    Drive(FlightId, BoxFuture<T>, Arc<Notifier>),
    /// The caller waits in its seat.
    Wait,
    /// The caller has to wait in its seat, and must come back with two clones of its waker.
    BringWakers,
    /// The call ends with this result.
    End(Result<T, Cancelled>),
    /// The map has removed the lock.
    Closed,
}

impl<T> Next<T> {
    /// The caller waits, if the lock knows its latest waker.
    fn wait(knows_waker: bool) -> Self {
        if knows_waker {
            Self::Wait
        } else {
            Self::BringWakers
        }
    }
}

/// The followers of a leader that is done. Each of them gets a clone of its value.
pub(crate) struct Audience {
    pub(crate) seats: Vec<SeatId>,
    resets: u64,
}

/// What the caller has to do after it has released the mutex.
pub(crate) struct Aftermath<T> {
    /// The wakers to wake.
    wake: Vec<Waker>,
    /// Whether a follower has to be [chosen](State::choose) to lead.
    pub(crate) hands_over: bool,
    /// What has to be dropped: values, futures and wakers.
    unwanted: Vec<Seat<T>>,
    /// The wakers of a notifier that have to be dropped.
    stale: Vec<Option<Waker>>,
}

impl<T> Aftermath<T> {
    const NOTHING: Self = Self {
        wake: Vec::new(),
        hands_over: false,
        unwanted: Vec::new(),
        stale: Vec::new(),
    };

    pub(crate) fn wake(&mut self, panics: &mut Panics) {
        panics.wake_all(mem::take(&mut self.wake));
    }

    /// Wakes and drops everything. Each value is dropped on its own, because a second destructor
    /// that panics while the first panic unwinds would abort the process.
    pub(crate) fn settle(mut self, panics: &mut Panics) {
        self.wake(panics);
        for unwanted in self.unwanted {
            panics.drop_value(unwanted);
        }
        for stale in self.stale {
            panics.drop_value(stale);
        }
    }
}

impl<T> State<T> {
    pub(crate) const fn new() -> Self {
        Self {
            last: 0,
            flight: None,
            lone: None,
            polling: None,
            shared: None,
            driver: None,
            chosen: None,
            seats: Seats::new(),
            resets: 0,
            closed: false,
        }
    }

    pub(crate) fn is_led(&self) -> bool {
        self.flight.is_some()
    }

    /// Returns how many followers wait. The driver of a shared future does not count.
    pub(crate) fn waiting(&self) -> usize {
        self.seats.waiting() - usize::from(self.driver.is_some())
    }

    /// Returns whether the lock is idle: it is not closed, there is no leader and no waiting
    /// follower, and no lone leader still has to learn its flight's number.
    pub(crate) fn is_idle(&self) -> bool {
        !self.is_led() && self.seats.waiting() == 0 && self.lone.is_none() && !self.closed
    }

    /// Begins a flight, whose leader is polled at `polling`.
    fn begin(&mut self, polling: Option<StackToken>) -> FlightId {
        self.last += 1;
        self.polling = polling;
        self.chosen = None;
        *self.flight.insert(FlightId(self.last))
    }

    /// Begins a flight for the lone leader whose word was seized. The leader learns the number of
    /// the flight later, with [`take_lone`](State::take_lone).
    pub(crate) fn adopt_lone(&mut self, polling: Option<StackToken>) {
        self.lone = Some(self.begin(polling));
    }

    /// Returns the flight of the lone leader whose word was seized.
    pub(crate) fn take_lone(&mut self) -> FlightId {
        let lone = self.lone.take();
        lone.expect("a lone leader was adopted when the lock was seized")
    }

    fn is_current(&self, flight: FlightId) -> bool {
        self.flight == Some(flight)
    }

    /// Records where the leader of `flight` is polled, if it is polled.
    pub(crate) fn set_polling(&mut self, flight: FlightId, polling: Option<StackToken>) {
        if self.is_current(flight) {
            self.polling = polling;
        }
    }

    /// Gives a new caller on `thread` a seat, if the leader runs its own future and the call is no
    /// re-entry.
    #[inline]
    pub(crate) fn join(&mut self, thread: StackToken, waker: &mut Option<Waker>) -> Option<SeatId> {
        let is_reentry = self.polling.is_some_and(|leader| thread.is_inside(leader));
        if !self.is_led() || self.shared.is_some() || is_reentry {
            return None;
        }
        let seat = self.seats.occupy();
        self.seats.enqueue(seat, waker.take());
        Some(seat)
    }

    /// Takes the value out of a seat and frees the seat, if the seat has a value.
    #[inline]
    pub(crate) fn collect(&mut self, seat: SeatId) -> Option<T> {
        if !matches!(self.seats.get(seat), Seat::Served(_)) {
            return None;
        }
        match self.seats.vacate(seat) {
            Seat::Served(value) => Some(value),
            _ => unreachable!("it was served"),
        }
    }

    /// Decides what a polled caller does next. The caller is new, or has a seat.
    pub(crate) fn admit(&mut self, caller: &mut Caller<'_>, wakers: &mut Wakers<T>) -> Next<T> {
        let Role::Follower(seat) = *caller.role else {
            return if self.closed {
                Next::Closed
            } else {
                self.lead_or_follow(None, caller, wakers)
            };
        };
        match self.seats.get(seat) {
            Seat::Waiting(_) => self.lead_or_follow(Some(seat), caller, wakers),
            Seat::Due(known) => Next::wait(renew(known, caller.own, &mut wakers.clones[0])),
            Seat::Detached(_) => self.board(seat, caller, wakers),
            _ => {
                *caller.role = Role::Ended;
                Next::End(match self.seats.vacate(seat) {
                    Seat::Served(value) => Ok(value),
                    _ => Err(Cancelled { by: Cause::Reset }),
                })
            }
        }
    }

    /// Makes a caller lead, wait for the leader, or drive the shared future. The caller is new, or
    /// waits in `seat`.
    fn lead_or_follow(
        &mut self,
        seat: Option<SeatId>,
        caller: &mut Caller<'_>,
        wakers: &mut Wakers<T>,
    ) -> Next<T> {
        let next = match (self.is_led(), self.polling) {
            (false, _) if caller.can_lead => Some(Next::Lead(self.begin(Some(caller.thread)))),
            (false, _) => Some(Next::End(Err(Cancelled { by: Cause::Panic }))),
            (true, Some(leader)) if caller.thread.is_inside(leader) => {
                Some(Next::End(Err(Cancelled { by: Cause::Reentry })))
            }
            (true, _) => None,
        };
        if let Some(next) = next {
            *caller.role = Role::Ended;
            wakers.left = seat.map(|seat| self.leave(seat));
            return next;
        }
        let seat = if let Some(seat) = seat {
            let Seat::Waiting(known) = self.seats.get(seat) else {
                unreachable!("the caller waits");
            };
            let was_woken = known.is_none();
            if !renew(known, caller.own, &mut wakers.clones[0]) {
                return Next::BringWakers;
            }
            if was_woken {
                self.seats.fall_asleep(seat);
            }
            seat
        } else {
            let seat = self.seats.occupy();
            self.seats.enqueue(seat, wakers.clones[0].take());
            *caller.role = Role::Follower(seat);
            seat
        };
        if self.shared.is_some() {
            self.board(seat, caller, wakers)
        } else {
            Next::Wait
        }
    }

    /// Takes the shared future out, if it was woken: the caller in `seat` drives it. Otherwise this
    /// registers the caller with the notifier.
    fn board(&mut self, seat: SeatId, caller: &mut Caller<'_>, wakers: &mut Wakers<T>) -> Next<T> {
        let (flight, shared) = match (self.seats.get(seat), &mut self.shared, self.flight) {
            (Seat::Detached(shared), _, _) => (FlightId::OVER, &mut **shared),
            (_, Some(shared), Some(flight)) => (flight, shared),
            _ => unreachable!("a caller boards a shared flight"),
        };
        let mut signal = shared.notifier.signal.lock();
        let parked = shared.future.take_if(|_| signal.woken);
        let Some(future) = parked else {
            let known = signal.waker(seat);
            return Next::wait(renew(known, caller.own, &mut wakers.clones[1]));
        };
        signal.woken = false;
        signal.out = true;
        drop(signal);
        let notifier = shared.notifier.clone();
        self.set_polling(flight, Some(caller.thread));
        if self.is_current(flight) {
            self.driver = None;
        }
        *caller.role = Role::Ended;
        wakers.left = Some(self.leave(seat));
        Next::Drive(flight, future, notifier)
    }

    /// Parks the future of `flight`, which is not ready. The driver takes a seat, and registers its
    /// waker. Returns the wakers to wake.
    ///
    /// If `reset` has ended the flight, the driver keeps the future, detached from the lock.
    pub(crate) fn park(
        &mut self,
        flight: FlightId,
        future: BoxFuture<T>,
        notifier: Arc<Notifier>,
        [own, to_register]: [Waker; 2],
    ) -> (SeatId, Aftermath<T>) {
        let seat = self.seats.occupy();
        let shared = Shared {
            future: Some(future),
            notifier: notifier.clone(),
        };
        let mut signal = notifier.signal.lock();
        *signal.waker(seat) = Some(to_register);
        signal.out = false;
        let mut after = Aftermath {
            wake: signal.take_wakers(),
            ..Aftermath::NOTHING
        };
        if !self.is_current(flight) {
            after.unwanted.push(Seat::Waiting(Some(own)));
            *self.seats.get(seat) = Seat::Detached(Box::new(shared));
            return (seat, after);
        }
        if self.shared.is_none() {
            // After the first poll, the followers are woken, so that they register.
            let asleep = iter::from_fn(|| self.seats.wake_next());
            after.wake.extend(asleep.map(|(_, waker)| waker));
        }
        self.seats.enqueue(seat, Some(own));
        self.driver = Some(seat);
        self.polling = None;
        self.shared = Some(shared);
        (seat, after)
    }

    /// Ends the current flight, if there is one, and returns its shared future. The notifier forgets
    /// the wakers of the callers.
    fn end(&mut self, after: &mut Aftermath<T>) -> Option<Box<Shared<T>>> {
        self.flight = None;
        self.polling = None;
        self.driver = None;
        let shared = Box::new(self.shared.take()?);
        after.stale = mem::take(&mut shared.notifier.signal.lock().wakers);
        Some(shared)
    }

    /// Ends the flight of a leader that was dropped or has panicked.
    pub(crate) fn lose(&mut self, flight: FlightId) -> Aftermath<T> {
        let mut after = Aftermath::NOTHING;
        if self.is_current(flight) {
            self.end(&mut after);
        }
        after.hands_over = self.needs_leader();
        after
    }

    /// Ends the flight of a leader that is done. Makes its followers due and returns them.
    pub(crate) fn complete(&mut self, flight: FlightId) -> (Audience, Aftermath<T>) {
        let mut seats = Vec::new();
        let mut after = Aftermath::NOTHING;
        if self.is_current(flight) {
            self.end(&mut after);
            seats.reserve_exact(self.seats.waiting());
            self.seats.drain(|seat, waker| {
                seats.push(seat);
                Seat::Due(waker)
            });
        }
        let resets = self.resets;
        (Audience { seats, resets }, after)
    }

    /// Gives the values to the followers. If there are too few values, because a clone has
    /// panicked, the others wait again. They are cancelled if `reset` was called meanwhile.
    pub(crate) fn deliver(&mut self, audience: Audience, values: Vec<T>) -> Aftermath<T> {
        let mut after = Aftermath::NOTHING;
        after.wake.reserve_exact(audience.seats.len());
        let mut values = values.into_iter();
        for seat in audience.seats {
            let value = values.next();
            let place = self.seats.get(seat);
            let Seat::Due(waker) = place else {
                // The follower was dropped.
                self.seats.vacate(seat);
                after.unwanted.extend(value.map(Seat::Served));
                continue;
            };
            let mut waker = waker.take();
            if let Some(value) = value {
                // The old seat owns nothing any more, so `forget` only saves the destructor's check.
                mem::forget(mem::replace(place, Seat::Served(value)));
            } else if audience.resets != self.resets {
                *place = Seat::Cancelled;
            } else {
                // In a shared flight the follower is woken, so that it registers.
                let asleep = waker.take_if(|_| self.shared.is_none());
                self.seats.enqueue(seat, asleep);
            }
            after.wake.extend(waker);
        }
        after.hands_over = self.needs_leader();
        after
    }

    /// Returns whether followers wait, and no caller leads or was chosen to lead.
    fn needs_leader(&self) -> bool {
        !self.is_led() && self.chosen.is_none() && self.seats.waiting() > 0
    }

    /// Chooses the follower to lead: the first in the queue that is asleep. Does nothing if a
    /// caller leads, or if a follower other than `instead_of` is chosen already.
    ///
    /// The lock does not wait for the chosen follower. The first caller that is polled leads.
    pub(crate) fn choose(&mut self, instead_of: Option<SeatId>) -> Option<(SeatId, Waker)> {
        if self.is_led() || (self.chosen.is_some() && self.chosen != instead_of) {
            return None;
        }
        let next = self.seats.wake_next();
        self.chosen = next.as_ref().map(|(seat, _)| *seat);
        next
    }

    /// Takes the call in `seat` out of the lock, because the call was dropped. A shared future is
    /// dropped with its last caller.
    pub(crate) fn abandon(&mut self, seat: SeatId) -> Aftermath<T> {
        let mut after = Aftermath::NOTHING;
        if let due @ Seat::Due(_) = self.seats.get(seat) {
            // The leader is about to serve this seat, and frees the seat then.
            after.unwanted.push(mem::replace(due, Seat::Cancelled));
            return after;
        }
        let (left, waker) = self.leave(seat);
        after.unwanted.extend([left, Seat::Waiting(waker)]);
        let is_parked = matches!(&self.shared, Some(shared) if shared.future.is_some());
        if self.seats.waiting() == 0 && is_parked {
            let shared = self.end(&mut after);
            after.unwanted.extend(shared.map(Seat::Detached));
        }
        after.hands_over = self.needs_leader();
        after
    }

    /// Frees the seat of a caller, and takes the caller's waker out of the notifier.
    fn leave(&mut self, seat: SeatId) -> Left<T> {
        let left = self.seats.vacate(seat);
        let shared = match &left {
            Seat::Waiting(_) => self.shared.as_ref(),
            Seat::Detached(shared) => Some(&**shared),
            _ => None,
        };
        let waker = shared.and_then(|shared| shared.notifier.signal.lock().waker(seat).take());
        self.driver.take_if(|driver| *driver == seat);
        self.chosen.take_if(|chosen| *chosen == seat);
        (left, waker)
    }

    /// Cancels every waiting follower, and separates the running leader from the lock. The caller
    /// that drove a shared future last keeps the future. If it is gone, the future is unwanted.
    pub(crate) fn reset(&mut self) -> Aftermath<T> {
        let mut after = Aftermath::NOTHING;
        after.wake.reserve_exact(self.seats.waiting());
        let driver = self.driver;
        let mut shared = self.end(&mut after);
        self.seats.drain(|seat, waker| {
            after.wake.extend(waker);
            let Some(shared) = shared.take_if(|_| Some(seat) == driver) else {
                return Seat::Cancelled;
            };
            // The driver stays registered.
            if let Some(waker) = after.stale.get_mut(seat.0 as usize) {
                *shared.notifier.signal.lock().waker(seat) = waker.take();
            }
            Seat::Detached(shared)
        });
        after.unwanted.extend(shared.map(Seat::Detached));
        self.chosen = None;
        self.resets += 1;
        after
    }

    /// Calls [`reset`](State::reset), and closes the lock for calls that have no seat.
    pub(crate) fn close(&mut self) -> Aftermath<T> {
        self.closed = true;
        self.reset()
    }
}

#[cfg(all(test, not(smartasync_model)))]
mod tests {
    use super::*;
    use std::panic::catch_unwind;
    use std::task::Wake;

    struct PanicsWhenDropped;

    impl Wake for PanicsWhenDropped {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    #[test]
    fn two_wakers_that_panic_when_dropped_give_one_panic() {
        let clones = [(); 2].map(|()| Some(Waker::from(Arc::new(PanicsWhenDropped))));
        assert!(catch_unwind(|| drop(Wakers::<()>::new(clones))).is_err());
    }
}
