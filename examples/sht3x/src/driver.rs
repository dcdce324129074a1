//! The driver. Each body is written once, and compiled as blocking code for `.wait()` and as async
//! code for `.await`.

use crate::bus::{Async, Blocking, Bus};
use crate::command::{Command, Rate, Repeatability, checked};
use crate::error::Error;
use crate::values::{Measurement, Status};
use embedded_hal::i2c::{Error as _, ErrorKind};
use smartasync::{smart_await, smart_fn};

/// The address of the chip. Its ADDR pin selects it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Address {
    /// 0x44: the pin is low.
    #[default]
    Low = 0x44,
    /// 0x45: the pin is high.
    High = 0x45,
}

/// A humidity and temperature sensor SHT30, SHT31 or SHT35.
///
/// Its methods return a lazy call. Blocking firmware finishes it with `.wait()`, async firmware
/// with `.await`. The driver stays usable after an error.
///
/// # Cancel safety
///
/// If you drop a call before its end, the chip is at most one measurement behind. The next
/// measurement is right again.
#[derive(Debug)]
pub struct Sht3x<B> {
    bus: B,
    address: Address,
}

impl<I2C, Delay> Sht3x<Blocking<I2C, Delay>> {
    /// Makes a driver over the traits of `embedded-hal`.
    pub const fn new_blocking(i2c: I2C, delay: Delay, address: Address) -> Self {
        Self::new(Blocking { i2c, delay }, address)
    }

    /// Returns the bus and the delay.
    pub fn release(self) -> (I2C, Delay) {
        (self.bus.i2c, self.bus.delay)
    }
}

impl<I2C, Delay> Sht3x<Async<I2C, Delay>> {
    /// Makes a driver over the traits of `embedded-hal-async`.
    pub const fn new_async(i2c: I2C, delay: Delay, address: Address) -> Self {
        Self::new(Async { i2c, delay }, address)
    }

    /// Returns the bus and the delay.
    pub fn release(self) -> (I2C, Delay) {
        (self.bus.i2c, self.bus.delay)
    }
}

impl<B> Sht3x<B> {
    /// Makes a driver over any [`Bus`].
    pub const fn new(bus: B, address: Address) -> Self {
        Self { bus, address }
    }
}

impl<B: Bus> Sht3x<B> {
    smart_fn!(
        /// Measures once. Do not call it while the chip measures periodically.
        ///
        /// # Errors
        ///
        /// [`Error::Bus`], or [`Error::Checksum`] if the answer is damaged.
        #[maybe_async]
        pub async fn measure(
            &mut self,
            repeatability: Repeatability,
        ) -> Result<Measurement, Error<B::Error>> {
            smart_await!(self.send(repeatability.single_shot()))?;
            let mut answer = [0; 6];
            smart_await!(self.bus.read(self.address as u8, &mut answer))?;
            measurement(answer)
        }

        /// Starts periodic measurements, which [`stop`](Sht3x::stop) ends.
        ///
        /// # Errors
        ///
        /// [`Error::Bus`].
        #[maybe_async]
        pub async fn start(
            &mut self,
            rate: Rate,
            repeatability: Repeatability,
        ) -> Result<(), Error<B::Error>> {
            smart_await!(self.send(rate.start(repeatability)))
        }

        /// Returns the last measurement since [`start`](Sht3x::start), or `None` if there is no new
        /// one since the last call.
        ///
        /// # Errors
        ///
        /// [`Error::Bus`], or [`Error::Checksum`] if the answer is damaged.
        #[maybe_async]
        pub async fn fetch(&mut self) -> Result<Option<Measurement>, Error<B::Error>> {
            smart_await!(self.send(Command::FETCH))?;
            let mut answer = [0; 6];
            match smart_await!(self.bus.read(self.address as u8, &mut answer)) {
                Ok(()) => measurement(answer).map(Some),
                // The chip acknowledged the command, so it is there. It does not answer, because it
                // has no new measurement.
                Err(error) if matches!(error.kind(), ErrorKind::NoAcknowledge(_)) => Ok(None),
                Err(error) => Err(Error::Bus(error)),
            }
        }

        /// Ends periodic measurements.
        ///
        /// # Errors
        ///
        /// [`Error::Bus`].
        #[maybe_async]
        pub async fn stop(&mut self) -> Result<(), Error<B::Error>> {
            smart_await!(self.send(Command::STOP))
        }

        /// Resets the chip. It stops measuring, and reads its calibration again.
        ///
        /// # Errors
        ///
        /// [`Error::Bus`].
        #[maybe_async]
        pub async fn reset(&mut self) -> Result<(), Error<B::Error>> {
            smart_await!(self.send(Command::RESET))
        }

        /// Turns the heater on or off, to check that the sensor works, or to dry it.
        ///
        /// # Errors
        ///
        /// [`Error::Bus`].
        #[maybe_async]
        pub async fn set_heater(&mut self, on: bool) -> Result<(), Error<B::Error>> {
            smart_await!(self.send(if on {
                Command::HEATER_ON
            } else {
                Command::HEATER_OFF
            }))
        }

        /// Reads the status register.
        ///
        /// # Errors
        ///
        /// [`Error::Bus`], or [`Error::Checksum`] if the answer is damaged.
        #[maybe_async]
        pub async fn status(&mut self) -> Result<Status, Error<B::Error>> {
            smart_await!(self.send(Command::READ_STATUS))?;
            let mut answer = [0; 3];
            smart_await!(self.bus.read(self.address as u8, &mut answer))?;
            checked(answer).map(Status).ok_or(Error::Checksum)
        }

        /// Clears the alerts and the reset flag in the status register.
        ///
        /// # Errors
        ///
        /// [`Error::Bus`].
        #[maybe_async]
        pub async fn clear_status(&mut self) -> Result<(), Error<B::Error>> {
            smart_await!(self.send(Command::CLEAR_STATUS))
        }

        /// Sends a command, and waits until the chip has executed it.
        #[maybe_async]
        async fn send(&mut self, command: Command) -> Result<(), Error<B::Error>> {
            smart_await!(self.bus.write(self.address as u8, &command.bytes()))?;
            smart_await!(self.bus.pause(command.microseconds()));
            Ok(())
        }
    );
}

/// Reads two words, each with its checksum.
fn measurement<E>([t0, t1, t2, h0, h1, h2]: [u8; 6]) -> Result<Measurement, Error<E>> {
    match (checked([t0, t1, t2]), checked([h0, h1, h2])) {
        (Some(temperature), Some(humidity)) => Ok(Measurement::from_raw(temperature, humidity)),
        _ => Err(Error::Checksum),
    }
}
