//! The memory of one task: its future and, later, its result, in one box.
//!
//! A small box stays with its place when the task has ended. The next task there needs no new box
//! if its future has the same type.

use crate::sync::panics::swallow;
use core::any::Any;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

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
pub(crate) trait AnyTask {
    /// Polls the future. If it is ready or panics, keeps the result.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()>;

    /// Moves the result into `into`, an `Option<thread::Result<F::Output>>` that is `None`. Runs no
    /// user code.
    fn take_result(self: Pin<&mut Self>, into: &mut dyn Any);

    /// Moves the future in `from`, if that is an `Option<F>`, into this empty cell. Returns whether
    /// it did. Runs no user code.
    fn refill(self: Pin<&mut Self>, from: &mut dyn Any) -> bool;

    /// Drops what is in the cell.
    fn clear(self: Pin<&mut Self>);
}

pub(crate) type BoxTask = Pin<Box<dyn AnyTask>>;

/// Moves the future in `from` into `place`. If a box is there, it is empty, so refilling or dropping
/// it runs no user code.
pub(crate) fn put<F: Future + 'static>(from: &mut Option<F>, place: &mut Option<BoxTask>) {
    if !place
        .as_mut()
        .is_some_and(|task| task.as_mut().refill(from))
    {
        *place = from
            .take()
            .map(|future| Box::pin(TaskCell::Running { future }) as BoxTask);
    }
}

impl<F: Future + 'static> TaskCell<F> {
    /// Keeps a panic of the poll, or of the future's destructor, as the result.
    #[cold]
    fn keep_panic(mut self: Pin<&mut Self>, mut payload: Box<dyn Any + Send>) {
        // If the destructor has panicked, the output is here already. If the poll has, the future
        // is here, and its destructor may panic as well.
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
        let CellProj::Empty = self.as_mut().project() else {
            return false;
        };
        let Some(future) = from.downcast_mut::<Option<F>>().and_then(Option::take) else {
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
