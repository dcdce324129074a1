//! [`SmartLock`]: callers that come while one runs share its result.

use crate::call::{Call, Work, driven};
use crate::context::thread_token;
use crate::flight::{Admission, Due, FlightId, Flights, SeatId, Wakers};
use crate::sync::Mutex;
use core::any::Any;
use core::error::Error;
use core::fmt;
use core::mem;
use core::num::NonZeroUsize;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use pin_project_lite::pin_project;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;
use std::vec::Vec;

/// Coalesces concurrent callers: the first runs, those that come meanwhile get a clone of its result (singleflight).
///
/// Sync threads (`.wait()`) and async tasks (`.await`, on any mix of runtimes) coalesce on one lock. Nothing is cached: when the flight has
/// ended, the next caller runs anew. To keep values, store them yourself, in the closure, or use a cache.
///
/// Without contention a call allocates nothing. No user code (closures, `Clone`, `Drop`, wakers) runs while the lock is held inside, so
/// all of it may panic, block or use the lock again.
///
/// # When not to use it
///
/// To initialise a value once for good, `OnceLock` is simpler. To let one caller after the other in, use a mutex.
///
/// # Examples
///
/// ```
/// use smartasync::{SmartLock, block_on};
/// use std::cell::Cell;
///
/// let lock = SmartLock::new();
/// let runs = Cell::new(0);
/// let load = || async {
///     runs.set(runs.get() + 1);
///     futures_lite::future::yield_now().await;
///     "page"
/// };
///
/// let (one, two) = block_on(futures_lite::future::zip(lock.run_once(load), lock.run_once(load)));
/// assert_eq!((one, two), (Ok("page"), Ok("page")));
/// assert_eq!(runs.get(), 1);
/// ```
pub struct SmartLock<T> {
    /// Protects all that the lock knows.
    flights: Mutex<Flights<T>>,
}

impl<T> SmartLock<T> {
    /// A lock that nobody runs in.
    #[must_use]
    pub const fn new() -> Self {
        Self { flights: Mutex::new(Flights::new()) }
    }

    /// Runs `f` and its future, or waits for the result of the caller that runs already.
    ///
    /// The first caller that is polled leads: it calls its `f` and drives the future. Callers that come while it runs follow, and get a
    /// clone of its output. When a leader is dropped or panics, it hands over: one follower wakes and runs its own `f`, the others go on
    /// waiting. Whoever is polled first leads, so a chosen follower that nobody polls holds nobody up that comes anew. The panic itself
    /// goes on in the leader alone.
    ///
    /// # Errors
    ///
    /// [`Cancelled`] for a follower when [`reset`](SmartLock::reset) is called, and for a call that is polled from inside its own leader's
    /// poll: it would wait for itself.
    ///
    /// # Cancel safety
    ///
    /// A follower may be dropped at any time. A dropped leader loses what its future has done so far.
    ///
    /// # Panics
    ///
    /// Where `f`, its future, or the output's `Clone` panics. If `Clone` panics, the followers that have no value yet go on waiting, and
    /// one of them leads.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::SmartLock;
    ///
    /// static LOCK: SmartLock<u32> = SmartLock::new();
    ///
    /// assert_eq!(LOCK.run_once(|| async { 1 }).wait(), Ok(1));
    /// assert_eq!(LOCK.run_once(|| async { 2 }).wait(), Ok(2));
    /// ```
    pub fn run_once<F, Fut>(&self, f: F) -> Call<impl Work<Output = Result<T, Cancelled>>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = T>,
        T: Clone,
    {
        driven(RunOnce { lock: self, role: Role::Fresh, f: Some(f), running: None })
    }

    /// Cancels the followers: each gets [`Cancelled`]. A running leader keeps its own result, and the next caller leads a new flight.
    ///
    /// A follower whose value was delivered already keeps it.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{SmartLock, block_on};
    /// use futures_lite::future::{pending, poll_once};
    ///
    /// let lock = SmartLock::new();
    /// block_on(async {
    ///     let mut leader = Box::pin(lock.run_once(|| pending::<u32>()));
    ///     let mut follower = Box::pin(lock.run_once(|| async { 1 }));
    ///     assert!(poll_once(&mut leader).await.is_none());
    ///     assert!(poll_once(&mut follower).await.is_none());
    ///     lock.reset();
    ///     assert!(follower.await.is_err());
    ///     assert_eq!(lock.run_once(|| async { 2 }).await, Ok(2));
    /// });
    /// ```
    pub fn reset(&self) {
        let wakers = self.flights.lock().reset();
        let mut panics = Panics::default();
        for waker in wakers {
            panics.catch(|| waker.wake());
        }
        panics.resume();
    }

