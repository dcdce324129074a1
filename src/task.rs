//! Tasks: futures that run on a thread's loop while that thread waits.
//!
//! A task costs at most one allocation: its future, boxed together with the place for its result.
//! Slots, and the waker that belongs to a slot, are used again by later tasks; an old waker that
//! fires late polls the newer task once too often, which is harmless. A small box stays in its slot
//! too, and the next task there needs none if it has the same type.

use crate::context;
use crate::executor::Woken;
use crate::loops;
use crate::panics::{Panics, swallow};
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
use std::rc::Rc;
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
        Empty,
    }
}

/// [`TaskCell`] without its type.
trait AnyTask {
    /// Polls the future; when it is ready or panics, keeps the result.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;

    /// Moves the result into `into`, an `Option<thread::Result<F::Output>>` that is `None`. Runs no
    /// user code.
    fn take_result(self: Pin<&mut Self>, into: &mut dyn Any);

    /// Moves the future in `from`, if that is an `Option<F>`, into this empty cell, and says
    /// whether it did. Runs no user code.
    fn refill(self: Pin<&mut Self>, from: &mut dyn Any) -> bool;

    /// Drops what is in the cell.
    fn clear(self: Pin<&mut Self>);
}

impl<F: Future + 'static> TaskCell<F> {
    /// Keeps a panic of the poll, or of the future's destructor, as the result.
    #[cold]
    fn keep_panic(mut self: Pin<&mut Self>, mut payload: Box<dyn Any + Send>) {
        // Where the destructor has panicked, the output is here already. Else the future is, whose
        // destructor may panic as well.
        let has_output = matches!(self.as_mut().project(), CellProj::Finished { .. });
        if let Err(second) = catch_unwind(AssertUnwindSafe(|| self.as_mut().clear())) {
            let superseded = if has_output {
                second
            } else {
                mem::replace(&mut payload, second)
            };
            swallow(|| drop(superseded));
        }
        self.set(Self::Finished {
            result: Err(payload),
        });
    }
}

impl<F: Future + 'static> AnyTask for TaskCell<F> {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let CellProj::Running { future } = self.as_mut().project() else {
                return Poll::Ready(());
            };
            future.poll(cx).map(|output| {
                // This drops the future first. Its destructor is a part of the task, and may panic.
                self.as_mut()
                    .project_replace(Self::Finished { result: Ok(output) });
            })
        }));
        polled.unwrap_or_else(|payload| {
            self.keep_panic(payload);
            Poll::Ready(())
        })
    }

    fn take_result(self: Pin<&mut Self>, into: &mut dyn Any) {
        let Some(into) = into.downcast_mut::<Option<_>>() else {
            return;
        };
        if let CellTaken::Finished { result } = self.project_replace(Self::Empty) {
            // `None` has no destructor to call.
            mem::forget(into.replace(result));
        }
    }

    fn refill(mut self: Pin<&mut Self>, from: &mut dyn Any) -> bool {
        let (Some(from), CellProj::Empty) =
            (from.downcast_mut::<Option<F>>(), self.as_mut().project())
        else {
            return false;
        };
        let Some(future) = from.take() else {
            return false;
        };
        // `Empty` has no destructor to call.
        mem::forget(self.project_replace(Self::Running { future }));
        true
    }

    fn clear(self: Pin<&mut Self>) {
        self.project_replace(Self::Empty);
    }
}

type BoxTask = Pin<Box<dyn AnyTask>>;

/// Moves the future in `from` into a slot's `place`. The box that may be there is empty, so to
/// refill or to drop it runs no user code.
fn put<F: Future + 'static>(from: &mut Option<F>, place: &mut Option<BoxTask>) {
    if !place
        .as_mut()
        .is_some_and(|task| task.as_mut().refill(from))
    {
        *place = from
            .take()
            .map(|future| Box::pin(TaskCell::Running { future }) as BoxTask);
    }
}

/// The size of the largest box that stays in its slot without a task. It saves 310 of 740
/// instructions a task, and half the time of ten thousand trivial ones.
const LARGEST_KEPT: usize = 256;
/// How many slots keep a box, until the loop ends. So a burst of tasks leaves at most 4 MiB of them
/// behind.
const KEEPERS: u32 = 1 << 14;

