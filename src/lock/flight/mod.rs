//! What a [`SmartLock`](crate::SmartLock) knows: who leads, who waits, who has been served.
//!
//! Everything here happens under the lock's mutex and calls no user code: what has to be woken,
//! cloned or dropped is handed out, for the caller to do when the mutex is free.
//!
//! A flight goes from the moment a caller leads until that leader has ended:
//!
//! | event                      | flight                           | followers                                            |
//! |----------------------------|----------------------------------|------------------------------------------------------|
//! | a caller is polled, idle   | starts, led by it                | none, or those that an ended leader left             |
//! | a caller is polled, flying | goes on                          | one more                                             |
//! | the leader is done         | ends                             | all are due: each gets a clone                       |
//! | the leader is lost         | ends                             | one is chosen and woken, all go on waiting           |
//! | reset                      | is cut loose from its leader     | all are cancelled                                    |

use crate::lock::stack::StackToken;
use crate::sync::Arc;
use crate::sync::panics::Panics;
use core::mem;
use core::task::Waker;
use shared::Shared;
use std::vec::Vec;

mod shared;

pub(crate) use shared::{BoxFuture, Drive, Notifier};

/// Where a follower waits: an index into the lock's seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeatId(u32);

impl SeatId {
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Names a flight. A leader whose flight is not the current one any more serves nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlightId(u64);

/// No seat, in the links of the queue.
const NOBODY: u32 = u32::MAX;

enum Seat<T> {
    /// Free, as is the next one in the list of free seats.
    Free { next: u32 },
    /// In the queue. Without a waker it has been woken and not polled since. It is passed if it
    /// stands before the first one that [`choose`](Flights::choose) has to look at.
    Waiting {
        waker: Option<Waker>,
        passed: bool,
        before: u32,
        after: u32,
    },
    /// Its leader is done, and the value is being cloned.
    Due { waker: Option<Waker> },
    /// As before, but its follower was dropped.
    Left,
    /// The value waits to be taken.
    Served { value: T },
    /// `reset` has cancelled it.
    Cancelled,
    /// Its caller drives a shared future that `reset` has cut loose. Without one it polls it right
    /// now.
    Loose {
        future: Option<BoxFuture<T>>,
        notifier: Arc<Notifier>,
    },
}

impl<T> Seat<T> {
    /// Takes the waker of a waiting seat.
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
    /// The current flight, or the last one.
    flight: u64,
    /// Somebody leads the current flight.
    led: bool,
    /// The flight of a leader that does not know its number: it led alone when the lock was
    /// seized.
    lone: Option<FlightId>,
    /// The thread that polls the leader, or the shared future, at this moment.
    polling: Option<StackToken>,
    /// The future of a shared flight.
    shared: Shared<T>,
    /// Who drove the shared future last.
    driver: Option<SeatId>,
    /// The follower that was woken to lead, until somebody leads.
    chosen: Option<SeatId>,
    seats: Vec<Seat<T>>,
    /// How many of them are not free.
    occupied: usize,
    /// The first free one.
    free: u32,
    /// The queue of waiting seats, in the order of their coming.
    first: u32,
    last: u32,
    /// Where in the queue [`choose`](Flights::choose) begins to look, so that it does not look at
    /// the same woken ones each time.
    ///
    /// INVARIANT: those before it are passed, no others are, and who is passed has no waker.
    asleep: u32,
    waiting: u32,
    /// How often `reset` was called.
    resets: u64,
    /// The lock is out of its map: who comes anew has to look there again.
    closed: bool,
}

/// Who is polled.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'c> {
    pub(crate) seat: Option<SeatId>,
    pub(crate) thread: StackToken,
    /// Its waker.
    pub(crate) own: &'c Waker,
    /// It still has its closure.
    pub(crate) can_lead: bool,
}

