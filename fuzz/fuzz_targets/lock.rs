//! Operations on a `SmartLock` and a `SmartLockMap`, chosen by libFuzzer, each compared with the
//! oracle that the tests use.
#![no_main]

use choices::Bytes;
use libfuzzer_sys::fuzz_target;
use std::sync::atomic::{AtomicUsize, Ordering};

#[path = "../../tests/support/choices.rs"]
mod choices;
#[path = "../../tests/support/count.rs"]
mod count;
#[path = "../../tests/support/oracle.rs"]
mod oracle;
#[path = "../../tests/support/work.rs"]
mod work;

/// After so many operations their number is printed.
const MANY: usize = 1_000_000;

fuzz_target!(|data: &[u8]| {
    static OPERATIONS: AtomicUsize = AtomicUsize::new(0);
    let operations = oracle::run(&mut Bytes(data));
    let before = OPERATIONS.fetch_add(operations, Ordering::Relaxed);
    if before / MANY < (before + operations) / MANY {
        eprintln!("operations so far: {}", before + operations);
    }
});
