//! Async firmware: calls are awaited on embassy's executor, beside a second task.

use crate::adc::Adc;
use crate::chip::{AsyncBus, Bus, Clock, is_answer};
use crate::event::TICK;
use crate::report::{check, finish};
use crate::split::Thermometer;
use core::cell::Cell;
use core::future::poll_fn;
use core::ptr;
use core::task::Poll;
use critical_section::Mutex;
use embassy_executor::{Executor, Spawner};
use sht3x::{Address, Repeatability, Sht3x};
use smartasync::smart;

/// How often the second task ran.
static TURNS: Mutex<Cell<u32>> = Mutex::new(Cell::new(0));

fn turns() -> u32 {
    critical_section::with(|cs| TURNS.borrow(cs).get())
}

pub fn run() -> ! {
    let mut executor = Executor::new();
    // SAFETY: this function never returns, so the executor lives as long as the program.
    let executor: &'static mut Executor = unsafe { &mut *ptr::from_mut(&mut executor) };
    executor.run(|spawner| spawner.spawn(checks(spawner).unwrap()))
}

#[embassy_executor::task]
async fn checks(spawner: Spawner) {
    // This task is alone, so the core sleeps between the interrupts.
    let mut adc = Adc { conversions: 0 };
    TICK.take_polls();
    check(adc.read().await == 1);
    check(adc.sum(3).await == Ok(2 + 3 + 4));
    check(adc.sum(10).await == Err(10));
    check(adc.interrupt().await == 4);
    check(TICK.take_polls() == 10);

    // While a call waits, the second task runs.
    spawner.spawn(second().unwrap());
    for _ in 0..3 {
        let before = turns();
        adc.read().await;
        check(turns() > before);
    }
    check(TICK.take_polls() == 6);

    // A driver over both kinds of bus.
    let before = turns();
    let mut sensor = Sht3x::new_async(AsyncBus, Clock, Address::Low);
    check(is_answer(sensor.measure(Repeatability::High).await));
    check(turns() > before);
    // The other task cannot run while a blocking bus blocks.
    let before = turns();
    let mut sensor = Sht3x::new_blocking(Bus, Clock, Address::Low);
    check(is_answer(sensor.measure(Repeatability::High).await));
    check(turns() == before);

    // A driver with two plain halves.
    let before = turns();
    let mut thermometer = Thermometer {
        i2c: AsyncBus,
        delay: Clock,
    };
    check(thermometer.measure().await == Ok(0x6666));
    check(turns() > before);

    // Without `std` nothing is refused.
    check(smart(adc.interrupt()).wait() == 7);
    finish()
}

/// Runs again and again, whenever the first task waits.
#[embassy_executor::task]
async fn second() {
    loop {
        critical_section::with(|cs| TURNS.borrow(cs).set(TURNS.borrow(cs).get() + 1));
        let mut yielded = false;
        poll_fn(|cx| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
