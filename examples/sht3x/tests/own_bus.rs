//! A bus of our own, whose futures wait for interrupts. An executor polls the driver on it, and
//! blocking firmware waits for it.

use sht3x::{Address, Bus, Repeatability, Sht3x};
use smartasync::smart_fn;
use std::cell::Cell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Each transfer ends with the next interrupt.
struct Interrupts<'i> {
    count: &'i Cell<u32>,
}

impl Interrupts<'_> {
    async fn next(&self) {
        let before = self.count.get();
        poll_fn(|_| {
            if self.count.get() > before {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

impl Bus for Interrupts<'_> {
    type Error = Infallible;

    smart_fn!(
        async fn write(&mut self, _address: u8, _bytes: &[u8]) -> Result<(), Infallible> {
            self.next().await;
            Ok(())
        }

        async fn read(&mut self, _address: u8, bytes: &mut [u8]) -> Result<(), Infallible> {
            self.next().await;
            bytes.copy_from_slice(&[0x66, 0x66, 0x93, 0x80, 0x00, 0xa2]);
            Ok(())
        }

        async fn pause(&mut self, _microseconds: u32) {
            self.next().await;
        }
    );
}

#[test]
fn an_executor_is_free_between_the_interrupts() {
    let count = Cell::new(0);
    let mut sensor = Sht3x::new(Interrupts { count: &count }, Address::Low);
    let mut call = pin!(sensor.measure(Repeatability::High));
    let mut cx = Context::from_waker(Waker::noop());
    for interrupt in 0..3 {
        assert!(
            call.as_mut().poll(&mut cx).is_pending(),
            "after {interrupt} interrupts"
        );
        assert!(call.as_mut().poll(&mut cx).is_pending(), "a poll too many");
        count.set(count.get() + 1);
    }
    let Poll::Ready(Ok(measured)) = call.poll(&mut cx) else {
        panic!("the call is not done")
    };
    assert_eq!(measured.milli_percent(), 50_000);
}

#[test]
fn blocking_firmware_polls_it_with_a_hook() {
    let count = Cell::new(0);
    let mut sensor = Sht3x::new(Interrupts { count: &count }, Address::Low);
    // On hardware, the hook is `wfe`, and the interrupts come by themselves.
    let measured = sensor
        .measure(Repeatability::High)
        .wait_with(|| count.set(count.get() + 1));
    assert_eq!(measured.unwrap().milli_celsius(), 24_998);
    assert_eq!(count.get(), 3);
}
