//! The error of the driver.

use core::fmt;
use embedded_hal::i2c;

/// An error of the driver. `E` is the error of the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<E> {
    /// The bus reports an error. If the chip does not acknowledge its address, it is not there, or
    /// still busy.
    Bus(E),
    /// The checksum of an answer is wrong, because a bit was flipped on the bus. The values are
    /// lost, so measure again.
    Checksum,
}

impl<E> From<E> for Error<E> {
    fn from(error: E) -> Self {
        Self::Bus(error)
    }
}

impl<E: i2c::Error> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus(error) => write!(f, "the bus reports: {}", error.kind()),
            Self::Checksum => f.write_str("the checksum of the sensor's answer is wrong"),
        }
    }
}

impl<E: i2c::Error> core::error::Error for Error<E> {}
