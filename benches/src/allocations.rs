//! A counting allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicU64 = AtomicU64::new(0);

struct Counting;

// SAFETY: it hands on to the system's allocator, and counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size() as u64, Ordering::Relaxed);
        LIVE.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations and bytes of them so far, over all threads.
pub fn so_far() -> (u64, u64) {
    (COUNT.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed))
}

/// Bytes that are allocated now.
pub fn live() -> u64 {
    LIVE.load(Ordering::Relaxed)
}

/// Allocations of each of the times that `run` does, and their bytes.
pub fn per_time(run: fn(u64), batch: u64) -> (f64, f64) {
    let n = batch.max(100);
    let spent = |times: u64| {
        let before = so_far();
        run(times);
        let after = so_far();
        ((after.0 - before.0) as f64, (after.1 - before.1) as f64)
    };
    spent(n);
    let (once, thrice) = (spent(n), spent(3 * n));
    let times = (2 * n) as f64;
    ((thrice.0 - once.0) / times, (thrice.1 - once.1) / times)
}
