//! Tasks: futures that run on a thread's loop while that thread waits.
//!
//! A task costs one allocation: its future, boxed together with the place for its result. Slots, and the waker that belongs to a slot,
//! are used again by later tasks; an old waker that fires late polls the newer task once too often, which is harmless.

use crate::context;
use crate::executor::Woken;
use crate::loops;
use crate::panics::swallow;
use crate::park;
use crate::sync::{Arc, AtomicBool, Ordering};
use core::any::Any;
use core::cell::{Cell, RefCell};
use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;
use std::boxed::Box;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::{Rc, Weak};
use std::task::{Wake, Waker};
use std::thread;
use std::vec::Vec;

pin_project! {
    /// A future and, later, its result, in one place.
    #[project = CellProj]
    #[project_replace = CellTaken]
    enum TaskCell<F: Future> {
        Running { #[pin] future: F },
        Finished { result: thread::Result<F::Output> },
        Taken,
    }
}

/// [`TaskCell`] without its type.
trait AnyTask {
    /// Polls the future; when it is ready or panics, keeps the result.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;

    /// Moves the result into `into`, an `Option<thread::Result<F::Output>>`.
    fn take_result(self: Pin<&mut Self>, into: &mut dyn Any);
}

impl<F: Future + 'static> AnyTask for TaskCell<F> {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let CellProj::Running { future } = self.as_mut().project() else { return Poll::Ready(()) };
        let mut result = match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(output)) => Ok(output),
            Err(payload) => Err(payload),
        };
        // The future goes before its result is there: its destructor is a part of the task, and may panic.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(self.as_mut().project_replace(Self::Taken)))) {
            let superseded = mem::replace(&mut result, Err(payload));
            swallow(|| drop(superseded));
        }
        self.project_replace(Self::Finished { result });
        Poll::Ready(())
    }

    fn take_result(self: Pin<&mut Self>, into: &mut dyn Any) {
        if let (CellTaken::Finished { result }, Some(into)) = (self.project_replace(Self::Taken), into.downcast_mut()) {
            *into = Some(result);
        }
    }
}

type BoxTask = Pin<Box<dyn AnyTask>>;

/// Where a slot's task is.
enum Body {
    /// No task.
    Vacant,
    /// Waiting to be polled.
    Idle(BoxTask),
    /// Taken out, being polled further down this stack. `woken`: an inner loop met it in the queue meanwhile.
    Polling { woken: bool },
    /// Being polled, and dropped meanwhile by its owner.
    Cancelled,
    /// Ready; the result waits for the owner.
    Finished(BoxTask),
}

struct Slot {
    body: Body,
    /// Nobody will ask for the result.
    detached: bool,
    /// Distinguishes the tasks that used this slot one after the other.
    ticket: u64,
    /// Who awaits the task.
    joiner: Option<Waker>,
    signal: Arc<Signal>,
    /// Of the signal. Whoever polls the task has it meanwhile, so that no count of owners is touched.
    waker: Option<Waker>,
}

impl Slot {
    /// Puts `body` in the place of one that holds nothing.
    #[inline]
    fn fill(&mut self, body: Body) {
        // Its destructor need not look.
        mem::forget(mem::replace(&mut self.body, body));
    }
}

/// What a task's waker holds.
pub(crate) struct Signal {
    index: usize,
    /// Set while the task is in a queue, so that it is there once.
    queued: AtomicBool,
    woken: &'static Woken,
}

impl Signal {
    /// The task is about to be polled.
    #[inline]
    pub(crate) fn begin_poll(&self) {
        // ORDERING: pairs with the swap in `wake_by_ref`. A wake-up from here on queues the task again.
        self.queued.swap(false, Ordering::AcqRel);
    }
}

/// A signal, for a model.
#[cfg(all(test, smartasync_model))]
pub(crate) fn model_signal(index: usize, woken: &'static Woken) -> Arc<Signal> {
    Arc::new(Signal { index, queued: AtomicBool::new(false), woken })
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // ORDERING: pairs with the swap in `begin_poll`; the poll sees what was written before a wake that found the flag set.
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.woken.push(self.index);
        }
    }
}

