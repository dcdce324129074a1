//! The futures of `run_once` and `run_shared`, and everything that happens while the mutex is free.
//!
//! `flight` decides under the mutex what a polled caller does next. This file carries the decision
//! out. It runs all user code: closures, polls, `Clone`, `Drop` and wakers. User code may panic, or
//! use the lock again, so guards such as `LoseLeader` keep the lock consistent.
//!
//! A poll goes through these steps:
//!
//! 1. An idle lock gives its lead to a `run_once` call with one exchange of `Core::lead`.
//! 2. Otherwise `answer_usual` tries the two most common cases: a new call follows, or a follower
//!    collects its value.
//! 3. Otherwise `seek` asks the lock until the call leads or has an answer for its poll.
//! 4. A leader polls its future. When the future is ready, `Delivery` gives each follower a clone.

use crate::call::Work;
use crate::call::work::Sealed;
use crate::executor;
use crate::lock::flight::{
    Admission, Aftermath, BoxFuture, Caller, Chosen, Drive, Due, FlightId, Flights, Notifier,
    SeatId, Wakers,
};
use crate::lock::lead::{Lead, Seized};
use crate::lock::stack::StackToken;
use crate::sync::panics::{Panics, swallow};
use crate::sync::{Arc, Mutex, MutexGuard};
use core::error::Error;
use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::ops::{ControlFlow, Deref, DerefMut};
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use pin_project_lite::pin_project;
use std::boxed::Box;
use std::vec::Vec;

/// What [`SmartLock`](crate::SmartLock) and the entries of a map have in common: a lock without its
/// public methods.
pub(crate) struct Core<T> {
    /// The word of a lone leader. It is in use while there are no followers.
    lead: Lead,
    /// The mutex protects everything else that the lock knows. [`Core::lock`] takes the mutex.
    flights: Mutex<Flights<T>>,
}

/// A guard of the lock's mutex.
///
/// INVARIANT: the lead is seized while this guard exists, so every caller has to take the mutex to
/// become the leader or to stop leading.
struct Locked<'l, T> {
    lead: &'l Lead,
    flights: MutexGuard<'l, Flights<T>>,
}

impl<T> Deref for Locked<'_, T> {
    type Target = Flights<T>;

    fn deref(&self) -> &Flights<T> {
        &self.flights
    }
}

impl<T> DerefMut for Locked<'_, T> {
    fn deref_mut(&mut self) -> &mut Flights<T> {
        &mut self.flights
    }
}

impl<T> Drop for Locked<'_, T> {
    fn drop(&mut self) {
        if self.flights.is_idle() {
            self.lead.release();
        }
    }
}

/// What a leader knows about its flight.
#[derive(Clone, Copy)]
enum Leader {
    /// The leader was alone when it last used the lock. Its flight gets a number when another
    /// caller seizes the lead.
    Lone,
    /// The leader leads this flight.
    Of(FlightId),
}

impl Leader {
    /// Returns the number of the flight. A lone leader learns the number here.
    fn flight<T>(&mut self, flights: &mut Flights<T>) -> FlightId {
        match *self {
            Self::Of(flight) => flight,
            Self::Lone => {
                let flight = flights.take_lone();
                *self = Self::Of(flight);
                flight
            }
        }
    }
}

/// How a call reaches its lock.
pub(crate) trait Handle<T> {
    /// Returns the lock. The first poll of the call is the first to use this method.
    fn core(&self) -> &Core<T>;

    /// Releases the lock, because the call has ended, or because the lock is closed.
    fn release(&mut self) {}
}

impl<T> Handle<T> for &Core<T> {
    #[inline]
    fn core(&self) -> &Core<T> {
        self
    }
}

