//! The bus that the driver uses. Only this file knows the two worlds.
//!
//! The I²C of a HAL implements the traits of `embedded-hal` or those of `embedded-hal-async`, but
//! rarely both. The bodies of the driver use neither. They use [`Bus`], whose methods are smart
//! functions. [`Blocking`] and [`Async`] each turn one kind of I²C into a `Bus`.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{self, I2c};
use embedded_hal_async::delay::DelayNs as DelayNsAsync;
use embedded_hal_async::i2c::I2c as I2cAsync;
use smartasync::smart_fn;

/// An I²C bus with a way to wait.
///
/// The driver is generic over it. Implement it for a bus that has neither the traits of
/// `embedded-hal` nor those of `embedded-hal-async`.
pub trait Bus {
    /// The error of the bus.
    type Error: i2c::Error;

    smart_fn!(
        /// Writes `bytes` to the chip at `address`.
        async fn write(&mut self, address: u8, bytes: &[u8]) -> Result<(), Self::Error>;

        /// Reads from the chip at `address` until `bytes` is full.
        async fn read(&mut self, address: u8, bytes: &mut [u8]) -> Result<(), Self::Error>;

        /// Waits for at least this number of microseconds.
        async fn pause(&mut self, microseconds: u32);
    );
}

/// A bus of `embedded-hal`.
///
/// Finish the calls of a driver on this bus with `.wait()`. Their code is that of a blocking
/// driver. If you await them, they block the executor while it polls them, because the bus blocks.
#[derive(Clone, Debug)]
pub struct Blocking<I2C, Delay> {
    pub(crate) i2c: I2C,
    pub(crate) delay: Delay,
}

impl<I2C: I2c, Delay: DelayNs> Bus for Blocking<I2C, Delay> {
    type Error = I2C::Error;

    smart_fn!(
        #[maybe_async]
        async fn write(&mut self, address: u8, bytes: &[u8]) -> Result<(), I2C::Error> {
            self.i2c.write(address, bytes)
        }

        #[maybe_async]
        async fn read(&mut self, address: u8, bytes: &mut [u8]) -> Result<(), I2C::Error> {
            self.i2c.read(address, bytes)
        }

        #[maybe_async]
        async fn pause(&mut self, microseconds: u32) {
            self.delay.delay_us(microseconds);
        }
    );
}

/// A bus of `embedded-hal-async`.
///
/// Finish the calls of a driver on this bus with `.await`. `.wait()` works too, and polls the
/// futures of the bus.
#[derive(Clone, Debug)]
pub struct Async<I2C, Delay> {
    pub(crate) i2c: I2C,
    pub(crate) delay: Delay,
}

impl<I2C: I2cAsync, Delay: DelayNsAsync> Bus for Async<I2C, Delay> {
    type Error = I2C::Error;

    smart_fn!(
        async fn write(&mut self, address: u8, bytes: &[u8]) -> Result<(), I2C::Error> {
            self.i2c.write(address, bytes).await
        }

        async fn read(&mut self, address: u8, bytes: &mut [u8]) -> Result<(), I2C::Error> {
            self.i2c.read(address, bytes).await
        }

        async fn pause(&mut self, microseconds: u32) {
            self.delay.delay_us(microseconds).await;
        }
    );
}
