//! A lock has to outlive the calls on it.

use smartasync::SmartLock;

fn main() {
    let lock = SmartLock::new();
    let call = lock.run_once(|| async { 1 });
    drop(lock);
    assert_eq!(call.wait(), Ok(1));
}