/// How deep the drops of cancelled tasks nest: a future may own the handle of a task whose future
/// owns another, and so on. Those below the deepest are dropped one after the other, so that a
/// chain of any length needs little of the stack. Above it a destructor finds dropped what it
/// has cancelled.
const DEEPEST_DROP: u32 = 32;

/// Where a slot's task is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is none. A box in the slot is empty.
    Vacant,
    /// In the slot, never polled yet.
    New,
    /// In the slot, waiting to be polled again.
    Idle,
    /// Taken out, being polled further down this stack.
    Polling,
    /// Being polled, and an inner loop met it in the queue meanwhile.
    PollingWoken,
    /// Being polled, and dropped meanwhile by its owner.
    Cancelled,
    /// In the slot, ready; the result waits for the owner.
    Finished,
}

/// A place for one task after the other. The next one comes when nobody has a handle of the last
/// one any more.
///
/// A slot fills a cache line, so that a turn of a task touches one line beside the task itself: 2 %
/// of the time of tasks that yield.
#[repr(align(64))]
struct Slot {
    task: Option<BoxTask>,
    /// Of the signal. Whoever polls the task has it meanwhile, so that no count of owners is
    /// touched.
    waker: Option<Waker>,
    /// Who awaits the task.
    joiner: Option<Waker>,
    signal: Arc<Signal>,
    /// The next vacant slot.
    next_vacant: u32,
    state: State,
    /// Nobody will ask for the result.
    detached: bool,
    /// The slot is vacant, but in the queue: its task was cancelled when it was new, and that turn
    /// is still to come. The next task in the slot takes the turn over, so that tasks that
    /// never run do not fill the queue.
    left_in_queue: bool,
}

const _: () = assert!(size_of::<Slot>() == 64);

impl Slot {
    /// Puts the slot, whose index is this, at the head of the vacant ones. The box that may be in
    /// it is empty.
    #[inline]
    fn vacate(&mut self, index: u32, vacant: &mut u32) {
        if index >= KEEPERS
            || self
                .task
                .as_ref()
                .is_some_and(|task| size_of_val(&**task) > LARGEST_KEPT)
        {
            self.free_box();
        }
        self.state = State::Vacant;
        self.next_vacant = mem::replace(vacant, index);
    }

    #[cold]
    #[inline(never)]
    fn free_box(&mut self) {
        self.task = None;
    }

    /// Puts the task back into its place, and its waker, after a poll.
    #[inline]
    fn put_back(&mut self, task: BoxTask, waker: Waker) {
        // Both places are empty, and have no destructor to call.
        mem::forget(self.task.replace(task));
        mem::forget(self.waker.replace(waker));
    }
}

/// What a task's waker holds.
pub(crate) struct Signal {
    index: u32,
    /// Set while a waker has the task in a queue, so that it is there once.
    queued: AtomicBool,
    woken: &'static Woken,
}

impl Signal {
    /// The task is about to be polled.
    #[inline]
    pub(crate) fn begin_poll(&self) {
        // ORDERING: pairs with the swap in `wake_by_ref`. A wake-up from here on queues the task
        // again.
        self.queued.swap(false, Ordering::AcqRel);
    }
}

/// A signal, for a model.
#[cfg(all(test, smartasync_model))]
pub(crate) fn model_signal(index: u32, woken: &'static Woken) -> Arc<Signal> {
    Arc::new(Signal {
        index,
        queued: AtomicBool::new(false),
        woken,
    })
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // ORDERING: pairs with the swap in `begin_poll`; the poll sees what was written before a
        // wake that found the flag set.
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.woken.push(self.index);
        }
    }
}

/// The tasks of one loop. No user code runs while the table is borrowed.
pub(crate) struct Tasks {
    woken: &'static Woken,
    table: RefCell<Table>,
    /// How many drops of cancelled tasks are on the stack.
    drops: Cell<u32>,
    /// Cancelled tasks that the deepest drop on the stack will drop.
    to_drop: RefCell<Vec<BoxTask>>,
}