/// The role of a call in its lock.
#[derive(Clone, Copy)]
enum Role {
    /// The call has no seat and does not lead: it was not polled yet, or its lock was closed.
    Fresh,
    /// The call has this seat. The driver of a shared future has a seat too.
    Follower(SeatId),
    /// The call runs its own future.
    Leader(Leader),
    /// The call has returned its output, or has lost the output in a panic.
    Ended,
}

pin_project! {
    /// The future of `run_once`. While the call leads, it owns the future that it runs.
    pub(crate) struct RunOnce<L, T, F, Fut>
    where
        L: Handle<T>,
        Fut: Future<Output = T>,
    {
        lock: L,
        role: Role,
        f: Option<F>,
        #[pin]
        running: Option<Fut>,
    }

    impl<L, T, F, Fut> PinnedDrop for RunOnce<L, T, F, Fut>
    where
        L: Handle<T>,
        Fut: Future<Output = T>,
    {
        fn drop(this: Pin<&mut Self>) {
            if !matches!(this.role, Role::Fresh | Role::Ended) {
                this.abandon();
            }
        }
    }
}

impl<L, T, F, Fut> RunOnce<L, T, F, Fut>
where
    L: Handle<T>,
    Fut: Future<Output = T>,
{
    #[inline]
    pub(crate) const fn new(lock: L, f: F) -> Self {
        Self {
            lock,
            role: Role::Fresh,
            f: Some(f),
            running: None,
        }
    }

    /// Takes the call out of its lock, because the call is dropped before it has ended.
    #[inline(never)]
    fn abandon(self: Pin<&mut Self>) {
        let mut this = self.project();
        match *this.role {
            Role::Fresh | Role::Ended => {}
            Role::Follower(seat) => leave(this.lock, seat),
            Role::Leader(leader) => {
                // The flight lasts until its future is dropped, so two futures never overlap. The
                // drop counts as a poll of the leader, so a call from the future's destructor is a
                // re-entry.
                let core = this.lock.core();
                let mut lost = LoseLeader { core, leader };
                core.enter_leader(&mut lost.leader);
                this.running.set(None);
            }
        }
    }
}

/// The future of `run_shared`. The lock owns the future that the call runs.
pub(crate) struct RunShared<L: Handle<T>, T, F> {
    lock: L,
    role: Role,
    f: Option<F>,
    output: PhantomData<fn() -> T>,
}

impl<L: Handle<T>, T, F> RunShared<L, T, F> {
    pub(crate) const fn new(lock: L, f: F) -> Self {
        Self {
            lock,
            role: Role::Fresh,
            f: Some(f),
            output: PhantomData,
        }
    }
}

// `RunShared` never pins one of its fields.
impl<L: Handle<T>, T, F> Unpin for RunShared<L, T, F> {}

impl<L: Handle<T>, T, F> Drop for RunShared<L, T, F> {
    fn drop(&mut self) {
        if let Role::Follower(seat) = self.role {
            leave(&mut self.lock, seat);
        }
    }
}

/// Gives up the seat of a call that is dropped.
fn leave<L: Handle<T>, T>(lock: &mut L, seat: SeatId) {
    let after = lock.core().lock().leave(seat);
    if after.next.is_some() {
        return lock.core().finish(after);
    }
    // A map removes the key here, before the destructor of the shared future runs.
    lock.release();
    drop(after);
}

/// A guard for a leader. Dropping the guard means that the leader was dropped or panics: the lock
/// wakes a follower, which leads next.
struct LoseLeader<'l, T> {
    core: &'l Core<T>,
    leader: Leader,
}

impl<T> Drop for LoseLeader<'_, T> {
    fn drop(&mut self) {
        self.core.lose_leader(self.leader);
    }
}

/// A guard for the poll of a leader. If the poll panics, the guard drops the leader's future and
/// then wakes a follower, so two futures never overlap.
struct LoseRun<'l, 'f, T, Fut> {
    running: Pin<&'f mut Option<Fut>>,
    _lost: LoseLeader<'l, T>,
}

