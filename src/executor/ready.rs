//! Which tasks of a loop are ready, and how a waker on any thread makes one ready.
//!
//! A ready task stands in the [`Inbox`] or in the local part of the [`ReadyQueue`], never in both.
//! Wakers put it into the inbox, under a mutex. The loop moves the whole inbox to the local part
//! before it gives each task a turn, so that a turn takes no mutex.

use crate::sync::{Arc, AtomicBool, Mutex, Ordering};
use crate::thread::parker::Parker;
use core::mem;
use std::task::Wake;
use std::vec::Vec;

/// The tasks of one loop that were woken, for wakers on any thread.
pub(crate) struct Inbox {
    /// Protects the woken tasks, and the parker to notify for them.
    state: Mutex<InboxState>,
}

struct InboxState {
    tasks: Vec<u32>,
    /// The parker that the loop's thread sleeps on. It is there only while the thread sleeps.
    sleeper: Option<Arc<Parker>>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(InboxState {
                tasks: Vec::new(),
                sleeper: None,
            }),
        }
    }

    /// Adds a woken task.
    ///
    /// No wake-up is lost. Either the task comes before the loop's last look, in
    /// [`prepare_to_sleep`](Inbox::prepare_to_sleep), under the same mutex: then the loop does not
    /// sleep. Or it comes after: then the sleeper is there, and is notified.
    pub(crate) fn push(&self, task: u32) {
        let mut state = self.state.lock();
        state.tasks.push(task);
        let sleeper = state.sleeper.take();
        drop(state);
        if let Some(sleeper) = sleeper {
            sleeper.unpark();
        }
    }

    /// Moves the woken tasks to the end of `ready`.
    pub(crate) fn take(&self, ready: &mut Vec<u32>) {
        ready.append(&mut self.state.lock().tasks);
    }

    /// Frees the memory that no woken task needs.
    pub(crate) fn shrink(&self) {
        self.state.lock().tasks.shrink_to_fit();
    }

    /// Returns whether the inbox is empty, so that the owner of `parker` may sleep. If so, the next
    /// task notifies `parker`.
    pub(crate) fn prepare_to_sleep(&self, parker: &Arc<Parker>) -> bool {
        let mut state = self.state.lock();
        let may_sleep = state.tasks.is_empty();
        if may_sleep {
            state.sleeper = Some(parker.clone());
        }
        may_sleep
    }

    /// The owner of the parker is awake again.
    pub(crate) fn forget_sleeper(&self) {
        let sleeper = self.state.lock().sleeper.take();
        drop(sleeper);
    }
}

/// The ready tasks of one loop, in their order. Nested waits take from the same queue, because a
/// wait inside one task may need any other task.
pub(crate) struct ReadyQueue {
    pub(crate) inbox: &'static Inbox,
    /// The tasks at the front, in reverse order.
    front: Vec<u32>,
    /// The tasks behind them.
    back: Vec<u32>,
}

impl ReadyQueue {
    pub(crate) const fn new(inbox: &'static Inbox) -> Self {
        Self {
            inbox,
            front: Vec::new(),
            back: Vec::new(),
        }
    }

    /// Adds a task that is in no queue.
    #[inline]
    pub(crate) fn push(&mut self, task: u32) {
        self.back.push(task);
    }

    /// Empties the inbox. Returns how many tasks are ready now.
    pub(crate) fn collect(&mut self) -> usize {
        self.inbox.take(&mut self.back);
        self.front.len() + self.back.len()
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<u32> {
        if self.front.is_empty() {
            mem::swap(&mut self.front, &mut self.back);
            self.front.reverse();
        }
        self.front.pop()
    }

    /// Returns whether no task is ready, so that the owner of `parker` may sleep.
    pub(crate) fn prepare_to_sleep(&self, parker: &Arc<Parker>) -> bool {
        self.front.is_empty() && self.back.is_empty() && self.inbox.prepare_to_sleep(parker)
    }
}

/// What the waker of a task holds.
pub(crate) struct TaskWaker {
    task: u32,
    /// A waker has put the task into a queue, so the next waker need not.
    queued: AtomicBool,
    inbox: &'static Inbox,
}

impl TaskWaker {
    pub(crate) fn new(task: u32, inbox: &'static Inbox) -> Self {
        Self {
            task,
            queued: AtomicBool::new(false),
            inbox,
        }
    }

    /// Returns whether the task was in no queue. It counts as queued from now on.
    #[inline]
    pub(crate) fn mark_queued(&self) -> bool {
        // ORDERING: AcqRel pairs with the swap in `mark_unqueued`: the poll sees what was written before a
        // wake-up that found the task queued.
        !self.queued.swap(true, Ordering::AcqRel)
    }

    /// The task has left its queue and is about to be polled. The next wake-up queues it again.
    #[inline]
    pub(crate) fn mark_unqueued(&self) {
        // ORDERING: AcqRel pairs with the swap in `mark_queued`.
        self.queued.swap(false, Ordering::AcqRel);
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    #[inline]
    fn wake_by_ref(self: &Arc<Self>) {
        if self.mark_queued() {
            self.inbox.push(self.task);
        }
    }
}
