//! [`Core`]: a lock without its public methods, and everything that happens while its mutex is free.
//!
//! `flight` decides under the mutex what a caller does next. This file carries the decision out for
//! the leaders and drivers: it polls, clones, drops and wakes. User code may panic, or use the lock
//! again, so the guards [`LoseLeader`] and [`LoseRun`] keep the lock consistent.

use crate::lock::cancelled::Cancelled;
use crate::lock::flight::{
    Aftermath, BoxFuture, FlightId, Leader, Notifier, Role, SeatId, State, Wakers,
};
use crate::lock::lead::Lead;
use crate::lock::stack::StackToken;
use crate::sync::panics::{Panics, swallow};
use crate::sync::{Arc, Mutex};
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use std::vec::Vec;

/// What [`SmartLock`](crate::SmartLock) and the entries of a map have in common.
pub(crate) struct Core<T> {
    /// The word of a lone leader. It is in use while there are no followers.
    word: Lead,
    /// The mutex protects everything else that the lock knows. [`Core::with`] takes the mutex.
    state: Mutex<State<T>>,
}

/// A guard for a leader. Dropping the guard means that the leader was dropped or panics: the lock
/// wakes a follower, which leads next.
pub(super) struct LoseLeader<'l, T> {
    pub(super) core: &'l Core<T>,
    pub(super) leader: Leader,
}

impl<T> Drop for LoseLeader<'_, T> {
    fn drop(&mut self) {
        let lost = self
            .core
            .change(&mut self.leader, Lead::give_back, State::lose);
        if let Some(after) = lost {
            self.core.finish(after);
        }
    }
}

/// A guard for the poll of a leader or a driver. If the poll panics, the guard drops the future and
/// then wakes a follower, so two futures never overlap.
pub(super) struct LoseRun<'l, 'f, T, Fut> {
    pub(super) running: Pin<&'f mut Option<Fut>>,
    pub(super) _lost: LoseLeader<'l, T>,
}

impl<T, Fut> Drop for LoseRun<'_, '_, T, Fut> {
    fn drop(&mut self) {
        // The thread is unwinding, so another panic from this destructor would abort the process.
        swallow(|| self.clear());
    }
}

impl<T, Fut> LoseRun<'_, '_, T, Fut> {
    /// Drops the future. It is a function of its own, because a debug build has stack for a `None` of
    /// that size here.
    pub(super) fn clear(&mut self) {
        self.running.set(None);
    }
}

impl<T> Core<T> {
    #[cfg(not(smartasync_model))]
    pub(crate) const fn new() -> Self {
        Self {
            word: Lead::new(),
            state: Mutex::new(State::new()),
        }
    }

    #[cfg(smartasync_model)]
    pub(crate) fn new() -> Self {
        Self {
            word: Lead::new(),
            state: Mutex::new(State::new()),
        }
    }

