//! The board: its timer, an interrupt that software raises, and the instruction that sleeps.

#[cfg_attr(target_arch = "arm", path = "board/cortex_m0.rs")]
#[cfg_attr(target_arch = "riscv32", path = "board/riscv32.rs")]
mod this;

pub use this::{raise, start_ticks, stop_ticks, wait_for_interrupt};
