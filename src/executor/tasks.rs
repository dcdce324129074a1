//! The tasks of one loop: futures that run while the loop's thread waits.
//!
//! A task costs at most one allocation, its box (see [`cell`](crate::executor::cell)). Slots and
//! their wakers are used again by later tasks. An old waker that is called late gives the newer task
//! one turn too many, which is harmless.

use crate::executor::cell::BoxTask;
use crate::executor::ready::{Inbox, ReadyQueue, TaskWaker};
use crate::sync::Arc;
use crate::sync::panics::{Panics, drop_value, swallow};
use crate::thread::context;
use crate::thread::parker::Parker;
use core::any::Any;
use core::cell::{Cell, RefCell};
use core::mem;
use core::task::{Context, Poll};
use std::task::Waker;
use std::thread_local;
use std::vec::Vec;

/// The size of the largest box that stays in its slot without a task, until the loop ends. Keeping
/// the box saves 310 of 740 instructions a task. Of 100,000 tasks it saves two thirds of the time,
/// because the allocator merges that many freed boxes, and hands them out in another order.
const LARGEST_KEPT: usize = 256;

/// The most slots that stay when no task is left. After a larger burst all of them are freed.
const MOST_KEPT: usize = 1 << 17;

/// How deep the drops of cancelled tasks may nest. Deeper ones are dropped one after the other, so
/// that a chain of any length needs little stack. (Up to that depth, a destructor that cancels a task
/// sees it dropped at once.)
const DEEPEST_DROP: u32 = 32;

thread_local! {
    /// How many tasks of this thread are not finished.
    static UNFINISHED: Cell<usize> = const { Cell::new(0) };
}

/// Returns whether this thread has tasks that are not finished.
#[inline]
pub(crate) fn has_unfinished() -> bool {
    UNFINISHED.get() != 0
}

/// Counts a task that is finished, or never will be.
#[inline]
fn count_finished() {
    UNFINISHED.set(UNFINISHED.get() - 1);
}

/// What a slot's task is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is none. A box in the slot is empty.
    Vacant,
    /// It is in the slot, and was never polled.
    New,
    /// It is in the slot, and waits to be polled again.
    Idle,
    /// It was taken out, and is being polled further down this stack.
    Polling,
    /// It is being polled, and a nested wait met it in the queue meanwhile.
    PollingWoken,
    /// It is being polled, and its owner dropped it meanwhile.
    Cancelled,
    /// It is in the slot, and its result waits for the owner.
    Finished,
}

/// A place for one task after the other. The next one comes when nobody has a handle of the last one
/// any more.
///
/// A slot fills a cache line, so that a turn of a task touches one line beside the task itself.
#[repr(align(64))]
struct TaskSlot {
    task: Option<BoxTask>,
    /// The waker of the task. While the task is polled, it is taken out too, so that no reference
    /// count changes.
    waker: Option<Waker>,
    /// The waker of whoever awaits the task.
    joiner: Option<Waker>,
    /// What `waker` holds.
    wake: Arc<TaskWaker>,
    /// The next vacant slot.
    next_vacant: u32,
    state: State,
    /// Nobody will ask for the result.
    detached: bool,
    /// The slot is vacant, but stands in the queue, because its task was cancelled when it was new.
    /// The next task in the slot takes that turn over, so that tasks that never run do not fill the
    /// queue.
    left_in_queue: bool,
}

const _: () = assert!(size_of::<TaskSlot>() == 64);

impl TaskSlot {
    /// Puts the slot, which has this index, at the head of the vacant ones. A box in it is empty.
    /// Returns whether no slot is in use now.
    #[inline]
    #[must_use]
    fn vacate(&mut self, index: u32, vacant: &mut Vacant) -> bool {
        if self
            .task
            .as_ref()
            .is_some_and(|task| size_of_val(&**task) > LARGEST_KEPT)
        {
            self.free_box();
        }
        self.state = State::Vacant;
        self.next_vacant = mem::replace(&mut vacant.first, index);
        vacant.in_use -= 1;
        vacant.in_use == 0
    }

    #[cold]
    #[inline(never)]
    fn free_box(&mut self) {
        self.task = None;
    }

    /// Puts the task and its waker back after a poll.
    #[inline]
    fn put_back(&mut self, task: BoxTask, waker: Waker) {
        // Both places are empty, and have no destructor to call.
        mem::forget(self.task.replace(task));
        mem::forget(self.waker.replace(waker));
    }
}

/// The tasks of one loop. No user code runs while the table is borrowed.
pub(crate) struct Tasks {
    table: RefCell<Table>,
    /// The slot of the task that is polled now, or [`NO_SLOT`].
    polled: Cell<u32>,
    /// How many drops of cancelled tasks are on the stack.
    drops: Cell<u32>,
    /// Cancelled tasks that the deepest drop on the stack will drop.
    to_drop: RefCell<Vec<BoxTask>>,
}

struct Table {
    slots: Vec<TaskSlot>,
    vacant: Vacant,
    ready: ReadyQueue,
}