impl<T, Fut> Drop for LoseRun<'_, '_, T, Fut> {
    fn drop(&mut self) {
        // The thread is unwinding, so another panic from this destructor would abort the process.
        swallow(|| self.running.set(None));
    }
}

/// A guard for the poll of a shared future. If the poll panics, the guard ends the flight.
struct LoseDrive<'l, T> {
    core: &'l Core<T>,
    seat: SeatId,
    flight: FlightId,
}

impl<T> Drop for LoseDrive<'_, T> {
    fn drop(&mut self) {
        let (_, after) = self.core.lock().end_shared(self.seat, self.flight, true);
        self.core.finish(after);
    }
}

impl<T> Core<T> {
    #[cfg(not(smartasync_model))]
    pub(crate) const fn new() -> Self {
        Self {
            lead: Lead::new(),
            flights: Mutex::new(Flights::new()),
        }
    }

    #[cfg(smartasync_model)]
    pub(crate) fn new() -> Self {
        Self {
            lead: Lead::new(),
            flights: Mutex::new(Flights::new()),
        }
    }

    /// Locks the mutex and seizes the lead.
    fn lock(&self) -> Locked<'_, T> {
        let mut flights = self.flights.lock();
        if !self.lead.is_seized() {
            if let Seized::Leader { polling } = self.lead.seize() {
                flights.adopt_lone(polling);
            }
        }
        Locked {
            lead: &self.lead,
            flights,
        }
    }

    /// Records that this thread is about to poll or drop the leader.
    #[inline]
    fn enter_leader(&self, leader: &mut Leader) {
        if !(matches!(leader, Leader::Lone) && self.lead.resume(StackToken::current())) {
            self.enter_followed_leader(leader);
        }
    }

    #[inline(never)]
    fn enter_followed_leader(&self, leader: &mut Leader) {
        let mut flights = self.lock();
        let flight = leader.flight(&mut flights);
        flights.enter_leader(flight, StackToken::current());
    }

    /// Records that the poll of the leader has returned `Pending`.
    #[inline]
    fn leave_leader(&self, leader: &mut Leader) {
        if !(matches!(leader, Leader::Lone) && self.lead.suspend(StackToken::current())) {
            self.leave_followed_leader(leader);
        }
    }

    #[inline(never)]
    fn leave_followed_leader(&self, leader: &mut Leader) {
        let mut flights = self.lock();
        let flight = leader.flight(&mut flights);
        flights.leave_leader(flight);
    }

    /// Ends the flight of a leader that was dropped or panics, and wakes a follower to lead.
    fn lose_leader(&self, mut leader: Leader) {
        if matches!(leader, Leader::Lone) && self.lead.give_back(StackToken::current()) {
            return;
        }
        let mut flights = self.lock();
        let flight = leader.flight(&mut flights);
        let next = flights.lose_leader(flight);
        drop(flights);
        self.finish(Aftermath {
            next,
            ..Aftermath::NOTHING
        });
    }

    pub(crate) fn reset(&self) {
        let after = self.lock().reset();
        self.finish(after);
    }

    /// Resets the lock and closes it. A call without a seat then has to look up its key again.
    pub(crate) fn close(&self, panics: &mut Panics) {
        let after = self.lock().close();
        self.settle(after, panics);
    }

    pub(crate) fn is_running(&self) -> bool {
        self.lead.is_taken().unwrap_or_else(|| self.lock().is_led())
    }

    pub(crate) fn waiters(&self) -> usize {
        self.lock().waiting()
    }

    /// Calls [`settle`](Core::settle), and then resumes the first panic.
    fn finish(&self, after: Aftermath<T>) {
        let mut panics = Panics::default();
        self.settle(after, &mut panics);
        panics.resume();
    }

    /// Wakes and drops everything in `after`, while the mutex is free.
    fn settle(&self, after: Aftermath<T>, panics: &mut Panics) {
        panics.wake_all(after.wakers);
        self.hand_over(after.next, panics);
        panics.catch(|| drop(after.unwanted));
    }

    /// Wakes the follower that was chosen to lead. If its waker panics, this chooses and wakes the
    /// next follower.
    fn hand_over(&self, chosen: Option<Chosen>, panics: &mut Panics) {
        let mut next = chosen;
        while let Some(Chosen { seat, waker }) = next {
            if panics.catch(|| waker.wake()) {
                return;
            }
            next = self.lock().choose_instead_of(seat);
        }
    }

    /// Asks the lock what the polled caller does next.
    ///
    /// This clones the waker of the caller only if the caller has to wait. The clone is user code,
    /// so the mutex is free meanwhile.
    fn admit(&self, caller: Caller<'_>, wakers: &mut Wakers) -> Admission<T> {
        let admission = self.lock().admit(caller, wakers);
        if !matches!(admission, Admission::BringWaker) {
            return admission;
        }
        wakers.fresh = Some(caller.own.clone());
        self.lock().admit(caller, wakers)
    }
}

