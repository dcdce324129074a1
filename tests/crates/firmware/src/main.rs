//! Firmware that checks the crate on a real instruction set, with interrupts and without an
//! operating system. It prints how many checks passed and exits with 0. A check that fails panics,
//! and the panic handler exits with another code.
#![no_std]
#![no_main]

mod adc;
mod blocking;
mod board;
mod chip;
mod event;
mod on_executor;
mod report;
mod sleeping;
mod split;

#[path = "../../freestanding/src/checks.rs"]
mod freestanding;

/// The board calls this after it has set up the memory.
fn main() -> ! {
    report::add(freestanding::run().into());
    board::start_ticks();
    blocking::run();
    sleeping::run();
    on_executor::run()
}