/// The list of vacant slots.
struct Vacant {
    /// The first one, or [`NO_SLOT`].
    first: u32,
    /// How many slots are not in the list.
    in_use: u32,
}

/// Ends the list of vacant slots.
pub(crate) const NO_SLOT: u32 = u32::MAX;

impl Table {
    const fn new(inbox: &'static Inbox) -> Self {
        Self {
            slots: Vec::new(),
            vacant: Vacant {
                first: NO_SLOT,
                in_use: 0,
            },
            ready: ReadyQueue::new(inbox),
        }
    }

    /// A slot, and the list of the vacant ones. `None` if the loop has ended, or if the waker came
    /// from a task of an ended thread.
    #[inline]
    fn slot(&mut self, index: u32) -> Option<(&mut TaskSlot, &mut Vacant)> {
        self.slots
            .get_mut(index as usize)
            .map(|slot| (slot, &mut self.vacant))
    }

    /// Takes the task and its waker out of the slot, if the task is to be polled.
    #[inline]
    fn take_to_poll(&mut self, index: u32) -> Option<(BoxTask, Waker)> {
        let (slot, _) = self.slot(index)?;
        match slot.state {
            // `spawn` has queued the slot without setting the flag, so this turn need not look at
            // it. If a late waker of an older task has set the flag, the slot is in the queue twice,
            // and the other turn will clear it: a flag that is set always has a turn to come.
            State::New => {}
            State::Idle => slot.wake.mark_unqueued(),
            State::Polling | State::PollingWoken => {
                slot.wake.mark_unqueued();
                slot.state = State::PollingWoken;
                return None;
            }
            State::Vacant | State::Cancelled | State::Finished => {
                if !mem::take(&mut slot.left_in_queue) {
                    slot.wake.mark_unqueued();
                }
                return None;
            }
        }
        slot.state = State::Polling;
        Some((slot.task.take()?, slot.waker.take()?))
    }

    /// Frees the memory of a large burst of tasks, if there was one. No slot is in use. A waker that is called later
    /// finds no slot, or gives a later task one turn too many.
    #[cold]
    #[inline(never)]
    fn free_after_burst(&mut self) {
        if self.slots.len() > MOST_KEPT {
            self.ready.inbox.shrink();
            *self = Self::new(self.ready.inbox);
        }
    }

    /// Adds a slot that is not in the list of vacant ones.
    #[cold]
    #[inline(never)]
    fn add_slot(&mut self) -> u32 {
        let index = u32::try_from(self.slots.len())
            .ok()
            .filter(|&index| index != NO_SLOT);
        let index = index.expect("a thread has less than 2^32 tasks");
        let wake = Arc::new(TaskWaker::new(index, self.ready.inbox));
        self.slots.push(TaskSlot {
            task: None,
            waker: Some(Waker::from(wake.clone())),
            joiner: None,
            wake,
            next_vacant: NO_SLOT,
            state: State::Vacant,
            detached: false,
            left_in_queue: false,
        });
        index
    }
}

impl Tasks {
    pub(crate) fn new(inbox: &'static Inbox) -> Self {
        Self {
            table: RefCell::new(Table::new(inbox)),
            polled: Cell::new(NO_SLOT),
            drops: Cell::new(0),
            to_drop: RefCell::default(),
        }
    }

    /// The owner of the parker is awake again.
    pub(crate) fn forget_sleeper(&self) {
        let inbox = self.table.borrow().ready.inbox;
        inbox.forget_sleeper();
    }

    /// Returns whether no task is ready, so that the owner of `parker` may sleep.
    pub(crate) fn prepare_to_sleep(&self, parker: &Arc<Parker>) -> bool {
        self.table.borrow().ready.prepare_to_sleep(parker)
    }

    /// Queues the task that `put` puts into a slot, and returns the index of the slot. `put` runs no
    /// user code.
    pub(crate) fn spawn(&self, put: &mut dyn FnMut(&mut Option<BoxTask>)) -> u32 {
        let table = &mut *self.table.borrow_mut();
        let index = if table.vacant.first == NO_SLOT {
            table.add_slot()
        } else {
            table.vacant.first
        };
        let slot = &mut table.slots[index as usize];
        table.vacant.first = slot.next_vacant;
        table.vacant.in_use += 1;
        put(&mut slot.task);
        slot.state = State::New;
        slot.detached = false;
        if !mem::take(&mut slot.left_in_queue) {
            table.ready.push(index);
        }
        UNFINISHED.set(UNFINISHED.get() + 1);
        index
    }

    /// Polls each task that is ready now once. It stops early when `first` is notified.
    pub(crate) fn run_ready(&self, first: Option<&Parker>) {
        let turns = self.table.borrow_mut().ready.collect();
        let outer = self.polled.get();
        for _ in 0..turns {
            let mut table = self.table.borrow_mut();
            let Some(index) = table.ready.pop() else {
                break;
            };
            let taken = table.take_to_poll(index);
            drop(table);
            if let Some((task, waker)) = taken {
                self.polled.set(index);
                self.run(index, task, waker);
                if first.is_some_and(Parker::is_notified) {
                    break;
                }
            }
        }
        self.polled.set(outer);
    }