impl<T: Clone> Core<T> {
    /// Gives the caller a seat, if a leader runs its own future and the call is no re-entry.
    /// Otherwise this returns the clone of the caller's waker.
    #[inline(never)]
    fn follow(&self, own: &Waker) -> Result<SeatId, Waker> {
        // The clone is user code, so it comes before the mutex is taken.
        let waker = own.clone();
        self.lock().follow(StackToken::current(), waker)
    }

    /// Takes the value from a seat, if the seat has a value.
    ///
    /// Such a seat has no influence on who leads, so this does not seize the lead.
    #[inline(never)]
    fn collect(&self, seat: SeatId) -> Option<T> {
        self.flights.lock().collect(seat)
    }

    /// Makes the flight of `leader` a shared flight that runs `future`.
    fn share(
        &self,
        mut leader: Leader,
        future: BoxFuture<T>,
        waker: Waker,
    ) -> (Drive<T>, Aftermath<T>) {
        let mut flights = self.lock();
        let flight = leader.flight(&mut flights);
        flights.share(flight, future, waker)
    }

    /// Polls a shared future, and puts it back or ends its flight.
    fn poll_shared(
        &self,
        role: &mut Role,
        own: &Waker,
        drive: Drive<T>,
    ) -> Poll<Result<T, Cancelled>> {
        let Drive { seat, flight, .. } = drive;
        // If the poll panics, `lost` ends the flight. `drive` is declared after `lost`, so the
        // future is dropped before another caller can lead.
        *role = Role::Ended;
        let lost = LoseDrive {
            core: self,
            seat,
            flight,
        };
        let mut drive = drive;
        drive.notifier.register(seat, own);
        drive.notifier.begin_poll();
        let waker = Waker::from(drive.notifier.clone());
        let Poll::Ready(value) = drive.future.as_mut().poll(&mut Context::from_waker(&waker))
        else {
            mem::forget(lost);
            *role = Role::Follower(seat);
            // If the future was woken during its poll, every registered caller has to be woken. The
            // driver may never be polled again.
            let wakers = self.lock().put_back_shared(drive);
            self.finish(Aftermath {
                wakers,
                ..Aftermath::NOTHING
            });
            return Poll::Pending;
        };
        drop(drive);
        mem::forget(lost);
        let (due, after) = self.lock().end_shared(seat, flight, false);
        let mut panics = Panics::default();
        self.settle(after, &mut panics);
        if let Some(due) = due {
            self.serve(due, &value);
        }
        panics.resume();
        Poll::Ready(Ok(value))
    }

    /// Ends the flight of a leader that is done, and gives each follower a clone of `value`.
    #[inline]
    fn complete(&self, leader: Leader, value: &T) {
        if !(matches!(leader, Leader::Lone) && self.lead.give_back(StackToken::current())) {
            self.complete_followed(leader, value);
        }
    }

