//! Calls user code in such a way that its panic does not keep other user code from being called.

use core::any::Any;
use core::mem;
use core::task::Waker;
use std::boxed::Box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

/// Calls `f` and drops its panic, which nobody could receive.
pub(crate) fn swallow(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        // The destructor of the payload may panic too.
        mem::forget(payload);
    }
}

/// Drops `value`. If its destructor panics while the thread unwinds already, this panic is dropped: it
/// would abort the process.
pub(crate) fn drop_value<T>(value: T) {
    let mut panics = Panics::default();
    panics.drop_value(value);
    panics.resume();
}

/// Holds back the panics of several calls, and lets the first one go on afterwards.
#[derive(Default)]
pub(crate) struct Panics {
    first: Option<Box<dyn Any + Send>>,
}

impl Panics {
    /// Calls `f`. Returns whether it returned without a panic.
    pub(crate) fn catch(&mut self, f: impl FnOnce()) -> bool {
        let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else {
            return true;
        };
        match &mut self.first {
            first @ None => *first = Some(payload),
            // The destructor of the payload may panic too.
            Some(_) => mem::forget(payload),
        }
        false
    }

    /// Drops `value`.
    pub(crate) fn drop_value<T>(&mut self, value: T) {
        self.catch(|| drop(value));
    }

    /// Calls every waker, also after one of them has panicked.
    pub(crate) fn wake_all(&mut self, wakers: impl IntoIterator<Item = Waker>) {
        for waker in wakers {
            self.catch(|| waker.wake());
        }
    }

    /// Resumes the first panic. A thread that unwinds already drops it instead: a second panic
    /// would abort the process.
    pub(crate) fn resume(self) {
        match self.first {
            Some(payload) if thread::panicking() => mem::forget(payload),
            Some(payload) => resume_unwind(payload),
            None => {}
        }
    }
}