    /// Calls `f` under the mutex. The lead is seized meanwhile, so every caller has to take the
    /// mutex to become the leader or to stop leading.
    #[inline]
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut State<T>) -> R) -> R {
        let mut state = self.state.lock();
        if let Some(polling) = self.word.seize() {
            state.adopt_lone(polling);
        }
        let result = f(&mut state);
        if state.is_idle() {
            self.word.release();
        }
        result
    }

    /// Makes the caller that is polled here the lone leader if the lock is idle.
    #[inline]
    pub(super) fn lead_alone(&self) -> bool {
        self.word.take(StackToken::current())
    }

    /// Changes the word of a lone leader. If the word is seized, this calls `f` under the mutex
    /// instead, and returns its result.
    #[inline]
    fn change<R>(
        &self,
        leader: &mut Leader,
        word: impl FnOnce(&Lead, StackToken) -> bool,
        f: impl FnOnce(&mut State<T>, FlightId) -> R,
    ) -> Option<R> {
        if leader.is_none() && word(&self.word, StackToken::current()) {
            return None;
        }
        Some(self.with_flight(leader, f))
    }

    #[inline(never)]
    fn with_flight<R>(
        &self,
        leader: &mut Leader,
        f: impl FnOnce(&mut State<T>, FlightId) -> R,
    ) -> R {
        self.with(|state| {
            let flight = *leader.get_or_insert_with(|| state.take_lone());
            f(state, flight)
        })
    }

    /// Gives a new caller a seat, if a leader runs its own future and the call is no re-entry.
    #[inline(never)]
    pub(super) fn follow(&self, own: &Waker) -> Option<SeatId> {
        // The clone is user code, so it is made and dropped while the mutex is free.
        let mut waker = Some(own.clone());
        self.with(|state| state.join(StackToken::current(), &mut waker))
    }

    /// Takes the value out of a seat, if it has one. Such a seat has no influence on who leads, so
    /// this does not seize the lead.
    #[inline(never)]
    pub(super) fn collect(&self, seat: SeatId) -> Option<T> {
        self.state.lock().collect(seat)
    }

    /// Makes the polled caller the leader of `flight`, and drops the wakers that it had.
    pub(super) fn lead(&self, flight: FlightId, wakers: Wakers<T>) -> Leader {
        let leader = Some(flight);
        let lost = LoseLeader { core: self, leader };
        drop(wakers);
        mem::forget(lost);
        leader
    }

    /// Records that this thread is about to poll or drop the leader.
    pub(super) fn enter(&self, leader: &mut Leader) {
        let thread = Some(StackToken::current());
        self.change(leader, Lead::resume, |state, flight| {
            state.set_polling(flight, thread)
        });
    }

    /// Records that the poll of the leader has returned `Pending`.
    #[inline]
    pub(super) fn exit(&self, leader: &mut Leader) {
        self.change(leader, Lead::suspend, |state, flight| {
            state.set_polling(flight, None)
        });
    }

    pub(crate) fn reset(&self) {
        self.finish(self.with(State::reset));
    }

    /// Resets the lock and closes it. A call without a seat then has to look up its key again.
    pub(crate) fn close(&self, panics: &mut Panics) {
        self.with(State::close).settle(panics);
    }

    pub(crate) fn is_running(&self) -> bool {
        self.with(|state| state.is_led())
    }

    pub(crate) fn waiters(&self) -> usize {
        self.with(|state| state.waiting())
    }

    /// Calls [`settle`](Core::settle), and then resumes the first panic.
    pub(super) fn finish(&self, after: Aftermath<T>) {
        let mut panics = Panics::default();
        self.settle(after, &mut panics);
        panics.resume();
    }

    /// Does what is in `after`, while the mutex is free. Whoever leads next does not have to wait for
    /// the destructors.
    fn settle(&self, mut after: Aftermath<T>, panics: &mut Panics) {
        after.wake(panics);
        if after.hands_over {
            self.hand_over(panics);
        }
        after.settle(panics);
    }

    /// Chooses a follower to lead and wakes it. If its waker panics, this chooses the next follower.
    pub(super) fn hand_over(&self, panics: &mut Panics) {
        let mut failed = None;
        while let Some((seat, waker)) = self.with(|state| state.choose(failed)) {
            if panics.catch(|| waker.wake()) {
                return;
            }
            failed = Some(seat);
        }
    }
}

impl<T: Clone> Core<T> {
    /// Polls a shared future, and parks it or ends its flight. The caller of this function has set
    /// the role to `Ended`, so the call has ended if the poll panics.
    pub(super) fn drive(
        &self,
        role: &mut Role,
        mut leader: Leader,
        future: BoxFuture<T>,
        notifier: Arc<Notifier>,
        own: &Waker,
    ) -> Poll<Result<T, Cancelled>> {
        let mut future = Some(future);
        let mut run = LoseRun {
            running: Pin::new(&mut future),
            _lost: LoseLeader { core: self, leader },
        };
        let waker = Waker::from(notifier.clone());
        let running = run.running.as_mut().as_pin_mut();
        let running = running.expect("a driver has the future");
        if let Poll::Ready(value) = running.poll(&mut Context::from_waker(&waker)) {
            run.clear();
            mem::forget(run);
            self.complete(leader, &value);
            return Poll::Ready(Ok(value));
        }
        // The clones are user code, so the guard is still there. A clone whose destructor panics must
        // not be there during the poll.
        let wakers = [own.clone(), own.clone()];
        mem::forget(run);
        let future = future.take().expect("the future is not ready");
        let (seat, after) = self.with_flight(&mut leader, |state, flight| {
            state.park(flight, future, notifier, wakers)
        });
        *role = Role::Follower(seat);
        // If the future was woken during its poll, every registered caller has to be woken. The
        // driver may never be polled again.
        self.finish(after);
        Poll::Pending
    }

    /// Ends the flight of a leader that is done, and gives each follower a clone of `value`.
    #[inline]
    pub(super) fn complete(&self, leader: Leader, value: &T) {
        if leader.is_some() || !self.word.give_back(StackToken::current()) {
            self.complete_followed(leader, value);
        }
    }

    #[inline(never)]
    fn complete_followed(&self, mut leader: Leader, value: &T) {
        let (audience, after) = self.with_flight(&mut leader, State::complete);
        let mut panics = Panics::default();
        self.settle(after, &mut panics);
        let mut values = Vec::with_capacity(audience.seats.len());
        panics.catch(|| values.extend(audience.seats.iter().map(|_| value.clone())));
        let after = self.with(|state| state.deliver(audience, values));
        self.settle(after, &mut panics);
        panics.resume();
    }
}
