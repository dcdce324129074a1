//! The futures of `run_once` and `run_shared`.
//!
//! A poll goes through these steps:
//!
//! 1. An idle lock gives its lead to a new call with one exchange of its word.
//! 2. Otherwise `answer_usual` tries the two most common cases: a new call follows, or a follower
//!    collects its value.
//! 3. Otherwise `seek` asks the lock until the call leads or has an answer for its poll.
//! 4. A leader polls its future. When the future is ready, each follower gets a clone.

use crate::call::Work;
use crate::call::work::Sealed;
use crate::executor;
use crate::lock::cancelled::{Cancelled, Cause};
use crate::lock::flight::{BoxFuture, Caller, Leader, Next, Notifier, Role, SeatId, Wakers};
use crate::lock::inner::{Core, LoseLeader, LoseRun};
use crate::lock::stack::StackToken;
use crate::sync::panics::Panics;
use core::future::Pending;
use core::mem;
use core::ops::ControlFlow;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use pin_project_lite::pin_project;
use std::boxed::Box;

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

pin_project! {
    /// The future of a call. A leader of `run_once` owns the future that it runs in `running`.
    struct Run<L, T, F, Fut>
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

    impl<L, T, F, Fut> PinnedDrop for Run<L, T, F, Fut>
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

/// Makes a call of `run_once`.
#[inline]
pub(crate) fn run_once<L, T, F, Fut>(lock: L, f: F) -> impl Work<Output = Result<T, Cancelled>>
where
    L: Handle<T>,
    F: FnOnce() -> Fut,
    Fut: Future<Output = T>,
    T: Clone,
{
    Run::new(lock, |mut running: Pin<&mut Option<Fut>>| {
        running.set(Some(f()));
        None
    })
}

/// Makes a call of `run_shared`. Its leader gives the future away, so `running` stays empty.
pub(crate) fn run_shared<L, T, F, Fut>(lock: L, f: F) -> impl Work<Output = Result<T, Cancelled>>
where
    L: Handle<T>,
    F: FnOnce() -> Fut,
    Fut: Future<Output = T> + Send + 'static,
    T: Clone,
{
    Run::new(lock, |_: Pin<&mut Option<Pending<T>>>| {
        Some(Box::pin(f()) as BoxFuture<T>)
    })
}

impl<L, T, F, Fut> Run<L, T, F, Fut>
where
    L: Handle<T>,
    Fut: Future<Output = T>,
{
    /// Makes a call. When it leads, `f` makes the future: it puts its own future into the place that
    /// it is given, or returns a future to share.
    #[inline]
    fn new(lock: L, f: F) -> Self
    where
        F: FnOnce(Pin<&mut Option<Fut>>) -> Option<BoxFuture<T>>,
    {
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
                core.enter(&mut lost.leader);
                this.running.set(None);
            }
        }
    }
}

/// Gives up the seat of a call that is dropped.
fn leave<L: Handle<T>, T>(lock: &mut L, seat: SeatId) {
    let after = lock.core().with(|state| state.abandon(seat));
    if after.hands_over {
        return lock.core().finish(after);
    }
    let mut panics = Panics::default();
    // A map removes the key here, before the destructor of the shared future runs.
    panics.catch(|| lock.release());
    after.settle(&mut panics);
    panics.resume();
}

