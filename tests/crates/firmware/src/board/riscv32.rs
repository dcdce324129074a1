//! A RISC-V core on QEMU's board `virt`. The machine timer brings the ticks, and software raises the
//! machine software interrupt.

use crate::event::{RAISED, TICK};
pub use riscv::asm::wfi as wait_for_interrupt;
use riscv::interrupt::{self, Interrupt};
use riscv::register::mie;
use riscv_rt::{core_interrupt, entry};

/// 5 ms at 10 MHz.
const CYCLES: u32 = 50_000;

// The registers of the interrupt controller.
const SOFTWARE: *mut u32 = 0x0200_0000 as *mut u32;
const COMPARE: *mut [u32; 2] = 0x0200_4000 as *mut [u32; 2];
const TIME: *const u32 = 0x0200_bff8 as *const u32;

#[entry]
fn start() -> ! {
    // SAFETY: no critical section is active.
    unsafe {
        mie::set_msoft();
        interrupt::enable();
    }
    crate::main()
}

#[core_interrupt(Interrupt::MachineTimer)]
fn tick() {
    set_timer();
    TICK.happen();
}

#[core_interrupt(Interrupt::MachineSoft)]
fn raised() {
    // SAFETY: the register is there, and this ends the interrupt.
    unsafe { SOFTWARE.write_volatile(0) };
    RAISED.happen();
}

/// Sets the timer to the next tick. The firmware ends long before the low half of the time overflows.
fn set_timer() {
    // SAFETY: the registers are there, and nothing else writes them.
    unsafe { COMPARE.write_volatile([TIME.read_volatile() + CYCLES, 0]) };
}

pub fn start_ticks() {
    set_timer();
    // SAFETY: the interrupt has a handler.
    unsafe { mie::set_mtimer() };
}

pub fn stop_ticks() {
    // SAFETY: it masks one interrupt.
    unsafe { mie::clear_mtimer() };
}

pub fn raise() {
    // SAFETY: the register is there, and the interrupt has a handler.
    unsafe { SOFTWARE.write_volatile(1) };
}
