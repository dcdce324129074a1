//! [`spawn_local`] and the handle of a task.

use crate::executor::cell::put;
use crate::executor::loops;
use crate::executor::tasks::{NO_SLOT, Tasks};
use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::panic::resume_unwind;
use std::rc::Rc;
use std::thread;

/// Starts `future` as a task on this thread's loop, and returns a handle that you await for the
/// output.
///
/// The task runs while this thread waits: inside [`block_on`](crate::block_on), or inside a
/// `.wait()` that drives a future. On a thread that never waits, it never runs. In a job of the
/// offload pool it ends with the job: see [`offload`](crate::offload#tasks). Neither the future
/// nor its output need be `Send`. The future is `'static`: if a smart function takes references,
/// spawn an `async move` block that owns what they refer to.
///
/// # Waits inside tasks
///
/// A task may wait, inside [`allow_blocking`](crate::allow_blocking). That wait runs the other tasks
/// while its own future is not woken, so a task that waits too stands on the stack of the first one.
/// A future that is woken already goes first: any number of tasks that each wait for a yield nest one
/// deep. For tasks that wait for a timer or for another thread, count on the stack of 64 of them.
/// A wait that is deeper runs no tasks for 100 ms. Then it does, because its future may need one of
/// them.
///
/// # Memory
///
/// The loop keeps the memory of ended tasks for later ones: at most 500 bytes for each of the most
/// tasks that there were at once. After a burst of more than 131,072 it keeps nothing, once all of
/// them have ended. [`reset_smartasync_cache`](crate::reset_smartasync_cache) frees
/// it, and so does the end of the thread.
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
    let tasks = loops::tasks();
    // Without a loop the task never runs: the thread is ending.
    let spawn = |tasks: &Rc<Tasks>| tasks.spawn(&mut |place| put(&mut future, place));
    let index = tasks.as_ref().map_or(NO_SLOT, spawn);
    Task {
        tasks,
        index,
        ended: false,
        output: PhantomData,
    }
}

/// The handle of a task that [`spawn_local`] started: a future of the task's output.
///
/// # Cancel safety
///
/// Dropping the handle cancels the task: its future is dropped. That happens at once or, if the
/// handle is dropped inside the task's own poll, when that poll returns.
/// [`detach`](Task::detach) keeps the task running instead.
///
/// A future may own the handle of a task whose future owns a handle, and so on. Those that are
/// deeper than 32 are dropped one after the other, before the outermost drop returns.
///
/// # Panics
///
/// A panic of the task resumes, with its payload, in whoever awaits it. Awaiting a task panics if
/// its loop was dropped, by [`reset_smartasync_cache`](crate::reset_smartasync_cache) or with its
/// thread.
#[must_use = "dropping a `Task` cancels it: await it, or call `.detach()`"]
pub struct Task<T> {
    /// `None` if the thread was ending, and had no loop any more.
    tasks: Option<Rc<Tasks>>,
    /// The slot of the task. No other task gets it before this handle has ended.
    index: u32,
    /// The output was given, or nobody asks for it.
    ended: bool,
    output: PhantomData<T>,
}

impl<T> Task<T> {
    /// Lets the task run on without a handle. Its output, or its panic, is dropped.
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
        if let Some(tasks) = &self.tasks {
            tasks.detach(self.index);
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
        if let Some(tasks) = &self.tasks {
            if tasks.join(self.index, cx, &mut result).is_pending() {
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
            if let Some(tasks) = &self.tasks {
                tasks.cancel(self.index);
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
