//! What the chip answers.

/// A measurement, in integers: a small core has no floating point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Measurement {
    temperature: u16,
    humidity: u16,
}

impl Measurement {
    pub(crate) const fn from_raw(temperature: u16, humidity: u16) -> Self {
        Self {
            temperature,
            humidity,
        }
    }

    /// The temperature in thousandths of a degree Celsius, from -45,000 to 129,997.
    ///
    /// The data sheet divides by 65,535; dividing by 65,536 needs no division, and is off by 3
    /// thousandths at most.
    #[must_use]
    pub const fn milli_celsius(self) -> i32 {
        ((21_875 * self.temperature as i32) >> 13) - 45_000
    }

    /// The relative humidity in thousandths of a per cent, from 0 to 99,998.
    #[must_use]
    pub const fn milli_percent(self) -> u32 {
        (12_500 * self.humidity as u32) >> 13
    }

    /// The words of the chip, as they are: temperature and humidity.
    #[must_use]
    pub const fn raw(self) -> (u16, u16) {
        (self.temperature, self.humidity)
    }
}

/// The status register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status(pub(crate) u16);

impl Status {
    /// At least one alert is pending.
    #[must_use]
    pub const fn alert(self) -> bool {
        self.bit(15)
    }

    /// The heater is on.
    #[must_use]
    pub const fn heater(self) -> bool {
        self.bit(13)
    }

    /// The humidity is beyond its limit.
    #[must_use]
    pub const fn humidity_alert(self) -> bool {
        self.bit(11)
    }

    /// The temperature is beyond its limit.
    #[must_use]
    pub const fn temperature_alert(self) -> bool {
        self.bit(10)
    }

    /// There was a reset since the status was cleared.
    #[must_use]
    pub const fn reset_detected(self) -> bool {
        self.bit(4)
    }

    /// The last command was not executed: it was invalid.
    #[must_use]
    pub const fn command_failed(self) -> bool {
        self.bit(1)
    }

    /// The checksum of the last write was wrong.
    #[must_use]
    pub const fn write_checksum_failed(self) -> bool {
        self.bit(0)
    }

    /// The register as it is.
    #[must_use]
    pub const fn raw(self) -> u16 {
        self.0
    }

    const fn bit(self, bit: u16) -> bool {
        self.0 >> bit & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_and_the_middle_of_the_range() {
        let values = |raw| {
            let measurement = Measurement::from_raw(raw, raw);
            (measurement.milli_celsius(), measurement.milli_percent())
        };
        assert_eq!(values(0), (-45_000, 0));
        assert_eq!(values(0x8000), (42_500, 50_000));
        assert_eq!(values(0xffff), (129_997, 99_998));
    }
}
