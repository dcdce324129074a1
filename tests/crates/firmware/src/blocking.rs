//! Blocking firmware: calls are finished by `.wait()`, by blocking twins and by `.wait_with(…)`.

use crate::adc::Adc;
use crate::board;
use crate::chip::{AsyncBus, Bus, Clock, is_answer};
use crate::event::TICK;
use crate::report::check;
use crate::split;
use embedded_hal::i2c::ErrorKind;
use sht3x::{Address, Error, Repeatability, Sht3x};
use smartasync::smart;

pub fn run() {
    // The sync copies. They poll nothing.
    let mut adc = Adc { conversions: 0 };
    TICK.take_polls();
    check(adc.read().wait() == 1);
    check(adc.read_blocking() == 2);
    check(adc.sum(3).wait() == Ok(3 + 4 + 5));
    check(adc.sum(10).wait() == Err(10));
    check(TICK.take_polls() == 0);

    // A future, polled with a spin hint, and with a sleep between the polls.
    check(adc.interrupt().wait() == 5);
    let spinning = TICK.take_polls();
    check(adc.interrupt().wait_with(board::wait_for_interrupt) == 5);
    check(TICK.take_polls() == 2 && spinning > 100);

    // The async copies.
    check(smart(async { adc.sum(3).await }).wait_with(board::wait_for_interrupt) == Ok(6 + 7 + 8));
    check(TICK.take_polls() == 6);
    #[cfg(target_arch = "arm")]
    check(adc.sum(3).wait_with(cortex_m::asm::wfe) == Ok(9 + 10 + 11));

    // A driver over both kinds of bus.
    let mut sensor = Sht3x::new_blocking(Bus, Clock, Address::Low);
    check(is_answer(sensor.measure(Repeatability::High).wait()));
    check(matches!(
        sensor.stop().wait(),
        Err(Error::Bus(ErrorKind::Bus))
    ));
    let mut sensor = Sht3x::new_async(AsyncBus, Clock, Address::Low);
    TICK.take_polls();
    let call = sensor.measure(Repeatability::High);
    check(is_answer(call.wait_with(board::wait_for_interrupt)));
    check(TICK.take_polls() == 6);

    // A driver with two plain halves. This half polls nothing.
    let mut thermometer = split::blocking::Thermometer {
        i2c: Bus,
        delay: Clock,
    };
    check(thermometer.measure() == Ok(0x6666));
    check(TICK.take_polls() == 0);
}
