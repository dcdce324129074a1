//! The futures of `run_once` and `run_shared`: how a polled caller boards a flight, leads or follows, and what becomes of the others.
//!
//! All that is decided under the mutex stands in `flight`. Here is what happens with the mutex free: user code (closures, futures, `Clone`,
//! `Drop`, wakers), which may panic or use the lock again at any of these points.

use crate::flight::{Admission, Caller, Chosen, Due, FlightId, Flights, Landed, Notifier, Reset, Ride, SeatId, Wakers};
use crate::panics::Panics;
use crate::park::thread_token;
use crate::sync::{Arc, Mutex};
use core::error::Error;
use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use pin_project_lite::pin_project;
use std::boxed::Box;
use std::vec::Vec;

/// A lock without its API.
pub(crate) struct Core<T> {
    /// Protects all that the lock knows.
    flights: Mutex<Flights<T>>,
}

/// How a call gets at its lock.
pub(crate) trait Handle<T> {
    /// The lock. First called when the call is first polled.
    fn core(&self) -> &Core<T>;

    /// The call has ended and does not need the lock any more.
    fn release(&mut self) {}
}

impl<T> Handle<T> for &Core<T> {
    #[inline]
    fn core(&self) -> &Core<T> {
        self
    }
}

/// What a call is, on its lock.
#[derive(Clone, Copy)]
enum Role {
    /// Not polled yet.
    Fresh,
    /// Waits in this seat.
    Follower(SeatId),
    /// Runs its own future.
    Leader(FlightId),
    /// Has given its output, or lost it in a panic.
    Ended,
}

pin_project! {
    /// The future of `run_once`. Where it leads, it owns the future that it runs.
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
            let mut this = this.project();
            match *this.role {
                Role::Fresh | Role::Ended => {}
                Role::Follower(seat) => this.lock.core().leave(seat),
                Role::Leader(flight) => {
                    // The flight lasts until the future is gone: two never overlap. A call from its destructor is a re-entry.
                    let core = this.lock.core();
                    let _lost = LoseLeader { core, flight };
                    core.flights.lock().enter_leader(flight, thread_token());
                    this.running.set(None);
                }
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
        Self { lock, role: Role::Fresh, f: Some(f), running: None }
    }
}

/// The future of `run_shared`. The future that it runs belongs to the lock.
pub(crate) struct RunShared<L: Handle<T>, T, F> {
    lock: L,
    role: Role,
    f: Option<F>,
    output: PhantomData<fn() -> T>,
}

impl<L: Handle<T>, T, F> RunShared<L, T, F> {
    pub(crate) const fn new(lock: L, f: F) -> Self {
        Self { lock, role: Role::Fresh, f: Some(f), output: PhantomData }
    }
}

// Nothing in it is ever pinned.
impl<L: Handle<T>, T, F> Unpin for RunShared<L, T, F> {}

impl<L: Handle<T>, T, F> Drop for RunShared<L, T, F> {
    fn drop(&mut self) {
        if let Role::Follower(seat) = self.role {
            self.lock.core().leave(seat);
        }
    }
}

/// Hands over when it is dropped: its leader was dropped or panics.
struct LoseLeader<'l, T> {
    core: &'l Core<T>,
    flight: FlightId,
}

impl<T> Drop for LoseLeader<'_, T> {
    fn drop(&mut self) {
        let next = self.core.flights.lock().lose_leader(self.flight);
        let mut panics = Panics::default();
        self.core.hand_over(next, &mut panics);
        panics.resume();
    }
}

/// Ends a shared flight when it is dropped: its future panics.
struct LoseRide<'l, T> {
    core: &'l Core<T>,
    seat: SeatId,
    flight: FlightId,
}

impl<T> Drop for LoseRide<'_, T> {
    fn drop(&mut self) {
        let Landed { next, unwanted, .. } = self.core.flights.lock().land(self.seat, self.flight, true);
        let mut panics = Panics::default();
        self.core.hand_over(next, &mut panics);
        panics.catch(|| drop(unwanted));
        panics.resume();
    }
}

impl<T> Core<T> {
    #[cfg(not(smartasync_model))]
    pub(crate) const fn new() -> Self {
        Self { flights: Mutex::new(Flights::new()) }
    }

    #[cfg(smartasync_model)]
    pub(crate) fn new() -> Self {
        Self { flights: Mutex::new(Flights::new()) }
    }

    pub(crate) fn reset(&self) {
        let reset = self.flights.lock().reset();
        let mut panics = Panics::default();
        Self::after_reset(reset, &mut panics);
        panics.resume();
    }

    /// Resets the lock for good: callers that come anew are told to look for another.
    pub(crate) fn close(&self, panics: &mut Panics) {
        let reset = self.flights.lock().close();
        Self::after_reset(reset, panics);
    }

    fn after_reset(reset: Reset<T>, panics: &mut Panics) {
        panics.wake_all(reset.wakers);
        panics.catch(|| drop(reset.unwanted));
    }

