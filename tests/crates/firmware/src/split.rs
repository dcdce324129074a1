//! A driver with two plain halves: one over `embedded-hal-async`, and one over `embedded-hal`.

use smartasync::smart_fn;
use {embedded_hal as hal, embedded_hal_async as hal_async};

/// The async half.
pub struct Thermometer<I2C, Delay> {
    pub i2c: I2C,
    pub delay: Delay,
}

pub mod blocking {
    /// The blocking half.
    pub struct Thermometer<I2C, Delay> {
        pub i2c: I2C,
        pub delay: Delay,
    }
}

smart_fn!(
    #[split(blocking::Thermometer<I2C, Delay> where I2C: hal::i2c::I2c, Delay: hal::delay::DelayNs)]
    impl<I2C, Delay> Thermometer<I2C, Delay>
    where
        I2C: hal_async::i2c::I2c,
        Delay: hal_async::delay::DelayNs,
    {
        /// Measures, and returns the raw temperature.
        pub async fn measure(&mut self) -> Result<u16, I2C::Error> {
            smart_await!(self.i2c.write(Self::ADDRESS, &[0x24, 0x00]))?;
            smart_await!(self.delay.delay_ms(16));
            smart_await!(self.answer())
        }

        async fn answer(&mut self) -> Result<u16, I2C::Error> {
            let mut answer = [0; 3];
            smart_await!(self.i2c.read(Self::ADDRESS, &mut answer))?;
            Ok(u16::from_be_bytes([answer[0], answer[1]]))
        }

        const ADDRESS: u8 = 0x44;
    }
);
