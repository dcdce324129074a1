//! What keeps a test from hanging, and what sees that a thread sleeps.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{fs, thread};

/// Calls `f` on a thread of its own, and panics if it takes too long.
pub(crate) fn within<T: Send + 'static>(seconds: u64, f: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    let thread = thread::spawn(move || drop(done.send(f())));
    match result.recv_timeout(Duration::from_secs(seconds)) {
        Ok(value) => {
            thread.join().unwrap();
            value
        }
        Err(RecvTimeoutError::Disconnected) => resume_unwind(thread.join().unwrap_err()),
        Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
    }
}

/// Gives the path of the file in which Linux says what the calling thread does.
pub(crate) fn this_thread() -> PathBuf {
    PathBuf::from("/proc")
        .join(fs::read_link("/proc/thread-self").unwrap())
        .join("stat")
}

/// Blocks until the thread sleeps, as the file of [`this_thread`] says.
pub(crate) fn until_asleep(stat: &Path) {
    loop {
        let stat = fs::read_to_string(stat).unwrap();
        // The name, in parentheses, may contain anything.
        let (_, after_name) = stat.rsplit_once(") ").unwrap();
        if after_name.starts_with('S') {
            return;
        }
        thread::yield_now();
    }
}