    pub(crate) fn is_running(&self) -> bool {
        self.flights.lock().is_led()
    }

    pub(crate) fn waiters(&self) -> usize {
        self.flights.lock().waiting()
    }

    fn leave(&self, seat: SeatId) {
        let left = self.flights.lock().leave(seat);
        let mut panics = Panics::default();
        self.hand_over(left.next, &mut panics);
        panics.catch(|| drop(left.unwanted));
        panics.resume();
    }

    /// Wakes the follower that was chosen to lead; if its waker panics, the next one.
    fn hand_over(&self, chosen: Option<Chosen>, panics: &mut Panics) {
        let mut next = chosen;
        while let Some(Chosen { seat, waker }) = next {
            if panics.catch(|| waker.wake()) {
                return;
            }
            next = self.flights.lock().choose_instead_of(seat);
        }
    }

    /// Admits a caller; clones its waker only if it has to wait, and then with the lock free.
    fn admit(&self, caller: Caller<'_>, wakers: &mut Wakers) -> Admission<T> {
        let admission = self.flights.lock().admit(caller, wakers);
        if !matches!(admission, Admission::BringWaker) {
            return admission;
        }
        wakers.fresh = Some(caller.own.clone());
        self.flights.lock().admit(caller, wakers)
    }
}

/// What a polled caller is to do: lead this flight, return this from its poll, or look elsewhere.
enum Boarded<T> {
    Lead(FlightId),
    Answer(Poll<Result<T, Cancelled>>),
    /// Look for another lock: this one is out of its map.
    Closed,
}

impl<T: Clone> Core<T> {
    /// Settles the role of a caller that is polled.
    #[inline]
    fn board(&self, role: &mut Role, can_lead: bool, own: &Waker, wakers: &mut Wakers) -> Boarded<T> {
        if let Role::Fresh = role {
            let mut flights = self.flights.lock();
            if flights.is_closed() {
                return Boarded::Closed;
            }
            let leads = flights.lead(thread_token());
            drop(flights);
            if let Some(flight) = leads {
                return Boarded::Lead(flight);
            }
        }
        self.board_as_follower(role, can_lead, own, wakers)
    }

    #[inline(never)]
    fn board_as_follower(&self, role: &mut Role, can_lead: bool, own: &Waker, wakers: &mut Wakers) -> Boarded<T> {
        let seat = if let Role::Follower(seat) = *role { Some(seat) } else { None };
        let mut caller = Caller { seat, thread: thread_token(), own, can_lead };
        let mut registered: Option<Arc<Notifier>> = None;
        loop {
            let admission = self.admit(caller, wakers);
            *role = Role::Ended;
            return Boarded::Answer(match admission {
                Admission::Lead(flight) => return Boarded::Lead(flight),
                Admission::Follow(at, notifier) => {
                    *role = Role::Follower(at);
                    let known = registered.as_ref().map(Arc::as_ptr);
                    if let Some(notifier) = notifier.filter(|notifier| known != Some(Arc::as_ptr(notifier))) {
                        // The future may have been woken before this, so the lock is asked once more.
                        notifier.register(at, own);
                        caller.seat = Some(at);
                        registered = Some(notifier);
                        // Its old waker is dropped here, with the mutex free, not when the next answer replaces it.
                        drop(mem::take(wakers));
                        continue;
                    }
                    Poll::Pending
                }
                Admission::Drive(ride) => self.drive(role, own, ride),
                Admission::Served(value) => Poll::Ready(Ok(value)),
                Admission::Reentrant => Poll::Ready(Err(Cancelled { by: Cause::Reentry })),
                Admission::Cancelled => Poll::Ready(Err(Cancelled { by: Cause::Reset })),
                Admission::Spent(next) => {
                    let mut panics = Panics::default();
                    self.hand_over(next, &mut panics);
                    panics.resume();
                    Poll::Ready(Err(Cancelled { by: Cause::Panic }))
                }
                Admission::Closed => {
                    *role = Role::Fresh;
                    return Boarded::Closed;
                }
                Admission::BringWaker => unreachable!("it brought one"),
            });
        }
    }

    /// Polls a shared future.
    fn drive(&self, role: &mut Role, own: &Waker, ride: Ride<T>) -> Poll<Result<T, Cancelled>> {
        let Ride { seat, flight, .. } = ride;
        // Until the poll has gone well, the flight is as good as lost. The future is dropped before another can lead.
        *role = Role::Ended;
        let lost = LoseRide { core: self, seat, flight };
        let mut ride = ride;
        ride.notifier.register(seat, own);
        ride.notifier.begin_poll();
        let waker = Waker::from(ride.notifier.clone());
        let Poll::Ready(value) = ride.future.as_mut().poll(&mut Context::from_waker(&waker)) else {
            mem::forget(lost);
            *role = Role::Follower(seat);
            // Whoever registered meanwhile found the future out, and may be the only one that is polled.
            let woken = self.flights.lock().park(ride);
            let mut panics = Panics::default();
            panics.wake_all(woken.into_iter().flatten());
            panics.resume();
            return Poll::Pending;
        };
        drop(ride);
        mem::forget(lost);
        let Landed { due, unwanted, .. } = self.flights.lock().land(seat, flight, false);
        let mut panics = Panics::default();
        panics.catch(|| drop(unwanted));
        if let Some(due) = due {
            self.serve(due, &value);
        }
        panics.resume();
        Poll::Ready(Ok(value))
    }

