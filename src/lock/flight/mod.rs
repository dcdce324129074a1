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
//! The waiting seats form a queue, a linked list of indices, in the order in which the followers
//! came.

use crate::lock::stack::StackToken;
use crate::sync::Arc;
use crate::sync::panics::Panics;
use core::mem;
use core::task::Waker;
use shared::Shared;
use std::vec::Vec;

mod shared;

pub(crate) use shared::{BoxFuture, Drive, Notifier};

/// Names a seat: an index into the lock's seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeatId(u32);

impl SeatId {
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Names a flight. A leader whose flight is not the current flight any more has no followers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlightId(u64);

/// Stands for "no seat" in the links of the queue and of the free list.
const NOBODY: u32 = u32::MAX;

/// The place of a caller in the lock.
enum Seat<T> {
    /// The seat is free. `next` is the next seat in the list of free seats.
    Free { next: u32 },
    /// The caller is in the queue. Without a waker, the caller was woken and has not been polled
    /// since. `passed` says that the seat is before [`asleep`](Flights::asleep) in the queue, so
    /// [`choose`](Flights::choose) does not look at it.
    Waiting {
        waker: Option<Waker>,
        passed: bool,
        before: u32,
        after: u32,
    },
    /// The leader is done, and the value for this follower is being cloned.
    Due { waker: Option<Waker> },
    /// The value for this follower is being cloned, but the follower was dropped.
    Left,
    /// The follower's value is ready to be collected.
    Served { value: T },
    /// `reset` has cancelled the follower.
    Cancelled,
    /// The caller drives a shared future that `reset` has separated from the lock. While the caller
    /// polls the future, `future` is `None`.
    Loose {
        future: Option<BoxFuture<T>>,
        notifier: Arc<Notifier>,
    },
}

impl<T> Seat<T> {
    /// Takes the waker out of a waiting seat.
    fn take_waker(&mut self) -> Option<Waker> {
        if let Self::Waiting { waker, .. } = self {
            waker.take()
        } else {
            None
        }
    }
}

/// The state of a lock.
pub(crate) struct Flights<T> {
    /// The number of the current flight, or of the last flight.
    flight: u64,
    /// Whether the current flight has a leader, or is a shared flight.
    led: bool,
    /// The flight of a lone leader whose word was seized, until this leader learns the number.
    lone: Option<FlightId>,
    /// The thread, and the level of its stack, that polls the leader or the shared future now.
    polling: Option<StackToken>,
    /// The future of a shared flight.
    shared: Shared<T>,
    /// The seat of the caller that drove the shared future last.
    driver: Option<SeatId>,
    /// The follower that was woken to lead, until a caller leads.
    chosen: Option<SeatId>,
    seats: Vec<Seat<T>>,
    /// How many seats are not free.
    occupied: usize,
    /// The first free seat.
    free: u32,
    /// The first and the last seat of the queue.
    first: u32,
    last: u32,
    /// The seat in the queue where [`choose`](Flights::choose) begins to look. So `choose` does not
    /// look at the same woken seats each time.
    ///
    /// INVARIANT: the seats before this seat are passed, the others are not, and a passed seat has
    /// no waker.
    asleep: u32,
    /// How many seats are in the queue.
    waiting: u32,
    /// How often `reset` was called.
    resets: u64,
    /// Whether the map has removed this lock. A call without a seat then looks up its key again.
    closed: bool,
}

/// The caller that is polled.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'c> {
    pub(crate) seat: Option<SeatId>,
    pub(crate) thread: StackToken,
    /// The waker of the caller.
    pub(crate) own: &'c Waker,
    /// Whether the caller still has its closure.
    pub(crate) can_lead: bool,
}

/// The wakers of a polled caller. The wakers that are left after [`admit`](Flights::admit) are
/// dropped while no lock is held.
#[derive(Default)]
pub(crate) struct Wakers {
    /// A clone of the caller's waker, if `admit` asked for a clone.
    pub(crate) fresh: Option<Waker>,
    /// The waker that was in the caller's seat before.
    pub(crate) stale: Option<Waker>,
}

