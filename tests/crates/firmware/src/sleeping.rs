//! The interrupt that comes between a poll and the sleep, which the documentation of
//! `Call::wait_with` warns of. The ticks are off, so a core that sleeps at the wrong moment never
//! wakes up.

use crate::board;
use crate::event::{RAISED, TICK, take_interrupted};
use crate::report::check;
use smartasync::smart;

/// Sleeps until the next interrupt, unless an interrupt came since the last call. Interrupts are
/// masked from the look at the flag until after the sleep. `wfi` returns for a masked interrupt too,
/// so no interrupt is lost. `before_sleep` runs between the look and the sleep.
fn sleep_unless_interrupted(before_sleep: impl FnOnce()) {
    critical_section::with(|_| {
        if !take_interrupted() {
            before_sleep();
            board::wait_for_interrupt();
        }
    });
}

pub fn run() {
    board::stop_ticks();
    take_interrupted();
    RAISED.take_polls();

    // The interrupt comes before the look at the flag.
    let mut sleeps = 0;
    smart(RAISED.next()).wait_with(|| {
        board::raise();
        sleep_unless_interrupted(|| sleeps += 1);
    });
    check(sleeps == 0 && RAISED.take_polls() == 2);

    // The interrupt comes between the look at the flag and the sleep.
    smart(RAISED.next()).wait_with(|| {
        sleep_unless_interrupted(|| {
            sleeps += 1;
            board::raise();
        });
    });
    check(sleeps == 1 && RAISED.take_polls() == 2);

    // The return from the interrupt sets the event register, so `wfe` does not sleep.
    #[cfg(target_arch = "arm")]
    {
        smart(RAISED.next()).wait_with(|| {
            board::raise();
            cortex_m::asm::wfe();
        });
        check(RAISED.take_polls() == 2);
    }

    // `wfi` alone sleeps on, here until the next tick.
    let ticks = TICK.count();
    board::start_ticks();
    smart(RAISED.next()).wait_with(|| {
        board::raise();
        board::wait_for_interrupt();
    });
    check(TICK.count() == ticks + 1 && RAISED.take_polls() == 2);
}
