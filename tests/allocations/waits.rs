//! What waits allocate: only the first wait of a thread allocates.

use smartasync::{allow_blocking, block_on, smart};
use std::future::ready;
use std::thread;

/// How many allocations `f` makes.
fn allocations(f: impl FnOnce()) -> u64 {
    allocation_counter::measure(f).count_total
}

/// The first wait allocates the parker. It also allocates a slot of the cache, unless an ended
/// thread left one.
#[test]
fn the_first_wait_on_a_thread_allocates_at_most_twice_and_the_next_waits_nothing() {
    let waits = || {
        let first = allocations(|| assert_eq!(block_on(ready(1)), 1));
        let next = allocations(|| (0..100).for_each(|n| assert_eq!(smart(ready(n)).wait(), n)));
        (first, next)
    };
    // The first thread makes what the crate keeps for all threads.
    thread::spawn(waits).join().unwrap();
    let several: Vec<_> = (0..20).map(|_| thread::spawn(waits)).collect();
    for one in several {
        let (first, next) = one.join().unwrap();
        assert!(first <= 2, "{first} allocations");
        assert_eq!(next, 0);
    }
}

#[test]
fn a_nested_wait_allocates_only_the_first_time() {
    let nested = || allow_blocking(|| smart(ready(1)).wait());
    block_on(async {
        nested();
        assert_eq!(
            allocations(|| assert_eq!((0..100).map(|_| nested()).sum::<i32>(), 100)),
            0
        );
    });
}