/// The wakers of a polled caller. What is left in it when the caller has been admitted is dropped
/// where no lock is held.
#[derive(Default)]
pub(crate) struct Wakers {
    /// A clone of the caller's own, once it was asked to bring one.
    pub(crate) fresh: Option<Waker>,
    /// What its seat held before.
    pub(crate) stale: Option<Waker>,
}

/// The followers of a leader that is done. Each is to be [served](Flights::serve) or [put
/// back](Flights::put_back).
pub(crate) struct Due {
    pub(crate) seats: Vec<SeatId>,
    resets: u64,
}

/// What a polled caller is to do.
pub(crate) enum Admission<T> {
    /// Lead this flight. The thread counts as polling it.
    Lead(FlightId),
    /// Wait here, and in a shared flight register with its notifier.
    Follow(SeatId, Option<Arc<Notifier>>),
    /// Poll this future, and put it back.
    Drive(Drive<T>),
    /// It followed, and this is its value.
    Served(T),
    /// It followed, and `reset` came.
    Cancelled,
    /// It is inside its own leader's poll.
    Reentrant,
    /// Nobody leads, and it cannot: its closure has run already. The follower is to be woken in its
    /// place.
    Spent(Option<Chosen>),
    /// The lock is out of its map.
    Closed,
    /// It has to wait, and must bring a waker.
    BringWaker,
}

/// Users' values that are to be dropped when the mutex is free.
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

// Each by itself: of two destructors that panic in one drop, the second would abort.
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

/// A follower that is to be woken, to lead.
pub(crate) struct Chosen {
    pub(crate) seat: SeatId,
    pub(crate) waker: Waker,
}

/// What is to be done when the mutex is free.
pub(crate) struct Aftermath<T> {
    /// To be woken.
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