/// The followers of a leader that is done. Each of them has to be [served](Flights::serve) or [put
/// back](Flights::put_back).
pub(crate) struct Due {
    pub(crate) seats: Vec<SeatId>,
    resets: u64,
}

/// What a polled caller does next.
pub(crate) enum Admission<T> {
    /// The caller leads this flight. The lock has recorded that the caller's thread polls it.
    Lead(FlightId),
    /// The caller waits in this seat. In a shared flight, it registers with the notifier.
    Follow(SeatId, Option<Arc<Notifier>>),
    /// The caller polls this future and puts it back.
    Drive(Drive<T>),
    /// The caller was a follower and gets this value.
    Served(T),
    /// The caller was a follower, and `reset` has cancelled it.
    Cancelled,
    /// The caller would wait for itself.
    Reentrant,
    /// The lock has no leader, and the caller cannot lead because its closure has already run. If
    /// the caller was chosen to lead, another follower has to be woken instead.
    Spent(Option<Chosen>),
    /// The map has removed the lock.
    Closed,
    /// The caller has to wait, and must come back with a clone of its waker.
    BringWaker,
}

/// Values of users that have to be dropped after the mutex is released.
pub(crate) struct Unwanted<T> {
    seat: Option<Seat<T>>,
    shared: Option<Shared<T>>,
    waker: Option<Waker>,
    wakers: Vec<Option<Waker>>,
}

impl<T> Unwanted<T> {
    const NOTHING: Self = Self {
        seat: None,
        shared: None,
        waker: None,
        wakers: Vec::new(),
    };
}

// Each value is dropped on its own. If a second destructor panicked while the first panic unwinds,
// the process would abort.
impl<T> Drop for Unwanted<T> {
    fn drop(&mut self) {
        let mut panics = Panics::default();
        panics.catch(|| drop(self.seat.take()));
        panics.catch(|| drop(self.shared.take()));
        panics.catch(|| drop(self.waker.take()));
        for waker in mem::take(&mut self.wakers) {
            panics.catch(|| drop(waker));
        }
        panics.resume();
    }
}

/// The follower that has to be woken to lead.
pub(crate) struct Chosen {
    pub(crate) seat: SeatId,
    pub(crate) waker: Waker,
}

/// What the caller has to do after it has released the mutex.
pub(crate) struct Aftermath<T> {
    /// The wakers to wake.
    pub(crate) wakers: Vec<Waker>,
    pub(crate) next: Option<Chosen>,
    pub(crate) unwanted: Unwanted<T>,
}

impl<T> Aftermath<T> {
    pub(crate) const NOTHING: Self = Self {
        wakers: Vec::new(),
        next: None,
        unwanted: Unwanted::NOTHING,
    };
}

impl<T> Flights<T> {
    pub(crate) const fn new() -> Self {
        Self {
            flight: 0,
            led: false,
            lone: None,
            polling: None,
            shared: Shared::None,
            driver: None,
            chosen: None,
            seats: Vec::new(),
            occupied: 0,
            free: NOBODY,
            first: NOBODY,
            last: NOBODY,
            asleep: NOBODY,
            waiting: 0,
            resets: 0,
            closed: false,
        }
    }

    pub(crate) fn is_led(&self) -> bool {
        self.led
    }

