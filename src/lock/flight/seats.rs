//! The seats of a lock, and the queue of the followers that wait.
//!
//! A seat has an index, by which its caller finds it again. The seats that wait are linked to a
//! queue. It begins with the followers that were woken and not polled since. After them come the
//! followers that are asleep, in the order in which they came:
//!
//! ```text
//! ends ⇄ woken ⇄ woken ⇄ asleep ⇄ asleep ⇄ asleep ⇄ ends
//!                        ^ Seats::asleep
//! ```
//!
//! So the lock finds the next follower to wake at once, whatever number of followers it woke before.

use super::Shared;
use core::mem;
use core::task::Waker;
use std::boxed::Box;
use std::vec::Vec;

/// Names a seat: an index into the lock's seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeatId(pub(super) u32);

/// Stands for "no seat" in the list of free seats, and for the ends of the queue in its links.
const NOBODY: u32 = u32::MAX;

/// The seats before and after a seat in the queue. A free seat links the next free seat in
/// [`AFTER`].
type Links = [u32; 2];
const BEFORE: usize = 0;
const AFTER: usize = 1;

/// The place of a caller in the lock.
pub(super) enum Seat<T> {
    Free,
    /// The caller is in the queue. Without a waker, it was woken and not polled since.
    Waiting(Option<Waker>),
    /// The leader is done, and the value for this follower is being cloned.
    Due(Option<Waker>),
    /// The follower's value is ready to be collected.
    Served(T),
    /// `reset` has cancelled the follower. Or the follower was due, and was dropped.
    Cancelled,
    /// The caller drove this shared future last, and `reset` has detached it from the lock.
    /// The box keeps the seats small.
    Detached(Box<Shared<T>>),
}

struct Entry<T> {
    seat: Seat<T>,
    links: Links,
}

pub(super) struct Seats<T> {
    entries: Vec<Entry<T>>,
    /// How many seats are not free.
    occupied: usize,
    /// The first free seat.
    free: u32,
    /// The links of the queue's ends: its last seat, and its first seat.
    ends: Links,
    /// The first seat of the queue whose follower is asleep.
    ///
    /// INVARIANT: in the queue, this seat and the seats after it have a waker. The seats before it
    /// have none.
    asleep: u32,
    /// How many seats are in the queue.
    waiting: usize,
}

impl<T> Seats<T> {
    pub(super) const fn new() -> Self {
        Self {
            entries: Vec::new(),
            occupied: 0,
            free: NOBODY,
            ends: [NOBODY; 2],
            asleep: NOBODY,
            waiting: 0,
        }
    }

    /// Returns how many seats are in the queue.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    #[inline]
    pub(super) fn get(&mut self, seat: SeatId) -> &mut Seat<T> {
        &mut self.entries[seat.0 as usize].seat
    }

    #[inline]
    fn links(&mut self, at: u32) -> &mut Links {
        match self.entries.get_mut(at as usize) {
            Some(entry) => &mut entry.links,
            None => &mut self.ends,
        }
    }

    /// Links a seat into the queue, before the seat `after`.
    #[inline]
    fn link(&mut self, at: u32, after: u32) {
        let before = mem::replace(&mut self.links(after)[BEFORE], at);
        self.links(before)[AFTER] = at;
        *self.links(at) = [before, after];
        self.waiting += 1;
    }

    /// Takes a seat out of the queue.
    fn unlink(&mut self, SeatId(at): SeatId) {
        let [before, after] = *self.links(at);
        self.links(before)[AFTER] = after;
        self.links(after)[BEFORE] = before;
        if self.asleep == at {
            self.asleep = after;
        }
        self.waiting -= 1;
    }

    /// Makes the caller of a seat wait at the end of the queue. Without a waker, the caller counts
    /// as woken.
    #[inline]
    pub(super) fn enqueue(&mut self, seat: SeatId, waker: Option<Waker>) {
        if waker.is_none() {
            self.link(seat.0, self.asleep);
        } else {
            self.link(seat.0, NOBODY);
            if self.asleep == NOBODY {
                self.asleep = seat.0;
            }
        }
        *self.get(seat) = Seat::Waiting(waker);
    }

    /// Puts a follower that was woken, and has a waker again, to sleep. The follower keeps its turn
    /// before the others that are asleep.
    pub(super) fn fall_asleep(&mut self, seat: SeatId) {
        self.unlink(seat);
        self.link(seat.0, self.asleep);
        self.asleep = seat.0;
    }

    /// Takes the waker of the first follower that is asleep.
    pub(super) fn wake_next(&mut self) -> Option<(SeatId, Waker)> {
        let entry = self.entries.get_mut(self.asleep as usize)?;
        let seat = SeatId(mem::replace(&mut self.asleep, entry.links[AFTER]));
        match &mut entry.seat {
            Seat::Waiting(waker) => Some((seat, waker.take()?)),
            _ => unreachable!("the seat is in the queue"),
        }
    }

    /// Takes a free seat. It is in no queue yet.
    #[inline]
    pub(super) fn occupy(&mut self) -> SeatId {
        let mut at = self.free;
        if let Some(entry) = self.entries.get(at as usize) {
            self.free = entry.links[AFTER];
        } else {
            at = u32::try_from(self.entries.len()).unwrap_or(NOBODY);
            assert!(at != NOBODY, "a lock has fewer than 2^32 - 1 followers");
            self.entries.push(Entry {
                seat: Seat::Free,
                links: [NOBODY; 2],
            });
        }
        self.occupied += 1;
        SeatId(at)
    }

    /// Frees a seat, and returns its content. When no seat is occupied any more, this frees the
    /// memory of the seats.
    #[inline]
    pub(super) fn vacate(&mut self, seat: SeatId) -> Seat<T> {
        let was = mem::replace(self.get(seat), Seat::Free);
        if let Seat::Waiting(_) = was {
            self.unlink(seat);
        }
        self.links(seat.0)[AFTER] = mem::replace(&mut self.free, seat.0);
        self.occupied -= 1;
        if self.occupied == 0 {
            *self = Self::new();
        }
        was
    }

    /// Empties the queue, in order. `f` says what each seat becomes.
    pub(super) fn drain(&mut self, mut f: impl FnMut(SeatId, Option<Waker>) -> Seat<T>) {
        let mut at = mem::replace(&mut self.ends, [NOBODY; 2])[AFTER];
        while let Some(Entry { seat, links }) = self.entries.get_mut(at as usize) {
            if let Seat::Waiting(waker) = seat {
                let waker = waker.take();
                // The old seat owns nothing any more, so `forget` only saves the destructor's check.
                mem::forget(mem::replace(seat, f(SeatId(at), waker)));
            }
            at = links[AFTER];
        }
        self.asleep = NOBODY;
        self.waiting = 0;
    }
}