    /// Says whether a caller leads now. Between a lost leader and the poll of the next one, nobody does.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.flights.lock().is_led()
    }

    /// How many followers wait now.
    #[must_use]
    pub fn waiters(&self) -> usize {
        self.flights.lock().waiting()
    }
}

impl<T> Default for SmartLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for SmartLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (running, waiters) = {
            let flights = self.flights.lock();
            (flights.is_led(), flights.waiting())
        };
        f.debug_struct("SmartLock").field("running", &running).field("waiters", &waiters).finish()
    }
}

/// Calls user code that must not keep other user code from being called: holds panics back, the first of them to go on later.
#[derive(Default)]
struct Panics {
    first: Option<Box<dyn Any + Send>>,
}

impl Panics {
    /// Calls `f`. Says whether it returned.
    fn catch(&mut self, f: impl FnOnce()) -> bool {
        let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else { return true };
        if self.first.is_none() {
            self.first = Some(payload);
        } else {
            // Its destructor may panic too.
            mem::forget(payload);
        }
        false
    }

    /// Lets the first panic go on, unless this thread unwinds already: a second one would abort.
    fn resume(self) {
        match self.first {
            Some(payload) if thread::panicking() => mem::forget(payload),
            Some(payload) => resume_unwind(payload),
            None => {}
        }
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
    /// The future of [`SmartLock::run_once`].
    struct RunOnce<'l, T, F, Fut> {
        lock: &'l SmartLock<T>,
        role: Role,
        f: Option<F>,
        #[pin]
        running: Option<Fut>,
    }

    impl<T, F, Fut> PinnedDrop for RunOnce<'_, T, F, Fut> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            match *this.role {
                Role::Fresh | Role::Ended => {}
                Role::Follower(seat) => this.lock.leave(seat),
                Role::Leader(flight) => {
                    // The flight lasts until the future is gone: two never overlap. A call from its destructor is a re-entry.
                    let _lost = LoseLeader { lock: this.lock, flight };
                    this.lock.flights.lock().enter_leader(flight, this_thread());
                    this.running.set(None);
                }
            }
        }
    }
}

/// This thread's number.
#[inline]
fn this_thread() -> NonZeroUsize {
    NonZeroUsize::new(thread_token()).expect("no thread-local is at address zero")
}

/// Hands over when it is dropped: its leader was dropped or panics.
struct LoseLeader<'l, T> {
    lock: &'l SmartLock<T>,
    flight: FlightId,
}

impl<T> Drop for LoseLeader<'_, T> {
    fn drop(&mut self) {
        let next = self.lock.flights.lock().lose_leader(self.flight);
        let mut panics = Panics::default();
        self.lock.hand_over(next, &mut panics);
        panics.resume();
    }
}

impl<T> SmartLock<T> {
    fn leave(&self, seat: SeatId) {
        let left = self.flights.lock().leave(seat);
        let mut panics = Panics::default();
        self.hand_over(left.next, &mut panics);
        panics.catch(|| drop(left.unwanted));
        panics.resume();
    }

    /// Wakes the follower that was chosen to lead; if its waker panics, the next one.
    fn hand_over(&self, chosen: Option<Waker>, panics: &mut Panics) {
        let mut next = chosen;
        while let Some(waker) = next {
            if panics.catch(|| waker.wake()) {
                return;
            }
            next = self.flights.lock().choose_if_idle();
        }
    }

    /// Settles the role of a caller that is polled: to lead this flight, or to return this from its poll.
    #[inline]
    fn board(&self, role: &mut Role, own: &Waker, wakers: &mut Wakers) -> Result<FlightId, Poll<Result<T, Cancelled>>> {
        if let Role::Fresh = role {
            if let Some(flight) = self.flights.lock().lead(this_thread()) {
                return Ok(flight);
            }
        }
        self.board_as_follower(role, own, wakers)
    }