struct Table {
    slots: Vec<Slot>,
    /// The first vacant slot of a list of them, or [`NO_SLOT`].
    vacant: u32,
    /// Woken tasks in their order. Nested loops take from it too: a wait inside one task may need
    /// any other.
    ready: VecDeque<u32>,
    /// Tasks that are not finished.
    unfinished: usize,
}

/// Ends the list of vacant slots.
const NO_SLOT: u32 = u32::MAX;

impl Table {
    const fn new() -> Self {
        Self {
            slots: Vec::new(),
            vacant: NO_SLOT,
            ready: VecDeque::new(),
            unfinished: 0,
        }
    }

    /// A slot, and the head of the vacant ones. There is none if the loop has ended, or if a waker
    /// of an ended thread's task asks.
    #[inline]
    fn slot(&mut self, index: u32) -> Option<(&mut Slot, &mut u32)> {
        self.slots
            .get_mut(index as usize)
            .map(|slot| (slot, &mut self.vacant))
    }

    /// A slot more, which is not in the list of vacant ones.
    #[cold]
    #[inline(never)]
    fn add_slot(&mut self, woken: &'static Woken) -> u32 {
        let index = u32::try_from(self.slots.len())
            .ok()
            .filter(|&index| index != NO_SLOT)
            .expect("a thread has less than 2^32 tasks");
        let signal = Arc::new(Signal {
            index,
            queued: AtomicBool::new(false),
            woken,
        });
        let waker = Some(Waker::from(signal.clone()));
        self.slots.push(Slot {
            task: None,
            waker,
            joiner: None,
            signal,
            next_vacant: NO_SLOT,
            state: State::Vacant,
            detached: false,
            left_in_queue: false,
        });
        index
    }

    /// Counts a task that is finished, or will never be.
    #[inline]
    fn count_finished(&mut self) {
        self.unfinished -= 1;
        if self.unfinished == 0 {
            park::set_has_tasks(false);
        }
    }
}

impl Tasks {
    pub(crate) fn new(woken: &'static Woken) -> Self {
        Self {
            woken,
            table: RefCell::new(Table::new()),
            drops: Cell::new(0),
            to_drop: RefCell::default(),
        }
    }

