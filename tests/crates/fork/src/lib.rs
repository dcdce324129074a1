//! Runs a closure in a child process, for the tests in `tests/`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Makes the tests run one after the other: at a fork, no other thread holds a lock.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `test` in a child process. Panics if `test` panics there, or does not end within a minute.
pub fn fork(test: impl FnOnce()) {
    // SAFETY: the child runs `test` and ends. It never returns into code of the parent. `test` uses
    // the allocator and starts threads, and glibc prepares both for the child.
    let child = unsafe { libc::fork() };
    assert_ne!(child, -1, "the system refused a process");
    if child == 0 {
        // A child that hangs is killed by this signal.
        // SAFETY: `alarm` has no precondition.
        unsafe { libc::alarm(60) };
        let panicked = catch_unwind(AssertUnwindSafe(test)).is_err();
        // SAFETY: `_exit` ends the child at once, without destructors of the parent's values.
        unsafe { libc::_exit(i32::from(panicked)) };
    }
    let mut status = 0;
    // SAFETY: `status` is valid for the length of the call.
    let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(ended, child, "the child was not waited for");
    assert!(libc::WIFEXITED(status), "the child hung, or was killed");
    assert_eq!(libc::WEXITSTATUS(status), 0, "the child panicked");
}