/// The tasks of one loop. No user code runs while one of its cells is borrowed.
pub(crate) struct Tasks {
    woken: &'static Woken,
    slots: RefCell<Vec<Slot>>,
    vacant: RefCell<Vec<usize>>,
    /// Woken tasks in their order. Nested loops take from it too: a wait inside one task may need any other.
    ready: RefCell<VecDeque<usize>>,
    /// Tasks that are not finished.
    unfinished: Cell<usize>,
    next_ticket: Cell<u64>,
}

impl Tasks {
    pub(crate) fn new(woken: &'static Woken) -> Self {
        Self {
            woken,
            slots: RefCell::default(),
            vacant: RefCell::default(),
            ready: RefCell::default(),
            unfinished: Cell::new(0),
            next_ticket: Cell::new(0),
        }
    }

    pub(crate) fn woken(&self) -> &'static Woken {
        self.woken
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.borrow().is_empty()
    }

    /// Counts the tasks that are not finished.
    fn count(&self, change: isize) {
        let unfinished = self.unfinished.get().wrapping_add_signed(change);
        self.unfinished.set(unfinished);
        park::set_has_tasks(unfinished > 0);
    }

    fn spawn(&self, task: BoxTask) -> (usize, u64) {
        let ticket = self.next_ticket.replace(self.next_ticket.get() + 1);
        let mut slots = self.slots.borrow_mut();
        let index = self.vacant.borrow_mut().pop().unwrap_or(slots.len());
        if index == slots.len() {
            let signal = Arc::new(Signal { index, queued: AtomicBool::new(false), woken: self.woken });
            let waker = Some(Waker::from(signal.clone()));
            slots.push(Slot { body: Body::Vacant, detached: false, ticket, joiner: None, signal, waker });
        }
        let slot = &mut slots[index];
        slot.fill(Body::Idle(task));
        slot.detached = false;
        slot.ticket = ticket;
        self.count(1);
        // ORDERING: Relaxed; the task was never polled, so no wake-up can be missed. A late waker of an older task may have queued the
        // slot already; then it is there twice at most.
        slot.signal.queued.store(true, Ordering::Relaxed);
        self.ready.borrow_mut().push_back(index);
        (index, ticket)
    }

    /// Polls each task that is ready now once.
    pub(crate) fn run_ready(&self) {
        let turns = {
            let mut ready = self.ready.borrow_mut();
            self.woken.take(&mut *ready);
            ready.len()
        };
        for _ in 0..turns {
            let Some(index) = self.ready.borrow_mut().pop_front() else { return };
            self.run(index);
        }
    }

    fn run(&self, index: usize) {
        let (mut task, waker) = {
            let mut slots = self.slots.borrow_mut();
            // A waker of an ended thread's task may have queued a slot that this thread's loop does not have.
            let Some(slot) = slots.get_mut(index) else { return };
            slot.signal.begin_poll();
            match (mem::replace(&mut slot.body, Body::Polling { woken: false }), &mut slot.waker) {
                (Body::Idle(task), waker) => (task, waker.take()),
                (Body::Polling { .. }, _) => {
                    slot.fill(Body::Polling { woken: true });
                    return;
                }
                (other, _) => {
                    slot.fill(other);
                    return;
                }
            }
        };
        let polled = {
            let _polling = context::enter_poll();
            // An idle task's waker is in its slot.
            task.as_mut().poll(&mut Context::from_waker(waker.as_ref().unwrap_or(Waker::noop())))
        };
        let mut slots = self.slots.borrow_mut();
        let slot = &mut slots[index];
        mem::forget(mem::replace(&mut slot.waker, waker));
        match mem::replace(&mut slot.body, Body::Vacant) {
            Body::Polling { woken } if polled.is_pending() => {
                slot.fill(Body::Idle(task));
                if woken && !slot.signal.queued.swap(true, Ordering::AcqRel) {
                    self.ready.borrow_mut().push_back(index);
                }
            }
            Body::Polling { .. } if !slot.detached => {
                slot.fill(Body::Finished(task));
                self.count(-1);
                let joiner = slot.joiner.take();
                drop(slots);
                if let Some(joiner) = joiner {
                    joiner.wake();
                }
            }
            _unwanted => {
                self.vacate(index);
                drop(slots);
                swallow(|| drop(task));
            }
        }
    }

    /// Marks the slot of an unfinished task as free.
    fn vacate(&self, index: usize) {
        self.count(-1);
        self.vacant.borrow_mut().push(index);
    }

    /// Takes the result, or leaves `waker` to be woken.
    fn join<T: 'static>(&self, index: usize, ticket: u64, cx: &Context<'_>) -> Poll<Option<thread::Result<T>>> {
        if let Some((mut task, joiner)) = self.take_finished(index, ticket) {
            drop(joiner);
            let mut result: Option<thread::Result<T>> = None;
            task.as_mut().take_result(&mut result);
            return Poll::Ready(result);
        }
        // The clone is user code, so it is made before the slots are borrowed.
        let waker = cx.waker().clone();
        let mut slots = self.slots.borrow_mut();
        let slot = &mut slots[index];
        if slot.ticket != ticket || matches!(slot.body, Body::Vacant | Body::Cancelled) {
            drop(slots);
            return Poll::Ready(None);
        }
        let old = slot.joiner.replace(waker);
        drop(slots);
        drop(old);
        Poll::Pending
    }

    /// Takes a task that is finished, and the waker of who awaited it, and frees its slot.
    fn take_finished(&self, index: usize, ticket: u64) -> Option<(BoxTask, Option<Waker>)> {
        let mut slots = self.slots.borrow_mut();
        let slot = &mut slots[index];
        if slot.ticket != ticket {
            return None;
        }
        match mem::replace(&mut slot.body, Body::Vacant) {
            Body::Finished(task) => {
                self.vacant.borrow_mut().push(index);
                Some((task, slot.joiner.take()))
            }
            unfinished => {
                slot.fill(unfinished);
                None
            }
        }
    }

    /// The owner does not want the task any more.
    fn cancel(&self, index: usize, ticket: u64) {
        let mut slots = self.slots.borrow_mut();
        let slot = &mut slots[index];
        if slot.ticket != ticket {
            return;
        }
        let joiner = slot.joiner.take();
        let task = match mem::replace(&mut slot.body, Body::Vacant) {
            Body::Idle(task) => {
                self.vacate(index);
                Some(task)
            }
            Body::Finished(task) => {
                self.vacant.borrow_mut().push(index);
                Some(task)
            }
            Body::Polling { .. } | Body::Cancelled => {
                slot.body = Body::Cancelled;
                None
            }
            Body::Vacant => None,
        };
        drop(slots);
        drop(joiner);
        drop(task);
    }

    fn detach(&self, index: usize, ticket: u64) {
        let mut slots = self.slots.borrow_mut();
        let slot = &mut slots[index];
        if slot.ticket != ticket {
            return;
        }
        slot.detached = true;
        if matches!(slot.body, Body::Finished(_)) {
            drop(slots);
            self.cancel(index, ticket);
        }
    }

    /// Drops every task. Whoever still awaits one learns that it is gone.
    pub(crate) fn clear(&self) {
        let mut gone = Vec::new();
        let mut joiners = Vec::new();
        for (index, slot) in self.slots.borrow_mut().iter_mut().enumerate() {
            joiners.extend(slot.joiner.take());
            match mem::replace(&mut slot.body, Body::Vacant) {
                Body::Idle(task) => {
                    self.vacate(index);
                    gone.push(task);
                }
                Body::Finished(task) => {
                    self.vacant.borrow_mut().push(index);
                    gone.push(task);
                }
                polling => slot.body = polling,
            }
        }
        for task in gone {
            // Nobody waits for it, so a panic in its destructor has nobody to go to.
            swallow(|| drop(task));
        }
        joiners.into_iter().for_each(Waker::wake);
    }
}