    /// How many callers wait. The driver of a shared future waits for nobody.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting as usize - usize::from(self.driver.is_some())
    }

    /// Nobody leads, waits, or is to come back for something: who comes next need know nothing of
    /// what was.
    pub(crate) fn is_idle(&self) -> bool {
        !self.led && self.waiting == 0 && self.lone.is_none() && !self.closed
    }

    /// Somebody led alone until now, and does not know its flight's number.
    pub(crate) fn adopt_lone(&mut self, polling: Option<StackToken>) {
        self.led = true;
        self.flight += 1;
        self.polling = polling;
        self.lone = Some(FlightId(self.flight));
    }

    /// The flight of the leader that led alone.
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

    /// [`reset`](Flights::reset) for good.
    pub(crate) fn close(&mut self) -> Aftermath<T> {
        self.closed = true;
        self.reset()
    }

    /// A caller is polled, on `thread`: it leads if nobody does.
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

    /// A caller is polled for the first time, on `thread`: it follows, if somebody leads who owns
    /// the future. Else its waker comes back.
    #[inline]
    pub(crate) fn follow(&mut self, thread: StackToken, waker: Waker) -> Result<SeatId, Waker> {
        if self.led && !self.is_reentry(thread) && matches!(self.shared, Shared::None) {
            Ok(self.seat(waker))
        } else {
            Err(waker)
        }
    }

    /// Takes the value that waits in a seat, if there is one.
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

    /// A caller is polled, for the first time or in its seat.
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
        if let Some(seat) = seat {
            match &mut self.seats[seat.index()] {
                Seat::Waiting { .. } => {}
                Seat::Due { waker } => {
                    return if Self::renew(waker, own, wakers) {
                        Admission::Follow(seat, None)
                    } else {
                        Admission::BringWaker
                    };
                }
                Seat::Loose { future, notifier } => {
                    let notifier = notifier.clone();
                    return match future.take() {
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
                    };
                }
                Seat::Served { .. } | Seat::Cancelled | Seat::Left | Seat::Free { .. } => {
                    return match self.vacate(seat) {
                        Seat::Served { value } => Admission::Served(value),
                        _ => Admission::Cancelled,
                    };
                }
            }
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

    /// Keeps a seat's waker up to date. Says whether it is.
    fn renew(known: &mut Option<Waker>, own: &Waker, wakers: &mut Wakers) -> bool {
        if !known.as_ref().is_some_and(|known| known.will_wake(own)) {
            let Some(fresh) = wakers.fresh.take() else {
                return false;
            };
            wakers.stale = known.replace(fresh);
        }
        true
    }

    /// Takes a waiting seat away, and returns its waker.
    fn remove(&mut self, seat: SeatId) -> Option<Waker> {
        self.unlink(seat);
        self.vacate(seat).take_waker()
    }

    /// Takes a seat at the end of the queue.
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

    /// A seat that was passed has a waker again. It goes before all that are not passed, and so
    /// keeps its turn among them.
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

    /// Calls `f` for each seat in the queue, in their order. It may put something else in the
    /// seat's place; the queue is then to be cleared.
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

    /// Frees a seat that is not in the queue, and returns what was on it. With the last one goes
    /// the memory.
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

    /// The leader is about to be polled (or dropped) on `thread`.
    pub(crate) fn enter_leader(&mut self, flight: FlightId, thread: StackToken) {
        if self.is_current(flight) {
            self.polling = Some(thread);
        }
    }

    /// The leader's poll has returned, and it is not done.
    pub(crate) fn leave_leader(&mut self, flight: FlightId) {
        if self.is_current(flight) {
            self.polling = None;
        }
    }

    fn end(&mut self, flight: FlightId) -> bool {
        let current = self.is_current(flight);
        if current {
            self.led = false;
            self.polling = None;
        }
        current
    }

    /// The leader was dropped, or panicked. Returns the follower that is chosen to lead.
    pub(crate) fn lose_leader(&mut self, flight: FlightId) -> Option<Chosen> {
        if self.end(flight) {
            self.choose()
        } else {
            None
        }
    }

    /// Chooses the longest waiting follower that is still asleep, to lead. It is not waited for:
    /// whoever is polled first leads.
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

    /// The leader is done. Returns whom it serves, if anybody follows.
    pub(crate) fn complete(&mut self, flight: FlightId) -> Option<Due> {
        if self.end(flight) && self.waiting > 0 {
            Some(self.all_due())
        } else {
            None
        }
    }

    fn all_due(&mut self) -> Due {
        let mut seats = Vec::with_capacity(self.waiting as usize);
        self.for_each_waiting(|at, seat| {
            seats.push(at);
            let waker = seat.take_waker();
            // Nothing is left in it, so its destructor need not look.
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

    /// Gives `value` to the follower in a due seat. Returns its waker, and the value if the
    /// follower has left.
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

    /// There is no value for a due seat, because a clone panicked: its follower waits again or, if
    /// `reset` came meanwhile, is cancelled. Returns its waker if it is to be woken for that.
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
        // In a shared flight it is woken, to register with the notifier.
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

    /// Chooses a follower to lead, if followers wait and nobody leads or was chosen already.
    pub(crate) fn choose_if_idle(&mut self) -> Option<Chosen> {
        if self.led || self.chosen.is_some() {
            None
        } else {
            self.choose()
        }
    }

    /// Chooses another follower, if the one in `seat` is still the chosen one: it could not be
    /// woken.
    pub(crate) fn choose_instead_of(&mut self, seat: SeatId) -> Option<Chosen> {
        if self.chosen == Some(seat) {
            self.choose()
        } else {
            None
        }
    }

    /// A follower was dropped.
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
            // The seat is still in the hands of the leader that serves it: it frees the seat.
            due @ Seat::Due { .. } => left.unwanted.seat = Some(mem::replace(due, Seat::Left)),
            Seat::Served { .. }
            | Seat::Cancelled
            | Seat::Left
            | Seat::Free { .. }
            | Seat::Loose { .. } => left.unwanted.seat = Some(self.vacate(seat)),
        }
        left
    }

    /// Cancels every waiting follower and cuts the running leader loose.
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
