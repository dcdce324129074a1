//! The loop that drives one future, and what other threads may touch of it.
//!
//! Whoever waits has a [`Level`]: a parker and its waker. [`drive`] polls the future, gives the
//! thread's tasks their turns, and sleeps when there is nothing to do. Which level a wait has, and
//! when a thread's loop begins and ends, is the matter of [`loops`].

use crate::context::{self, Stack};
use crate::level::Level;
use crate::loops;
use crate::park::{self, Parker};
use crate::pool;
use crate::sync::{Arc, Mutex};
use core::pin::Pin;
use core::task::{Context, Poll};
use std::time::Instant;
use std::vec::Vec;

/// The tasks of one loop that were woken, for wakers on any thread.
pub(crate) struct Woken {
    /// Protects the queue, and who is to be unparked for it.
    queue: Mutex<Queue>,
}

struct Queue {
    tasks: Vec<u32>,
    /// Whom to unpark when a task is woken. It is there only while the loop's thread sleeps.
    sleeper: Option<Arc<Parker>>,
}

impl Woken {
    pub(crate) fn new() -> Self {
        Self {
            queue: Mutex::new(Queue {
                tasks: Vec::new(),
                sleeper: None,
            }),
        }
    }

    /// Queues a woken task.
    ///
    /// Not lost: either the push comes before the loop's last look at the queue, in
    /// `prepare_to_sleep`, under the same mutex: then it does not sleep. Or it comes after:
    /// then the sleeper is there, and is unparked.
    pub(crate) fn push(&self, task: u32) {
        let mut queue = self.queue.lock();
        queue.tasks.push(task);
        let sleeper = queue.sleeper.take();
        drop(queue);
        if let Some(sleeper) = sleeper {
            sleeper.unpark();
        }
    }

    /// Moves the woken tasks to `ready`.
    pub(crate) fn take(&self, ready: &mut impl for<'a> Extend<&'a u32>) {
        let mut queue = self.queue.lock();
        ready.extend(&queue.tasks);
        queue.tasks.clear();
    }

    /// Says whether `parker` may sleep: no task is woken. Who wakes one from now on unparks it.
    pub(crate) fn prepare_to_sleep(&self, parker: &Arc<Parker>) -> bool {
        let mut queue = self.queue.lock();
        let may_sleep = queue.tasks.is_empty();
        if may_sleep {
            queue.sleeper = Some(parker.clone());
        }
        may_sleep
    }

    pub(crate) fn forget_sleeper(&self) {
        let sleeper = self.queue.lock().sleeper.take();
        drop(sleeper);
    }
}

/// Polls `future` until it is ready, or gives up at `deadline`; sleeps on `level` whenever there is
/// nothing to do, and runs the thread's tasks in between. A future that is woken all the time does
/// not starve the tasks, nor the tasks it.
///
/// The thread counts as async already, and between the polls as it did `before`.
#[inline]
pub(crate) fn drive<F: Future>(
    level: &Level,
    before: Stack,
    mut future: Pin<&mut F>,
    deadline: Option<Instant>,
) -> Option<F::Output> {
    let mut cx = Context::from_waker(&level.waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        // The usual reason to be here again soon: the future has woken itself, and there is nothing
        // else to do.
        if deadline.is_none() && !park::has_tasks() && level.parker.take() {
            continue;
        }
        if !wait_for_notification(level, before, deadline) {
            return None;
        }
    }
}

/// Gives each ready task a turn, then takes the parker's notification, for which it sleeps if it
/// has to. Returns `false` at the deadline.
#[inline(never)]
pub(crate) fn wait_for_notification(
    level: &Level,
    before: Stack,
    deadline: Option<Instant>,
) -> bool {
    let _between = context::enter_as(before);
    loop {
        if park::has_tasks() {
            loops::run_ready_tasks();
        }
        // A future that wakes itself in each poll never sleeps, so the deadline comes first.
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return false;
        }
        if level.parker.take() || sleep(level, deadline) {
            return true;
        }
    }
}

/// Sleeps until the parker is notified, a task is woken or the deadline has come. Says whether the
/// parker was notified.
#[inline(never)]
fn sleep(level: &Level, deadline: Option<Instant>) -> bool {
    let tasks = if park::has_tasks() {
        loops::running_tasks()
    } else {
        None
    };
    let Some(tasks) = tasks else {
        return pool::park(&level.parker, &level.waker, deadline);
    };
    if tasks.has_ready() || !tasks.woken().prepare_to_sleep(&level.parker) {
        return false;
    }
    let notified = pool::park(&level.parker, &level.waker, deadline);
    tasks.woken().forget_sleeper();
    notified
}