    /// The leader is done: serves its followers.
    #[inline]
    fn complete(&self, flight: FlightId, value: T) -> T {
        let due = self.flights.lock().complete(flight);
        if let Some(due) = due {
            self.serve(due, &value);
        }
        value
    }

    #[inline(never)]
    fn serve(&self, due: Due, value: &T) {
        let mut delivery = Delivery { core: self, values: Vec::with_capacity(due.seats.len()), due };
        for _ in 0..delivery.due.seats.len() {
            delivery.values.push(value.clone());
        }
    }
}

/// Values on their way to followers. When it is dropped, also because a clone panicked, each due follower has one or waits again.
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
        let mut flights = self.core.flights.lock();
        for &seat in &self.due.seats {
            match values.next() {
                Some(value) => {
                    let (waker, surplus) = flights.serve(seat, value);
                    wakers.extend(waker);
                    unwanted.extend(surplus);
                }
                None => wakers.extend(flights.put_back(seat, &self.due)),
            }
        }
        let chosen = flights.choose_if_idle();
        drop(flights);
        let mut panics = Panics::default();
        panics.wake_all(wakers);
        self.core.hand_over(chosen, &mut panics);
        for value in unwanted {
            panics.catch(|| drop(value));
        }
        panics.resume();
    }
}

impl<L, T, F, Fut> Future for RunOnce<L, T, F, Fut>
where
    L: Handle<T>,
    F: FnOnce() -> Fut,
    Fut: Future<Output = T>,
    T: Clone,
{
    type Output = Result<T, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // Dropped when the role is settled: a waker's destructor may panic.
        let mut wakers = Wakers::default();
        let flight = match *this.role {
            Role::Leader(flight) => {
                this.lock.core().flights.lock().enter_leader(flight, thread_token());
                flight
            }
            Role::Ended => panic!("a `run_once` call was polled after it had ended"),
            Role::Fresh | Role::Follower(_) => loop {
                match this.lock.core().board(this.role, true, cx.waker(), &mut wakers) {
                    Boarded::Lead(flight) => break flight,
                    Boarded::Closed => this.lock.release(),
                    Boarded::Answer(answer) => {
                        if answer.is_ready() {
                            this.lock.release();
                        }
                        return answer;
                    }
                }
            },
        };
        let core = this.lock.core();
        // Until the poll has gone well, the leader is as good as lost.
        *this.role = Role::Ended;
        let lost = LoseLeader { core, flight };
        drop(wakers);
        if let Some(f) = this.f.take() {
            this.running.set(Some(f()));
        }
        let running = this.running.as_mut().as_pin_mut().expect("a leader has its future");
        let Poll::Ready(value) = running.poll(cx) else {
            *this.role = Role::Leader(flight);
            mem::forget(lost);
            core.flights.lock().leave_leader(flight);
            return Poll::Pending;
        };
        this.running.set(None);
        mem::forget(lost);
        let value = core.complete(flight, value);
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
        // Dropped when the role is settled: a waker's destructor may panic.
        let mut wakers = Wakers::default();
        if let Role::Ended = this.role {
            panic!("a `run_shared` call was polled after it had ended");
        }
        let answer = loop {
            let core = this.lock.core();
            match core.board(&mut this.role, this.f.is_some(), cx.waker(), &mut wakers) {
                Boarded::Answer(answer) => break answer,
                Boarded::Closed => this.lock.release(),
                Boarded::Lead(flight) => {
                    this.role = Role::Ended;
                    let lost = LoseLeader { core, flight };
                    drop(wakers);
                    let f = this.f.take().expect("it leads once");
                    let future = Box::pin(f());
                    let waker = cx.waker().clone();
                    // Bound as a whole, so that nothing of it is dropped with the mutex held.
                    let (ride, shared) = core.flights.lock().share(flight, future, waker);
                    mem::forget(lost);
                    let mut panics = Panics::default();
                    shared.wake(&mut panics);
                    let answer = core.drive(&mut this.role, cx.waker(), ride);
                    panics.resume();
                    break answer;
                }
            }
        };
        if answer.is_ready() {
            this.lock.release();
        }
        answer
    }
}

/// The error of a call on a [`SmartLock`](crate::SmartLock): the call followed when the lock was reset, or would have waited for itself, or its
/// shared future panicked in another caller.
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
    /// Says whether the call came from inside its own leader's poll.
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
