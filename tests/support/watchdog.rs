//! A guard against hangs, and a way to see that a thread sleeps.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{fs, thread};

/// Calls `f` on a thread of its own, and panics if it takes longer than so many seconds.
pub(crate) fn within<T: Send + 'static>(seconds: u64, f: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    let thread = thread::spawn(move || drop(done.send(f())));
    match result.recv_timeout(Duration::from_secs(seconds)) {
        Ok(value) => {
            thread.join().unwrap();
            value
        }
        Err(RecvTimeoutError::Disconnected) => resume_unwind(thread.join().unwrap_err()),
        Err(RecvTimeoutError::Timeout) => panic!("the test hangs"),
    }
}

/// The path of the file in which Linux shows the state of the calling thread.
pub(crate) fn this_thread() -> PathBuf {
    PathBuf::from("/proc")
        .join(fs::read_link("/proc/thread-self").unwrap())
        .join("stat")
}

/// Blocks until a thread sleeps. `stat` is the file that [`this_thread`] returned on it.
pub(crate) fn until_asleep(stat: &Path) {
    loop {
        let stat = fs::read_to_string(stat).unwrap();
        // The state follows the name, which is in parentheses and may contain anything.
        let (_, after_name) = stat.rsplit_once(") ").unwrap();
        if after_name.starts_with('S') {
            return;
        }
        thread::yield_now();
    }
}
