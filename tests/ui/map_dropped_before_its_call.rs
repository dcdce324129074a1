//! A map has to outlive the calls on it.

use smartasync::SmartLockMap;

fn main() {
    let map = SmartLockMap::new();
    let call = map.run_shared("key", || async { 1 });
    drop(map);
    assert_eq!(call.wait(), Ok(1));
}
