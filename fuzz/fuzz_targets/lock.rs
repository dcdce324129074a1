//! Operations on a `SmartLock`, chosen by libFuzzer, each compared with the oracle that the tests use.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oracle::Choices;
use std::sync::atomic::{AtomicUsize, Ordering};

#[path = "../../tests/support/count.rs"]
mod count;
#[path = "../../tests/support/oracle.rs"]
mod oracle;

/// After so many operations their number is printed.
const MANY: usize = 1_000_000;

/// One choice a byte.
struct Bytes<'d>(std::slice::Iter<'d, u8>);

impl Choices for Bytes<'_> {
    fn choose(&mut self, bound: usize) -> Option<usize> {
        self.0.next().map(|&byte| usize::from(byte) % bound)
    }
}

fuzz_target!(|data: &[u8]| {
    static OPERATIONS: AtomicUsize = AtomicUsize::new(0);
    let operations = oracle::run(&mut Bytes(data.iter()));
    let before = OPERATIONS.fetch_add(operations, Ordering::Relaxed);
    if before / MANY < (before + operations) / MANY {
        eprintln!("operations so far: {}", before + operations);
    }
});