    /// Returns whether `waker` is that of the task that is polled now.
    pub(crate) fn polls_with(&self, waker: &Waker) -> bool {
        let polled = self.polled.get();
        let mut table = self.table.borrow_mut();
        let slot = table.slot(polled);
        slot.is_some_and(|(slot, _)| Arc::as_ptr(&slot.wake).cast() == waker.data())
    }

    #[inline]
    fn run(&self, index: u32, mut task: BoxTask, waker: Waker) {
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
                if woken && slot.wake.mark_queued() {
                    table.ready.push(index);
                }
            }
            State::Polling | State::PollingWoken if !slot.detached => {
                slot.put_back(task, waker);
                slot.state = State::Finished;
                let joiner = slot.joiner.take();
                drop(table);
                count_finished();
                if let Some(joiner) = joiner {
                    // The code that waits here has nothing to do with that waker, so nobody could
                    // receive its panic.
                    swallow(|| joiner.wake());
                }
            }
            _unwanted => {
                drop(table);
                swallow(|| task.as_mut().clear());
                let mut table = self.table.borrow_mut();
                if let Some((slot, vacant)) = table.slot(index) {
                    slot.put_back(task, waker);
                    let is_last = slot.vacate(index, vacant);
                    count_finished();
                    if is_last {
                        table.free_after_burst();
                    }
                }
            }
        }
    }

    /// Moves the result into `into`, an `Option` that is `None`, or leaves the waker to be woken. If
    /// the loop has ended, `into` stays as it is.
    #[inline]
    pub(crate) fn join(&self, index: u32, cx: &Context<'_>, into: &mut dyn Any) -> Poll<()> {
        match self.take_result(index, into) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => self.leave_joiner(index, cx, into),
        }
    }

    #[inline(never)]
    fn leave_joiner(&self, index: u32, cx: &Context<'_>, into: &mut dyn Any) -> Poll<()> {
        // The clone is user code, so it is made before the table is borrowed. It may even wait until
        // the task is finished.
        let waker = cx.waker().clone();
        if self.take_result(index, into).is_ready() {
            return Poll::Ready(());
        }
        let mut table = self.table.borrow_mut();
        let old = table
            .slot(index)
            .and_then(|(slot, _)| slot.joiner.replace(waker));
        drop(table);
        drop(old);
        Poll::Pending
    }

    /// Moves the result of a finished task into `into`, and frees its slot. The caller has the
    /// handle, so the slot belongs to its task.
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
        if slot.vacate(index, vacant) {
            table.free_after_burst();
        }
        Poll::Ready(())
    }

    /// The owner does not want the task any more.
    pub(crate) fn cancel(&self, index: u32) {
        let mut table = self.table.borrow_mut();
        let Some((slot, vacant)) = table.slot(index) else {
            return;
        };
        let joiner = slot.joiner.take();
        let task = slot.task.take();
        let is_last = match slot.state {
            State::New | State::Idle => {
                slot.left_in_queue = slot.state == State::New;
                count_finished();
                slot.vacate(index, vacant)
            }
            State::Finished => slot.vacate(index, vacant),
            State::Polling | State::PollingWoken => {
                slot.state = State::Cancelled;
                false
            }
            State::Vacant | State::Cancelled => false,
        };
        if is_last {
            table.free_after_burst();
        }
        drop(table);
        let mut panics = Panics::default();
        panics.drop_value(joiner);
        if let Some(task) = task {
            self.drop_task(task, &mut panics);
        }
        panics.resume();
    }

    /// Drops a cancelled task: at once, unless [`DEEPEST_DROP`] of them are being dropped already.
    fn drop_task(&self, task: BoxTask, panics: &mut Panics) {
        let outer = self.drops.get();
        if outer == DEEPEST_DROP {
            self.to_drop.borrow_mut().push(task);
            return;
        }
        self.drops.set(outer + 1);
        // A panic of one destructor keeps no other task from being dropped.
        panics.drop_value(task);
        if outer + 1 == DEEPEST_DROP {
            loop {
                let tasks = self.to_drop.take();
                if tasks.is_empty() {
                    break;
                }
                for task in tasks {
                    panics.drop_value(task);
                }
            }
        }
        self.drops.set(outer);
    }

    pub(crate) fn detach(&self, index: u32) {
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
        drop_value(joiner);
    }

    /// Drops every task and its slot, because the loop has ended: nothing is spawned here any more.
    /// Whoever still awaits a task learns that it is gone.
    pub(crate) fn clear(&self) {
        let inbox = self.table.borrow().ready.inbox;
        let table = self.table.replace(Table::new(inbox));
        UNFINISHED.set(0);
        let mut joiners = Vec::new();
        for slot in table.slots {
            joiners.extend(slot.joiner);
            if let Some(task) = slot.task {
                // Nobody waits for the task, so nobody could receive the panic of its destructor.
                swallow(|| drop(task));
            }
        }
        for joiner in joiners {
            swallow(|| joiner.wake());
        }
    }
}
