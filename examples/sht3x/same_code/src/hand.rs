//! A blocking driver written by hand. Its functions are `#[inline]`, because the bodies of smart
//! functions become closures, which are inlined too.

use crate::command::{Command, Rate, Repeatability, checked};
use crate::error::Error;
use crate::values::{Measurement, Status};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{Error as _, ErrorKind, I2c};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Address {
    Low = 0x44,
    High = 0x45,
}

#[derive(Debug)]
pub(crate) struct Sht3x<I2C, Delay> {
    i2c: I2C,
    delay: Delay,
    address: Address,
}

impl<I2C: I2c, Delay: DelayNs> Sht3x<I2C, Delay> {
    pub(crate) const fn new_blocking(i2c: I2C, delay: Delay, address: Address) -> Self {
        Self {
            i2c,
            delay,
            address,
        }
    }

    #[inline]
    pub(crate) fn measure(
        &mut self,
        repeatability: Repeatability,
    ) -> Result<Measurement, Error<I2C::Error>> {
        self.send(repeatability.single_shot())?;
        let mut answer = [0; 6];
        self.i2c.read(self.address as u8, &mut answer)?;
        measurement(answer)
    }

    #[inline]
    pub(crate) fn start(
        &mut self,
        rate: Rate,
        repeatability: Repeatability,
    ) -> Result<(), Error<I2C::Error>> {
        self.send(rate.start(repeatability))
    }

    #[inline]
    pub(crate) fn fetch(&mut self) -> Result<Option<Measurement>, Error<I2C::Error>> {
        self.send(Command::FETCH)?;
        let mut answer = [0; 6];
        match self.i2c.read(self.address as u8, &mut answer) {
            Ok(()) => measurement(answer).map(Some),
            Err(error) if matches!(error.kind(), ErrorKind::NoAcknowledge(_)) => Ok(None),
            Err(error) => Err(Error::Bus(error)),
        }
    }

    #[inline]
    pub(crate) fn stop(&mut self) -> Result<(), Error<I2C::Error>> {
        self.send(Command::STOP)
    }

    #[inline]
    pub(crate) fn reset(&mut self) -> Result<(), Error<I2C::Error>> {
        self.send(Command::RESET)
    }

    #[inline]
    pub(crate) fn set_heater(&mut self, on: bool) -> Result<(), Error<I2C::Error>> {
        self.send(if on {
            Command::HEATER_ON
        } else {
            Command::HEATER_OFF
        })
    }

    #[inline]
    pub(crate) fn status(&mut self) -> Result<Status, Error<I2C::Error>> {
        self.send(Command::READ_STATUS)?;
        let mut answer = [0; 3];
        self.i2c.read(self.address as u8, &mut answer)?;
        checked(answer).map(Status).ok_or(Error::Checksum)
    }

    #[inline]
    pub(crate) fn clear_status(&mut self) -> Result<(), Error<I2C::Error>> {
        self.send(Command::CLEAR_STATUS)
    }

    #[inline]
    fn send(&mut self, command: Command) -> Result<(), Error<I2C::Error>> {
        self.i2c.write(self.address as u8, &command.bytes())?;
        self.delay.delay_us(command.microseconds());
        Ok(())
    }
}

fn measurement<E>([t0, t1, t2, h0, h1, h2]: [u8; 6]) -> Result<Measurement, Error<E>> {
    match (checked([t0, t1, t2]), checked([h0, h1, h2])) {
        (Some(temperature), Some(humidity)) => Ok(Measurement::from_raw(temperature, humidity)),
        _ => Err(Error::Checksum),
    }
}