    pub(crate) fn woken(&self) -> &'static Woken {
        self.woken
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.table.borrow().ready.is_empty()
    }

    /// Queues the task that `put` puts into a slot, and returns the index of the slot. `put` runs
    /// no user code.
    fn spawn(&self, put: &mut dyn FnMut(&mut Option<BoxTask>)) -> u32 {
        let table = &mut *self.table.borrow_mut();
        let index = if table.vacant == NO_SLOT {
            table.add_slot(self.woken)
        } else {
            table.vacant
        };
        let slot = &mut table.slots[index as usize];
        table.vacant = slot.next_vacant;
        put(&mut slot.task);
        slot.state = State::New;
        slot.detached = false;
        if !mem::take(&mut slot.left_in_queue) {
            table.ready.push_back(index);
        }
        table.unfinished += 1;
        if table.unfinished == 1 {
            park::set_has_tasks(true);
        }
        index
    }

    /// Polls each task that is ready now once.
    pub(crate) fn run_ready(&self) {
        let turns = {
            let mut table = self.table.borrow_mut();
            self.woken.take(&mut table.ready);
            table.ready.len()
        };
        for _ in 0..turns {
            let Some(index) = self.table.borrow_mut().ready.pop_front() else {
                return;
            };
            self.run(index);
        }
    }

    fn run(&self, index: u32) {
        let Some((mut task, waker)) = self.take_to_poll(index) else {
            return;
        };
        let polled = {
            let _polling = context::enter_poll();
            task.as_mut().poll(&mut Context::from_waker(&waker))
        };
        let mut table = self.table.borrow_mut();
        let Some((slot, _)) = table.slot(index) else {
            return;
        };
        match slot.state {
            State::Polling | State::PollingWoken if polled.is_pending() => {
                let woken = slot.state == State::PollingWoken;
                slot.put_back(task, waker);
                slot.state = State::Idle;
                if woken && !slot.signal.queued.swap(true, Ordering::AcqRel) {
                    table.ready.push_back(index);
                }
            }
            State::Polling | State::PollingWoken if !slot.detached => {
                slot.put_back(task, waker);
                slot.state = State::Finished;
                let joiner = slot.joiner.take();
                table.count_finished();
                drop(table);
                if let Some(joiner) = joiner {
                    // Whoever waits here has nothing to do with that waker, so a panic in it has
                    // nobody to go to.
                    swallow(|| joiner.wake());
                }
            }
            _unwanted => {
                drop(table);
                swallow(|| task.as_mut().clear());
                let mut table = self.table.borrow_mut();
                if let Some((slot, vacant)) = table.slot(index) {
                    slot.put_back(task, waker);
                    slot.vacate(index, vacant);
                    table.count_finished();
                }
            }
        }
    }

    /// Takes the task and its waker out of the slot, if it is to be polled.
    fn take_to_poll(&self, index: u32) -> Option<(BoxTask, Waker)> {
        let mut table = self.table.borrow_mut();
        let (slot, _) = table.slot(index)?;
        match slot.state {
            // `spawn` has queued the slot without the flag, so this turn need not look at that. If
            // a late waker of an older task has set the flag, the slot is in the queue
            // twice, and its other turn will clear it: a set flag always has a turn to come.
            State::New => {}
            State::Idle => slot.signal.begin_poll(),
            State::Polling | State::PollingWoken => {
                slot.signal.begin_poll();
                slot.state = State::PollingWoken;
                return None;
            }
            State::Vacant | State::Cancelled | State::Finished => {
                if !mem::take(&mut slot.left_in_queue) {
                    slot.signal.begin_poll();
                }
                return None;
            }
        }
        slot.state = State::Polling;
        Some((slot.task.take()?, slot.waker.take()?))
    }

    /// Moves the result into `into`, an `Option` that is `None`, or leaves the waker to be woken.
    /// Where the loop has ended, `into` stays as it is.
    #[inline]
    fn join(&self, index: u32, cx: &Context<'_>, into: &mut dyn Any) -> Poll<()> {
        match self.take_result(index, into) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => self.leave_joiner(index, cx, into),
        }
    }

    #[inline(never)]
    fn leave_joiner(&self, index: u32, cx: &Context<'_>, into: &mut dyn Any) -> Poll<()> {
        // The clone is user code, so it is made before the table is borrowed; and it may wait until
        // the task is finished.
        let waker = cx.waker().clone();
        if self.take_result(index, into).is_ready() {
            return Poll::Ready(());
        }
        let old = self
            .table
            .borrow_mut()
            .slot(index)
            .and_then(|(slot, _)| slot.joiner.replace(waker));
        drop(old);
        Poll::Pending
    }

    /// Moves the result of a task that is finished into `into`, and frees its slot. Whoever calls
    /// it has the handle, so the slot is this task's.
    fn take_result(&self, index: u32, into: &mut dyn Any) -> Poll<()> {
        let mut table = self.table.borrow_mut();
        let Some((slot, vacant)) = table.slot(index) else {
            return Poll::Ready(());
        };
        if slot.state != State::Finished {
            return Poll::Pending;
        }
        if let Some(task) = &mut slot.task {
            task.as_mut().take_result(into);
        }
        slot.vacate(index, vacant);
        Poll::Ready(())
    }

    /// The owner does not want the task any more.
    fn cancel(&self, index: u32) {
        let mut table = self.table.borrow_mut();
        let Some((slot, vacant)) = table.slot(index) else {
            return;
        };
        let joiner = slot.joiner.take();
        let task = slot.task.take();
        match slot.state {
            State::New | State::Idle => {
                slot.left_in_queue = slot.state == State::New;
                slot.vacate(index, vacant);
                table.count_finished();
            }
            State::Finished => slot.vacate(index, vacant),
            State::Polling | State::PollingWoken => slot.state = State::Cancelled,
            State::Vacant | State::Cancelled => {}
        }
        drop(table);
        drop(joiner);
        if let Some(task) = task {
            self.drop_task(task);
        }
    }

    /// Drops a cancelled task: at once, unless [`DEEPEST_DROP`] of them are being dropped already.
    fn drop_task(&self, task: BoxTask) {
        let outer = self.drops.get();
        if outer == DEEPEST_DROP {
            self.to_drop.borrow_mut().push(task);
            return;
        }
        self.drops.set(outer + 1);
        // One that panics keeps no other from being dropped.
        let mut panics = Panics::default();
        panics.catch(|| drop(task));
        if outer + 1 == DEEPEST_DROP {
            loop {
                let tasks = self.to_drop.take();
                if tasks.is_empty() {
                    break;
                }
                for task in tasks {
                    panics.catch(|| drop(task));
                }
            }
        }
        self.drops.set(outer);
        panics.resume();
    }

    fn detach(&self, index: u32) {
        let mut table = self.table.borrow_mut();
        let Some((slot, _)) = table.slot(index) else {
            return;
        };
        if slot.state == State::Finished {
            drop(table);
            return self.cancel(index);
        }
        slot.detached = true;
        let joiner = slot.joiner.take();
        drop(table);
        drop(joiner);
    }

    /// Drops every task, and the slots with them, since the loop has ended: none is spawned here
    /// any more. Whoever still awaits a task learns that it is gone.
    pub(crate) fn clear(&self) {
        let table = self.table.replace(Table::new());
        park::set_has_tasks(false);
        let mut joiners = Vec::new();
        for slot in table.slots {
            joiners.extend(slot.joiner);
            if let Some(task) = slot.task {
                // Nobody waits for it, so a panic in its destructor has nobody to go to.
                swallow(|| drop(task));
            }
        }
        // Each is woken, whatever the wakers of the others do.
        joiners
            .into_iter()
            .for_each(|joiner| swallow(|| joiner.wake()));
    }
}

