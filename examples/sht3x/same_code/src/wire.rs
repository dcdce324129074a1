//! A bus that the optimiser cannot inline.

use core::hint::black_box;
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{Error, ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

#[derive(Debug)]
pub(crate) struct Wire(u32);

#[derive(Debug)]
pub(crate) struct Fault(u8);

impl Error for Fault {
    fn kind(&self) -> ErrorKind {
        if self.0 == 1 {
            ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data)
        } else {
            ErrorKind::Bus
        }
    }
}

impl ErrorType for Wire {
    type Error = Fault;
}

impl I2c for Wire {
    #[inline(never)]
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Fault> {
        match black_box(self.0 ^ u32::from(address) ^ operations.len() as u32) {
            0 => Ok(()),
            other => Err(Fault(other as u8)),
        }
    }

    #[inline(never)]
    fn write(&mut self, address: u8, bytes: &[u8]) -> Result<(), Fault> {
        self.transaction(address, &mut [Operation::Write(black_box(bytes))])
    }

    #[inline(never)]
    fn read(&mut self, address: u8, bytes: &mut [u8]) -> Result<(), Fault> {
        self.transaction(address, &mut [Operation::Read(black_box(bytes))])
    }
}

#[derive(Debug)]
pub(crate) struct Clock;

impl DelayNs for Clock {
    #[inline(never)]
    fn delay_ns(&mut self, ns: u32) {
        black_box(ns);
    }

    #[inline(never)]
    fn delay_us(&mut self, us: u32) {
        black_box(us);
    }
}