/// Starts `future` as a task on this thread's loop. It runs while this thread waits: inside [`block_on`](crate::block_on), or inside a
/// `.wait()` that drives a future.
///
/// Returns a handle that is awaited for the output. Neither the future nor its output need be `Send`. On a thread that never waits, the
/// task never runs. The future is `'static`: where a smart function takes references, spawn an `async move` block that owns what they refer to.
///
/// # Examples
///
/// ```
/// use smartasync::{block_on, smart_fn, spawn_local};
///
/// smart_fn!(
///     async fn length(text: &str) -> usize {
///         text.len()
///     }
/// );
///
/// let sum = block_on(async {
///     let texts = ["one".to_owned(), "three".to_owned()];
///     let tasks = texts.map(|text| spawn_local(async move { length(&text).await }));
///     let mut sum = 0;
///     for task in tasks {
///         sum += task.await;
///     }
///     sum
/// });
/// assert_eq!(sum, 8);
/// ```
pub fn spawn_local<F: Future + 'static>(future: F) -> Task<F::Output> {
    let mut task: Option<BoxTask> = Some(Box::pin(TaskCell::Running { future }));
    let spawned = loops::with_tasks(|on| {
        let (index, ticket) = on.spawn(task.take()?);
        Some(Task { on: Rc::downgrade(on), index, ticket, ended: false, output: PhantomData })
    });
    // Without a loop the task never runs: the thread is ending.
    spawned.flatten().unwrap_or(Task { on: Weak::new(), index: 0, ticket: 0, ended: false, output: PhantomData })
}