    /// Returns how many followers wait. The driver of a shared future does not count.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting as usize - usize::from(self.driver.is_some())
    }

    /// Returns whether the lock is idle: it is not closed, there is no leader and no waiting
    /// follower, and no lone leader still has to learn its flight's number.
    pub(crate) fn is_idle(&self) -> bool {
        !self.led && self.waiting == 0 && self.lone.is_none() && !self.closed
    }

    /// Begins a flight for the lone leader whose word was seized. The leader learns the number of
    /// the flight later, with [`take_lone`](Flights::take_lone).
    pub(crate) fn adopt_lone(&mut self, polling: Option<StackToken>) {
        self.led = true;
        self.flight += 1;
        self.polling = polling;
        self.lone = Some(FlightId(self.flight));
    }

    /// Returns the flight of the lone leader whose word was seized.
    pub(crate) fn take_lone(&mut self) -> FlightId {
        self.lone
            .take()
            .expect("a lone leader was adopted when the lock was seized")
    }

    /// Returns whether the leader, or the driver of the shared future, waits for what is polled at
    /// `token`.
    #[inline]
    fn is_reentry(&self, token: StackToken) -> bool {
        self.polling.is_some_and(|leader| token.is_inside(leader))
    }

    /// Calls [`reset`](Flights::reset), and closes the lock for calls that have no seat.
    pub(crate) fn close(&mut self) -> Aftermath<T> {
        self.closed = true;
        self.reset()
    }

    /// Makes the caller on `thread` the leader of a new flight, if there is no leader.
    fn lead(&mut self, thread: StackToken) -> Option<FlightId> {
        if self.led {
            return None;
        }
        self.chosen = None;
        self.led = true;
        self.flight += 1;
        self.polling = Some(thread);
        Some(FlightId(self.flight))
    }

    /// Gives a new caller on `thread` a seat, if the leader runs its own future and the call is no
    /// re-entry. Otherwise this returns the caller's waker.
    #[inline]
    pub(crate) fn follow(&mut self, thread: StackToken, waker: Waker) -> Result<SeatId, Waker> {
        if self.led && !self.is_reentry(thread) && matches!(self.shared, Shared::None) {
            Ok(self.seat(waker))
        } else {
            Err(waker)
        }
    }

    /// Takes the value out of a seat and frees the seat, if the seat has a value.
    #[inline]
    pub(crate) fn collect(&mut self, seat: SeatId) -> Option<T> {
        if !matches!(self.seats[seat.index()], Seat::Served { .. }) {
            return None;
        }
        match self.vacate(seat) {
            Seat::Served { value } => Some(value),
            _ => unreachable!("it was served"),
        }
    }

    /// Decides what a polled caller does next. The caller is new, or has a seat.
    pub(crate) fn admit(&mut self, caller: Caller<'_>, wakers: &mut Wakers) -> Admission<T> {
        let Caller {
            seat,
            thread,
            own,
            can_lead,
        } = caller;
        if seat.is_none() && self.closed {
            return Admission::Closed;
        }
        if let Some(answer) = seat.and_then(|seat| self.answer_at(seat, own, wakers)) {
            return answer;
        }
        if !can_lead && !self.led {
            let was_chosen = self.chosen == seat;
            wakers.stale = seat.and_then(|seat| self.remove(seat));
            return Admission::Spent(if was_chosen { self.choose() } else { None });
        }
        if let Some(flight) = self.lead(thread) {
            wakers.stale = seat.and_then(|seat| self.remove(seat));
            return Admission::Lead(flight);
        }
        if self.is_reentry(thread) {
            wakers.stale = seat.and_then(|seat| self.remove(seat));
            return Admission::Reentrant;
        }
        let seat = match seat {
            Some(seat) => {
                let Seat::Waiting { waker, passed, .. } = &mut self.seats[seat.index()] else {
                    unreachable!("checked above")
                };
                if !Self::renew(waker, own, wakers) {
                    return Admission::BringWaker;
                }
                if mem::take(passed) {
                    self.fall_asleep(seat);
                }
                seat
            }
            None => match wakers.fresh.take() {
                Some(waker) => self.seat(waker),
                None => return Admission::BringWaker,
            },
        };
        match self.take_shared(seat, thread) {
            Some(drive) => Admission::Drive(drive),
            None => Admission::Follow(seat, self.notifier()),
        }
    }

    /// What the caller of `seat` does next, if the seat is not one of those that wait.
    #[inline(always)]
    fn answer_at(
        &mut self,
        seat: SeatId,
        own: &Waker,
        wakers: &mut Wakers,
    ) -> Option<Admission<T>> {
        Some(match &mut self.seats[seat.index()] {
            Seat::Waiting { .. } => return None,
            Seat::Due { waker } => {
                if Self::renew(waker, own, wakers) {
                    Admission::Follow(seat, None)
                } else {
                    Admission::BringWaker
                }
            }
            Seat::Loose { future, notifier } => {
                let notifier = notifier.clone();
                match future.take() {
                    Some(future) if notifier.was_woken() => Admission::Drive(Drive {
                        seat,
                        flight: FlightId(self.flight),
                        future,
                        notifier,
                    }),
                    parked => {
                        *future = parked;
                        Admission::Follow(seat, Some(notifier))
                    }
                }
            }
            Seat::Served { .. } | Seat::Cancelled | Seat::Left | Seat::Free { .. } => {
                match self.vacate(seat) {
                    Seat::Served { value } => Admission::Served(value),
                    _ => Admission::Cancelled,
                }
            }
        })
    }

    /// Replaces the waker of a seat, unless it already wakes the caller. Returns `false` if this
    /// needs a clone of the caller's waker.
    fn renew(known: &mut Option<Waker>, own: &Waker, wakers: &mut Wakers) -> bool {
        if !known.as_ref().is_some_and(|known| known.will_wake(own)) {
            let Some(fresh) = wakers.fresh.take() else {
                return false;
            };
            wakers.stale = known.replace(fresh);
        }
        true
    }

    /// Takes a seat out of the queue, frees the seat, and returns its waker.
    fn remove(&mut self, seat: SeatId) -> Option<Waker> {
        self.unlink(seat);
        self.vacate(seat).take_waker()
    }

    /// Adds a seat at the end of the queue.
    #[inline]
    fn seat(&mut self, waker: Waker) -> SeatId {
        let seat = self.occupy(Seat::Waiting {
            waker: Some(waker),
            passed: false,
            before: self.last,
            after: NOBODY,
        });
        self.link_last(seat.0);
        seat
    }

    /// Puts `seat` in a free place and returns its index.
    #[inline]
    fn occupy(&mut self, seat: Seat<T>) -> SeatId {
        self.occupied += 1;
        if let Some(place) = self.seats.get_mut(self.free as usize) {
            let index = self.free;
            if let Seat::Free { next } = *place {
                self.free = next;
            }
            mem::forget(mem::replace(place, seat));
            return SeatId(index);
        }
        let index = u32::try_from(self.seats.len())
            .ok()
            .filter(|&index| index != NOBODY);
        self.seats.push(seat);
        SeatId(index.expect("a lock has fewer than 2^32 - 1 followers"))
    }

    /// Links the seat at `index` to the end of the queue.
    #[inline]
    fn link_last(&mut self, index: u32) {
        if let Some(Seat::Waiting { after, .. }) = self.seats.get_mut(self.last as usize) {
            *after = index;
        } else {
            self.first = index;
        }
        self.last = index;
        if self.asleep == NOBODY {
            self.asleep = index;
        }
        self.waiting += 1;
    }

    /// Moves a passed seat, which has a waker again, to the place before the first seat that is not
    /// passed. So the follower keeps its turn before them.
    fn fall_asleep(&mut self, seat: SeatId) {
        self.unlink(seat);
        let next = mem::replace(&mut self.asleep, seat.0);
        let last = match self.seats.get_mut(next as usize) {
            Some(Seat::Waiting { before, .. }) => mem::replace(before, seat.0),
            _ => mem::replace(&mut self.last, seat.0),
        };
        match self.seats.get_mut(last as usize) {
            Some(Seat::Waiting { after, .. }) => *after = seat.0,
            _ => self.first = seat.0,
        }
        if let Seat::Waiting { before, after, .. } = &mut self.seats[seat.index()] {
            (*before, *after) = (last, next);
        }
        self.waiting += 1;
    }

    /// Calls `f` for each seat in the queue, in order. `f` may replace the seat. The caller must
    /// then clear the queue.
    fn for_each_waiting(&mut self, mut f: impl FnMut(SeatId, &mut Seat<T>)) {
        let mut next = self.first;
        while let Some(seat) = self.seats.get_mut(next as usize) {
            let Seat::Waiting { after, .. } = *seat else {
                break;
            };
            f(SeatId(next), seat);
            next = after;
        }
    }

    /// Takes a waiting seat out of the queue.
    fn unlink(&mut self, seat: SeatId) {
        let Seat::Waiting { before, after, .. } = self.seats[seat.index()] else {
            return;
        };
        match self.seats.get_mut(before as usize) {
            Some(Seat::Waiting { after: link, .. }) => *link = after,
            _ => self.first = after,
        }
        match self.seats.get_mut(after as usize) {
            Some(Seat::Waiting { before: link, .. }) => *link = before,
            _ => self.last = before,
        }
        if self.asleep == seat.0 {
            self.asleep = after;
        }
        self.waiting -= 1;
    }

    /// Frees a seat that is not in the queue, and returns its content. When no seat is occupied any
    /// more, this frees the memory of the seats.
    #[inline]
    fn vacate(&mut self, seat: SeatId) -> Seat<T> {
        let was = mem::replace(
            &mut self.seats[seat.index()],
            Seat::Free { next: self.free },
        );
        self.free = seat.0;
        self.occupied -= 1;
        if self.occupied == 0 {
            self.seats = Vec::new();
            self.free = NOBODY;
        }
        was
    }

    fn is_current(&self, flight: FlightId) -> bool {
        self.led && self.flight == flight.0
    }

    /// Records that `thread` is about to poll or drop the leader.
    pub(crate) fn enter_leader(&mut self, flight: FlightId, thread: StackToken) {
        if self.is_current(flight) {
            self.polling = Some(thread);
        }
    }

    /// Records that the poll of the leader has returned `Pending`.
    pub(crate) fn leave_leader(&mut self, flight: FlightId) {
        if self.is_current(flight) {
            self.polling = None;
        }
    }

    /// Ends `flight`. Returns `false` if it is not the current flight.
    fn end(&mut self, flight: FlightId) -> bool {
        let current = self.is_current(flight);
        if current {
            self.led = false;
            self.polling = None;
        }
        current
    }

    /// Ends the flight of a leader that was dropped or has panicked. Returns the follower that is
    /// chosen to lead.
    pub(crate) fn lose_leader(&mut self, flight: FlightId) -> Option<Chosen> {
        if self.end(flight) {
            self.choose()
        } else {
            None
        }
    }

    /// Chooses a follower to lead: the first seat in the queue that still has its waker.
    ///
    /// The lock does not wait for the chosen follower. The first caller that is polled leads.
    fn choose(&mut self) -> Option<Chosen> {
        self.chosen = None;
        while let Some(Seat::Waiting {
            waker,
            passed,
            after,
            ..
        }) = self.seats.get_mut(self.asleep as usize)
        {
            let seat = SeatId(mem::replace(&mut self.asleep, *after));
            *passed = true;
            if let Some(waker) = waker.take() {
                self.chosen = Some(seat);
                return Some(Chosen { seat, waker });
            }
        }
        None
    }

    /// Ends the flight of a leader that is done. Returns its followers, if there are any.
    pub(crate) fn complete(&mut self, flight: FlightId) -> Option<Due> {
        if self.end(flight) && self.waiting > 0 {
            Some(self.all_due())
        } else {
            None
        }
    }

    /// Makes all waiting followers due, and clears the queue.
    fn all_due(&mut self) -> Due {
        let mut seats = Vec::with_capacity(self.waiting as usize);
        self.for_each_waiting(|at, seat| {
            seats.push(at);
            let waker = seat.take_waker();
            // The old seat owns nothing any more, so `forget` only saves the destructor's check.
            mem::forget(mem::replace(seat, Seat::Due { waker }));
        });
        self.clear_queue();
        Due {
            seats,
            resets: self.resets,
        }
    }

    fn clear_queue(&mut self) {
        self.first = NOBODY;
        self.last = NOBODY;
        self.asleep = NOBODY;
        self.waiting = 0;
        self.chosen = None;
    }

    /// Gives `value` to the follower in a due seat. Returns the follower's waker. If the follower
    /// has left, this returns the value instead.
    pub(crate) fn serve(&mut self, seat: SeatId, value: T) -> (Option<Waker>, Option<T>) {
        match &mut self.seats[seat.index()] {
            place @ Seat::Due { .. } => {
                let waker = if let Seat::Due { waker } = place {
                    waker.take()
                } else {
                    None
                };
                mem::forget(mem::replace(place, Seat::Served { value }));
                (waker, None)
            }
            _ => {
                self.vacate(seat);
                (None, Some(value))
            }
        }
    }

    /// Puts a due follower back into the queue, because a clone has panicked and there is no value.
    ///
    /// If `reset` was called meanwhile, the follower is cancelled instead. Returns the waker of the
    /// follower if the follower has to be woken.
    pub(crate) fn put_back(&mut self, seat: SeatId, due: &Due) -> Option<Waker> {
        let Seat::Due { waker } = &mut self.seats[seat.index()] else {
            self.vacate(seat);
            return None;
        };
        let waker = waker.take();
        if due.resets != self.resets {
            self.seats[seat.index()] = Seat::Cancelled;
            return waker;
        }
        // In a shared flight the follower is woken, so that it registers with the notifier.
        let (waker, woken) = if matches!(self.shared, Shared::None) {
            (waker, None)
        } else {
            (None, waker)
        };
        self.seats[seat.index()] = Seat::Waiting {
            waker,
            passed: false,
            before: self.last,
            after: NOBODY,
        };
        self.link_last(seat.0);
        woken
    }

    /// Chooses a follower to lead, unless there is a leader or a chosen follower already.
    pub(crate) fn choose_if_idle(&mut self) -> Option<Chosen> {
        if self.led || self.chosen.is_some() {
            None
        } else {
            self.choose()
        }
    }

    /// Chooses another follower to lead, if the follower in `seat` is still the chosen follower.
    ///
    /// This is for a follower whose waker has panicked.
    pub(crate) fn choose_instead_of(&mut self, seat: SeatId) -> Option<Chosen> {
        if self.chosen == Some(seat) {
            self.choose()
        } else {
            None
        }
    }

    /// Takes the call in `seat` out of the lock, because the call was dropped.
    pub(crate) fn leave(&mut self, seat: SeatId) -> Aftermath<T> {
        let mut left = Aftermath::NOTHING;
        match &mut self.seats[seat.index()] {
            Seat::Waiting { .. } => {
                left.unwanted.waker = self.unregister(seat);
                self.unlink(seat);
                left.unwanted.seat = Some(self.vacate(seat));
                if self.chosen == Some(seat) {
                    left.next = self.choose();
                }
                if self.waiting == 0 {
                    left.unwanted.shared = self.end_unattended();
                }
            }
            // The leader is about to serve this seat, and frees the seat then.
            due @ Seat::Due { .. } => left.unwanted.seat = Some(mem::replace(due, Seat::Left)),
            Seat::Served { .. }
            | Seat::Cancelled
            | Seat::Left
            | Seat::Free { .. }
            | Seat::Loose { .. } => left.unwanted.seat = Some(self.vacate(seat)),
        }
        left
    }

    /// Cancels every waiting follower, and separates the running leader from the lock.
    pub(crate) fn reset(&mut self) -> Aftermath<T> {
        let mut wakers = Vec::with_capacity(self.waiting as usize);
        let unwanted = self.cut_loose(&mut wakers);
        self.for_each_waiting(|_, seat| {
            wakers.extend(seat.take_waker());
            *seat = Seat::Cancelled;
        });
        self.clear_queue();
        self.led = false;
        self.polling = None;
        self.resets += 1;
        Aftermath {
            wakers,
            unwanted,
            ..Aftermath::NOTHING
        }
    }
}