/// Tries the two most common cases: a new call becomes a follower, or a follower collects its
/// value. Without this function a follower takes 1,174 instructions.
#[inline]
fn answer_usual<L: Handle<T>, T>(
    lock: &mut L,
    role: &mut Role,
    own: &Waker,
) -> Option<Poll<Result<T, Cancelled>>> {
    match *role {
        Role::Fresh => {
            *role = Role::Follower(lock.core().follow(own)?);
            Some(Poll::Pending)
        }
        Role::Follower(seat) => {
            let value = lock.core().collect(seat)?;
            *role = Role::Ended;
            lock.release();
            Some(Poll::Ready(Ok(value)))
        }
        _ => None,
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
) -> ControlFlow<Poll<Result<T, Cancelled>>, Leader> {
    // These wakers are dropped after the role is set, because a waker's destructor may panic.
    let mut wakers = Wakers::new([None, None]);
    match *role {
        Role::Ended => panic!("a call of a `SmartLock` was polled after it had ended"),
        Role::Leader(mut leader) => {
            lock.core().enter(&mut leader);
            return ControlFlow::Continue(leader);
        }
        // A new call usually waits. The clone is user code, so it comes before the mutex.
        Role::Fresh => wakers = Wakers::new([Some(own.clone()), None]),
        Role::Follower(_) => {}
    }
    let answer = loop {
        let core = lock.core();
        let mut caller = Caller {
            role,
            thread: StackToken::current(),
            own,
            can_lead,
        };
        break match core.with(|state| state.admit(&mut caller, &mut wakers)) {
            Next::Lead(flight) => return ControlFlow::Continue(core.lead(flight, wakers)),
            Next::Drive(flight, future, notifier) => {
                core.drive(role, Some(flight), future, notifier, own)
            }
            Next::Wait => Poll::Pending,
            Next::BringWakers => {
                wakers = Wakers::new([Some(own.clone()), Some(own.clone())]);
                continue;
            }
            Next::End(result) => {
                if let Err(Cancelled { by: Cause::Panic }) = result {
                    // The call may have been chosen to lead.
                    let mut panics = Panics::default();
                    core.hand_over(&mut panics);
                    panics.resume();
                }
                Poll::Ready(result)
            }
            Next::Closed => {
                lock.release();
                continue;
            }
        };
    };
    if answer.is_ready() {
        lock.release();
    }
    ControlFlow::Break(answer)
}

impl<L, T, F, Fut> Future for Run<L, T, F, Fut>
where
    L: Handle<T>,
    F: FnOnce(Pin<&mut Option<Fut>>) -> Option<BoxFuture<T>>,
    Fut: Future<Output = T>,
    T: Clone,
{
    type Output = Result<T, Cancelled>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // A closed lock stays seized for good. So a lock whose lead is free is still in its map.
        let mut leader = if matches!(this.role, Role::Fresh) && this.lock.core().lead_alone() {
            None
        } else {
            if let Some(answer) = answer_usual(this.lock, this.role, cx.waker()) {
                return answer;
            }
            match seek(this.lock, this.role, this.f.is_some(), cx.waker()) {
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
            if let Some(future) = f(run.running.as_mut()) {
                mem::forget(run);
                let answer = core.drive(this.role, leader, future, Notifier::new(), cx.waker());
                if answer.is_ready() {
                    this.lock.release();
                }
                return answer;
            }
        }
        let running = run.running.as_mut().as_pin_mut();
        let polled = running.expect("a leader has its future").poll(cx);
        let Poll::Ready(value) = polled else {
            mem::forget(run);
            core.exit(&mut leader);
            *this.role = Role::Leader(leader);
            return Poll::Pending;
        };
        run.clear();
        mem::forget(run);
        core.complete(leader, &value);
        this.lock.release();
        Poll::Ready(Ok(value))
    }
}

impl<L: Handle<T>, T, F, Fut: Future<Output = T>> Sealed for Run<L, T, F, Fut> {}

impl<L, T, F, Fut> Work for Run<L, T, F, Fut>
where
    L: Handle<T>,
    Fut: Future<Output = T>,
    Self: Future,
{
    /// Waits for the call. Without `asks`, the call is in the sync copy of a `#[maybe_async]` body.
    /// Its closure is then a part of the sync copy, so the closure may wait.
    #[inline]
    #[track_caller]
    fn run(self, asks: bool) -> Self::Output {
        let place = pin!(Some(self));
        if asks {
            executor::wait(place, true)
        } else {
            executor::wait_for_own(place)
        }
    }
}
