//! A Cortex-M0. SysTick brings the ticks, and software raises PendSV.

use crate::event::{RAISED, TICK};
pub use cortex_m::asm::wfi as wait_for_interrupt;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{Peripherals, SCB, SYST};
use cortex_m_rt::{entry, exception};

/// 5 ms at 16 MHz.
const CYCLES: u32 = 80_000;

#[entry]
fn start() -> ! {
    crate::main()
}

#[exception]
fn SysTick() {
    TICK.happen();
}

#[exception]
fn PendSV() {
    RAISED.happen();
}

fn timer() -> SYST {
    // SAFETY: nothing else uses this timer, and nothing keeps it.
    unsafe { Peripherals::steal() }.SYST
}

pub fn start_ticks() {
    let mut timer = timer();
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CYCLES);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

pub fn stop_ticks() {
    timer().disable_counter();
}

pub fn raise() {
    SCB::set_pendsv();
    cortex_m::asm::isb();
}