    #[inline(never)]
    fn complete_followed(&self, mut leader: Leader, value: &T) {
        let mut flights = self.lock();
        let flight = leader.flight(&mut flights);
        let due = flights.complete(flight);
        drop(flights);
        if let Some(due) = due {
            self.serve(due, value);
        }
    }

    fn serve(&self, due: Due, value: &T) {
        let mut delivery = Delivery {
            core: self,
            values: Vec::with_capacity(due.seats.len()),
            due,
        };
        for _ in 0..delivery.due.seats.len() {
            delivery.values.push(value.clone());
        }
    }
}

/// The values for the followers of a leader that is done.
///
/// Dropping this delivers the values, also if a clone has panicked. A follower without a value then
/// waits again.
struct Delivery<'l, T> {
    core: &'l Core<T>,
    due: Due,
    values: Vec<T>,
}

impl<T> Drop for Delivery<'_, T> {
    fn drop(&mut self) {
        let mut wakers = Vec::with_capacity(self.due.seats.len());
        let mut unwanted = Vec::new();
        let mut values = self.values.drain(..);
        let mut flights = self.core.lock();
        for &seat in &self.due.seats {
            match values.next() {
                Some(value) => {
                    let (waker, surplus) = flights.serve(seat, value);
                    if let Some(waker) = waker {
                        wakers.push(waker);
                    }
                    if let Some(surplus) = surplus {
                        unwanted.push(surplus);
                    }
                }
                None => wakers.extend(flights.put_back(seat, &self.due)),
            }
        }
        let next = flights.choose_if_idle();
        drop(flights);
        let mut panics = Panics::default();
        self.core.settle(
            Aftermath {
                wakers,
                next,
                ..Aftermath::NOTHING
            },
            &mut panics,
        );
        for value in unwanted {
            panics.catch(|| drop(value));
        }
        panics.resume();
    }
}

/// Tries the two most common cases: a new call becomes a follower, or a follower collects its
/// value.
///
/// In every other case this returns the clone of the caller's waker, if it has made a clone.
///
/// Without this function a follower takes 1,109 instructions instead of 870, and a call without
/// contention takes 85 instead of 70.
#[inline]
fn answer_usual<L: Handle<T>, T: Clone>(
    lock: &mut L,
    role: &mut Role,
    own: &Waker,
) -> Result<Poll<Result<T, Cancelled>>, Option<Waker>> {
    match *role {
        Role::Fresh => {
            *role = Role::Follower(lock.core().follow(own).map_err(Some)?);
            Ok(Poll::Pending)
        }
        Role::Follower(seat) => {
            let value = lock.core().collect(seat).ok_or(None)?;
            *role = Role::Ended;
            lock.release();
            Ok(Poll::Ready(Ok(value)))
        }
        Role::Leader(_) | Role::Ended => Err(None),
    }
}

