//! What the crate does without `std` in a host with an event loop of its own. `run.mjs` calls the
//! exported functions; a check that fails traps.
#![no_std]
#![no_main]

extern crate alloc;

mod host;
mod on_the_event_loop;
mod with_alloc;

#[path = "../../freestanding/src/checks.rs"]
mod freestanding;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// Runs the checks that wait for nothing outside, and returns how many passed.
#[unsafe(no_mangle)]
extern "C" fn checks() -> u32 {
    u32::from(freestanding::run()) + with_alloc::run()
}
