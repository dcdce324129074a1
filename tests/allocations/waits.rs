//! What waits allocate: nothing, but for the first on a thread.

use smartasync::{allow_blocking, block_on, smart};
use std::future::ready;
use std::thread;

fn allocations(f: impl FnOnce()) -> u64 {
    allocation_counter::measure(f).count_total
}

/// The parker and, where no former thread has left one, the slot of the cache that holds it.
#[test]
fn the_first_wait_on_a_thread_allocates_twice_at_most_and_the_next_ones_nothing() {
    let waits = || {
        let first = allocations(|| assert_eq!(block_on(ready(1)), 1));
        let next = allocations(|| (0..100).for_each(|n| assert_eq!(smart(ready(n)).wait(), n)));
        (first, next)
    };
    // What the crate keeps for all threads is made by the first one.
    thread::spawn(waits).join().unwrap();
    let several: Vec<_> = (0..20).map(|_| thread::spawn(waits)).collect();
    for one in several {
        let (first, next) = one.join().unwrap();
        assert!(first <= 2, "{first} allocations");
        assert_eq!(next, 0);
    }
}

#[test]
fn a_wait_inside_another_allocates_nothing_but_the_first_time() {
    let nested = || allow_blocking(|| smart(ready(1)).wait());
    block_on(async {
        nested();
        assert_eq!(
            allocations(|| assert_eq!((0..100).map(|_| nested()).sum::<i32>(), 100)),
            0
        );
    });
}