/// The handle of a task that [`spawn_local`] started: a future of the task's output.
///
/// # Cancel safety
///
/// Dropping the handle cancels the task: its future is dropped, at once or, from inside its own poll, when that poll returns.
/// [`detach`](Task::detach) keeps it running instead.
///
/// # Panics
///
/// A panic of the task resumes, with its payload, in whoever awaits it. Awaiting a task whose loop was dropped by
/// [`reset_smartasync_cache`](crate::reset_smartasync_cache), or with its thread, panics.
#[must_use = "dropping a `Task` cancels it: await it, or call `.detach()`"]
pub struct Task<T> {
    on: Weak<Tasks>,
    index: usize,
    ticket: u64,
    ended: bool,
    output: PhantomData<T>,
}

impl<T> Task<T> {
    /// Lets the task run on with nobody waiting for it. Its output, or its panic, is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{block_on, spawn_local};
    /// use std::{cell::Cell, rc::Rc};
    ///
    /// let ran = Rc::new(Cell::new(false));
    /// let in_task = ran.clone();
    /// spawn_local(async move { in_task.set(true) }).detach();
    /// block_on(spawn_local(async {}));
    /// assert!(ran.get());
    /// ```
    pub fn detach(mut self) {
        self.ended = true;
        if let Some(on) = self.on.upgrade() {
            on.detach(self.index, self.ticket);
        }
    }
}

impl<T: 'static> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        assert!(!self.ended, "a `Task` was polled after it had given its output");
        let result = match self.on.upgrade() {
            Some(on) => match on.join(self.index, self.ticket, cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(result) => result,
            },
            None => None,
        };
        self.ended = true;
        match result {
            Some(Ok(output)) => Poll::Ready(output),
            Some(Err(payload)) => resume_unwind(payload),
            None => panic!("the task was cancelled: its loop was reset, or its thread ended"),
        }
    }
}

impl<T> Unpin for Task<T> {}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if !self.ended {
            if let Some(on) = self.on.upgrade() {
                on.cancel(self.index, self.ticket);
            }
        }
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("ended", &self.ended).finish_non_exhaustive()
    }
}