/// Asks the lock until the polled call leads, or has an answer for its poll.
///
/// A call that becomes the leader has the role `Ended` while it polls its future. So the call has
/// ended if this poll panics.
#[inline(never)]
fn seek<L: Handle<T>, T: Clone>(
    lock: &mut L,
    role: &mut Role,
    can_lead: bool,
    own: &Waker,
    fresh: Option<Waker>,
) -> ControlFlow<Poll<Result<T, Cancelled>>, Leader> {
    // These wakers are dropped after the role is set, because a waker's destructor may panic.
    let mut wakers = Wakers {
        fresh,
        ..Wakers::default()
    };
    let mut registered: Option<Arc<Notifier>> = None;
    let answer = loop {
        let core = lock.core();
        let seat = match *role {
            Role::Ended => panic!("a call of a `SmartLock` was polled after it had ended"),
            Role::Leader(mut leader) => {
                core.enter_leader(&mut leader);
                return ControlFlow::Continue(leader);
            }
            Role::Fresh => None,
            Role::Follower(seat) => Some(seat),
        };
        let admission = core.admit(
            Caller {
                seat,
                thread: StackToken::current(),
                own,
                can_lead,
            },
            &mut wakers,
        );
        *role = Role::Ended;
        break match admission {
            Admission::Lead(flight) => {
                let leader = Leader::Of(flight);
                let lost = LoseLeader { core, leader };
                drop(wakers);
                mem::forget(lost);
                return ControlFlow::Continue(leader);
            }
            Admission::Follow(at, notifier) => {
                *role = Role::Follower(at);
                if register(&mut registered, notifier, at, own) {
                    // The future may have been woken before this registration, so the loop asks the
                    // lock once more. The old waker is dropped here, while the mutex is free.
                    // Otherwise the next `admit` would replace and drop it under the mutex.
                    drop(mem::take(&mut wakers));
                    continue;
                }
                Poll::Pending
            }
            Admission::Drive(drive) => core.poll_shared(role, own, drive),
            Admission::Served(value) => Poll::Ready(Ok(value)),
            Admission::Reentrant => Poll::Ready(Err(Cancelled { by: Cause::Reentry })),
            Admission::Cancelled => Poll::Ready(Err(Cancelled { by: Cause::Reset })),
            Admission::Spent(next) => {
                core.finish(Aftermath {
                    next,
                    ..Aftermath::NOTHING
                });
                Poll::Ready(Err(Cancelled { by: Cause::Panic }))
            }
            Admission::Closed => {
                *role = Role::Fresh;
                lock.release();
                continue;
            }
            Admission::BringWaker => unreachable!("it brought one"),
        };
    };
    if answer.is_ready() {
        lock.release();
    }
    ControlFlow::Break(answer)
}

/// Has `notifier` wake the caller of the seat `at`, unless it is the `known` one, which does already.
/// Returns whether it registered.
#[inline(always)]
fn register(
    known: &mut Option<Arc<Notifier>>,
    notifier: Option<Arc<Notifier>>,
    at: SeatId,
    own: &Waker,
) -> bool {
    let known_at = known.as_ref().map(Arc::as_ptr);
    let Some(notifier) = notifier.filter(|notifier| known_at != Some(Arc::as_ptr(notifier))) else {
        return false;
    };
    notifier.register(at, own);
    *known = Some(notifier);
    true
}

impl<L, T, F, Fut> Future for RunOnce<L, T, F, Fut>
where
    L: Handle<T>,
    F: FnOnce() -> Fut,
    Fut: Future<Output = T>,
    T: Clone,
{
    type Output = Result<T, Cancelled>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // A closed lock stays seized for good. So a lock whose lead is free is still in its map.
        let mut leader = if matches!(this.role, Role::Fresh)
            && this.lock.core().lead.take(StackToken::current())
        {
            Leader::Lone
        } else {
            let fresh = match answer_usual(this.lock, this.role, cx.waker()) {
                Ok(answer) => return answer,
                Err(fresh) => fresh,
            };
            match seek(this.lock, this.role, true, cx.waker(), fresh) {
                ControlFlow::Continue(leader) => leader,
                ControlFlow::Break(answer) => return answer,
            }
        };
        let core = this.lock.core();
        // If the poll panics, the role stays `Ended`, and `run` ends the flight.
        *this.role = Role::Ended;
        let mut run = LoseRun {
            running: this.running,
            _lost: LoseLeader { core, leader },
        };
        if let Some(f) = this.f.take() {
            run.running.set(Some(f()));
        }
        let running = run
            .running
            .as_mut()
            .as_pin_mut()
            .expect("a leader has its future");
        let Poll::Ready(value) = running.poll(cx) else {
            mem::forget(run);
            core.leave_leader(&mut leader);
            *this.role = Role::Leader(leader);
            return Poll::Pending;
        };
        run.running.set(None);
        mem::forget(run);
        core.complete(leader, &value);
        this.lock.release();
        Poll::Ready(Ok(value))
    }
}

