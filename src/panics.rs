//! Calling user code that must not keep other user code from being called.

use core::any::Any;
use core::mem;
use core::task::Waker;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

/// Calls `f`; a panic in it has nobody to go to.
pub(crate) fn swallow(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        // Its destructor may panic too.
        mem::forget(payload);
    }
}

/// Holds panics back, the first of them to go on later.
#[derive(Default)]
pub(crate) struct Panics {
    first: Option<Box<dyn Any + Send>>,
}

impl Panics {
    /// Calls `f`. Says whether it returned.
    pub(crate) fn catch(&mut self, f: impl FnOnce()) -> bool {
        let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else {
            return true;
        };
        if self.first.is_none() {
            self.first = Some(payload);
        } else {
            // Its destructor may panic too.
            mem::forget(payload);
        }
        false
    }

    /// Wakes everybody, also after one of the wakers has panicked.
    pub(crate) fn wake_all(&mut self, wakers: impl IntoIterator<Item = Waker>) {
        for waker in wakers {
            self.catch(|| waker.wake());
        }
    }

    /// Lets the first panic go on, unless this thread unwinds already: a second one would abort.
    pub(crate) fn resume(self) {
        match self.first {
            Some(payload) if thread::panicking() => mem::forget(payload),
            Some(payload) => resume_unwind(payload),
            None => {}
        }
    }
}