    #[inline(never)]
    fn board_as_follower(&self, role: &mut Role, own: &Waker, wakers: &mut Wakers) -> Result<FlightId, Poll<Result<T, Cancelled>>> {
        let seat = if let Role::Follower(seat) = *role { Some(seat) } else { None };
        let admission = self.admit(seat, own, wakers);
        *role = Role::Ended;
        Err(match admission {
            Admission::Lead(flight) => return Ok(flight),
            Admission::Follow(seat) => {
                *role = Role::Follower(seat);
                Poll::Pending
            }
            Admission::Served(value) => Poll::Ready(Ok(value)),
            Admission::Reentrant => Poll::Ready(Err(Cancelled { reentrant: true })),
            Admission::Cancelled => Poll::Ready(Err(Cancelled { reentrant: false })),
            Admission::BringWaker => unreachable!("it brought one"),
        })
    }

    /// Admits a caller; clones its waker only if it has to wait, and then with the lock free.
    fn admit(&self, seat: Option<SeatId>, own: &Waker, wakers: &mut Wakers) -> Admission<T> {
        let admission = self.flights.lock().admit(seat, this_thread(), own, wakers);
        if !matches!(admission, Admission::BringWaker) {
            return admission;
        }
        wakers.fresh = Some(own.clone());
        self.flights.lock().admit(seat, this_thread(), own, wakers)
    }
}

impl<T: Clone> SmartLock<T> {
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
        let mut delivery = Delivery { lock: self, values: Vec::with_capacity(due.seats.len()), due };
        for _ in 0..delivery.due.seats.len() {
            delivery.values.push(value.clone());
        }
    }
}

/// Values on their way to followers. When it is dropped, also because a clone panicked, each due follower has one or waits again.
struct Delivery<'l, T> {
    lock: &'l SmartLock<T>,
    due: Due,
    values: Vec<T>,
}

impl<T> Drop for Delivery<'_, T> {
    fn drop(&mut self) {
        let mut wakers = Vec::with_capacity(self.due.seats.len());
        let mut unwanted = Vec::new();
        let mut values = self.values.drain(..);
        let mut flights = self.lock.flights.lock();
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
        for waker in wakers {
            panics.catch(|| waker.wake());
        }
        self.lock.hand_over(chosen, &mut panics);
        for value in unwanted {
            panics.catch(|| drop(value));
        }
        panics.resume();
    }
}

impl<T, F, Fut> Future for RunOnce<'_, T, F, Fut>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = T>,
    T: Clone,
{
    type Output = Result<T, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let lock = *this.lock;
        // Dropped when the role is settled: a waker's destructor may panic.
        let mut wakers = Wakers::default();
        let flight = match *this.role {
            Role::Leader(flight) => {
                lock.flights.lock().enter_leader(flight, this_thread());
                flight
            }
            Role::Ended => panic!("a `run_once` call was polled after it had ended"),
            Role::Fresh | Role::Follower(_) => match lock.board(this.role, cx.waker(), &mut wakers) {
                Ok(flight) => flight,
                Err(answer) => return answer,
            },
        };
        // Until the poll has gone well, the leader is as good as lost.
        *this.role = Role::Ended;
        let lost = LoseLeader { lock, flight };
        drop(wakers);
        if let Some(f) = this.f.take() {
            this.running.set(Some(f()));
        }
        let running = this.running.as_mut().as_pin_mut().expect("a leader has its future");
        let Poll::Ready(value) = running.poll(cx) else {
            *this.role = Role::Leader(flight);
            mem::forget(lost);
            lock.flights.lock().leave_leader(flight);
            return Poll::Pending;
        };
        this.running.set(None);
        mem::forget(lost);
        Poll::Ready(Ok(lock.complete(flight, value)))
    }
}

/// The error of [`SmartLock::run_once`]: the call followed when the lock was reset, or would have waited for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled {
    reentrant: bool,
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
    /// let inner = lock.run_once(|| async { lock.run_once(|| async { 1 }).await.map_err(|error| error.is_reentrant()).unwrap_err() as u32 });
    /// assert_eq!(inner.wait(), Ok(1));
    /// ```
    #[must_use]
    pub const fn is_reentrant(&self) -> bool {
        self.reentrant
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.reentrant {
            "the call came from inside the run that it would have waited for"
        } else {
            "the lock was reset while the call waited"
        })
    }
}

impl Error for Cancelled {}