impl<L, T, F, Fut> Future for RunShared<L, T, F>
where
    L: Handle<T>,
    F: FnOnce() -> Fut,
    Fut: Future<Output = T> + Send + 'static,
    T: Clone,
{
    type Output = Result<T, Cancelled>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let fresh = match answer_usual(&mut this.lock, &mut this.role, cx.waker()) {
            Ok(answer) => return answer,
            Err(fresh) => fresh,
        };
        let answer = match seek(
            &mut this.lock,
            &mut this.role,
            this.f.is_some(),
            cx.waker(),
            fresh,
        ) {
            ControlFlow::Break(answer) => return answer,
            ControlFlow::Continue(leader) => {
                let core = this.lock.core();
                this.role = Role::Ended;
                let lost = LoseLeader { core, leader };
                let f = this.f.take().expect("it leads once");
                let future = Box::pin(f());
                let waker = cx.waker().clone();
                // Both results are bound, so their parts are dropped after the mutex is released.
                let (drive, after) = core.share(leader, future, waker);
                mem::forget(lost);
                let mut panics = Panics::default();
                core.settle(after, &mut panics);
                let answer = core.poll_shared(&mut this.role, cx.waker(), drive);
                panics.resume();
                answer
            }
        };
        if answer.is_ready() {
            this.lock.release();
        }
        answer
    }
}

impl<L: Handle<T>, T, F, Fut: Future<Output = T>> Sealed for RunOnce<L, T, F, Fut> {}

impl<L: Handle<T>, T, F> Sealed for RunShared<L, T, F> {}

impl<L, T, F, Fut> Work for RunOnce<L, T, F, Fut>
where
    L: Handle<T>,
    Fut: Future<Output = T>,
    Self: Future,
{
    #[inline]
    #[track_caller]
    fn run(self, asks: bool) -> Self::Output {
        run(self, asks)
    }
}

impl<L, T, F> Work for RunShared<L, T, F>
where
    L: Handle<T>,
    Self: Future,
{
    #[track_caller]
    fn run(self, asks: bool) -> Self::Output {
        run(self, asks)
    }
}

/// Waits for a call. Without `asks`, the call is in the sync copy of a `#[maybe_async]` body. Its
/// closure is then a part of the sync copy, so the closure may wait.
#[inline]
#[track_caller]
fn run<F: Future>(call: F, asks: bool) -> F::Output {
    if asks {
        executor::wait(call, true)
    } else {
        executor::wait_for_own(call)
    }
}

/// The error of a call on a [`SmartLock`](crate::SmartLock) or
/// [`SmartLockMap`](crate::SmartLockMap).
///
/// A call gets this error in three cases:
///
/// - The call was a follower when the lock was reset.
/// - The call would have waited for itself.
/// - The call's shared future panicked in another caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled {
    by: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Reset,
    Reentry,
    Panic,
}

impl Cancelled {
    /// Returns whether the call would have waited for itself.
    ///
    /// The call was polled inside its own leader's poll, or finished with `.wait()` on a stack that
    /// had the leader's poll below it.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::SmartLock;
    ///
    /// let lock = SmartLock::new();
    /// let outer = lock.run_once(|| async {
    ///     let inner = lock.run_once(|| async { false }).await;
    ///     inner.unwrap_err().is_reentrant()
    /// });
    /// assert_eq!(outer.wait(), Ok(true));
    /// ```
    #[must_use]
    pub const fn is_reentrant(&self) -> bool {
        matches!(self.by, Cause::Reentry)
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.by {
            Cause::Reset => "the lock was reset while the call waited",
            Cause::Reentry => "the call came from inside the run that it would have waited for",
            Cause::Panic => "the future that the call had brought panicked in another caller",
        })
    }
}

impl Error for Cancelled {}
