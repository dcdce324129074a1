//! What the driver asks of its bus: the one place that knows of the two worlds.
//!
//! A HAL's I²C implements the traits of `embedded-hal`, or those of `embedded-hal-async`, seldom
//! both. The bodies of the driver name neither: they are written over [`Bus`], whose methods are
//! smart functions. [`Blocking`] and [`Async`] make a bus of each kind.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{self, I2c};
use embedded_hal_async::delay::DelayNs as DelayNsAsync;
use embedded_hal_async::i2c::I2c as I2cAsync;
use smartasync::smart_fn;

/// An I²C bus with a way to wait.
///
/// A driver is generic over it. Implement it for a bus that speaks neither `embedded-hal` nor
/// `embedded-hal-async`.
pub trait Bus {
    /// What can go wrong on the bus.
    type Error: i2c::Error;

    smart_fn!(
        /// Writes `bytes` to the chip at `address`.
        async fn write(&mut self, address: u8, bytes: &[u8]) -> Result<(), Self::Error>;

        /// Fills `bytes` from the chip at `address`.
        async fn read(&mut self, address: u8, bytes: &mut [u8]) -> Result<(), Self::Error>;

        /// Lets this many microseconds pass, at least.
        async fn pause(&mut self, microseconds: u32);
    );
}

/// A bus of `embedded-hal`.
///
/// Calls of a driver on it are meant for `.wait()`, whose code is that of a blocking driver. They
/// can be awaited too; then they block the executor while they are polled, as a blocking bus does
/// wherever it is used in async code.
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
/// Calls of a driver on it are meant for `.await`. `.wait()` works too: it polls the futures of the
/// bus.
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