/// Starts `future` as a task on this thread's loop. It runs while this thread waits: inside
/// [`block_on`](crate::block_on), or inside a `.wait()` that drives a future.
///
/// Returns a handle that is awaited for the output. Neither the future nor its output need be
/// `Send`. On a thread that never waits, the task never runs. The future is `'static`: where a
/// smart function takes references, spawn an `async move` block that owns what they refer to.
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
    let mut future = Some(future);
    let on = loops::tasks();
    // Without a loop the task never runs: the thread is ending.
    let index = on
        .as_ref()
        .map_or(NO_SLOT, |on| on.spawn(&mut |place| put(&mut future, place)));
    Task {
        on,
        index,
        ended: false,
        output: PhantomData,
    }
}

/// The handle of a task that [`spawn_local`] started: a future of the task's output.
///
/// # Cancel safety
///
/// Dropping the handle cancels the task: its future is dropped, at once or, from inside its own
/// poll, when that poll returns. Where futures own handles of tasks that own handles, and so on,
/// those deeper than 32 are dropped one after the other, and all before the outermost drop returns.
/// [`detach`](Task::detach) keeps it running instead.
///
/// # Panics
///
/// A panic of the task resumes, with its payload, in whoever awaits it. Awaiting a task whose loop
/// was dropped by [`reset_smartasync_cache`](crate::reset_smartasync_cache), or with its thread,
/// panics.
#[must_use = "dropping a `Task` cancels it: await it, or call `.detach()`"]
pub struct Task<T> {
    /// `None` if the thread was ending, and had no loop any more.
    on: Option<Rc<Tasks>>,
    /// Of the slot. No other task gets it as long as this handle has not [ended](Task::ended).
    index: u32,
    /// The output was given, or nobody asks for it.
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
        if let Some(on) = &self.on {
            on.detach(self.index);
        }
    }
}

impl<T: 'static> Future for Task<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        assert!(
            !self.ended,
            "a `Task` was polled after it had given its output"
        );
        let mut result: Option<thread::Result<T>> = None;
        if let Some(on) = &self.on {
            if on.join(self.index, cx, &mut result).is_pending() {
                return Poll::Pending;
            }
        }
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
            if let Some(on) = &self.on {
                on.cancel(self.index);
            }
        }
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
