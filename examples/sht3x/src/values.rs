//! The answers of the chip.

/// A measurement, in integers, because a small core has no floating point.
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

    /// Returns the temperature in thousandths of a degree Celsius, from -45,000 to 129,997.
    ///
    /// The data sheet divides by 65,535. This divides by 65,536, which is a shift, and differs by
    /// at most 3 thousandths.
    #[must_use]
    pub const fn milli_celsius(self) -> i32 {
        ((21_875 * self.temperature as i32) >> 13) - 45_000
    }

    /// Returns the relative humidity in thousandths of a per cent, from 0 to 99,998.
    #[must_use]
    pub const fn milli_percent(self) -> u32 {
        (12_500 * self.humidity as u32) >> 13
    }

    /// Returns the raw words of the chip: temperature and humidity.
    #[must_use]
    pub const fn raw(self) -> (u16, u16) {
        (self.temperature, self.humidity)
    }
}

/// The status register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status(pub(crate) u16);

impl Status {
    /// Returns whether at least one alert is pending.
    #[must_use]
    pub const fn alert(self) -> bool {
        self.bit(15)
    }

    /// Returns whether the heater is on.
    #[must_use]
    pub const fn heater(self) -> bool {
        self.bit(13)
    }

    /// Returns whether the humidity is beyond its limit.
    #[must_use]
    pub const fn humidity_alert(self) -> bool {
        self.bit(11)
    }

    /// Returns whether the temperature is beyond its limit.
    #[must_use]
    pub const fn temperature_alert(self) -> bool {
        self.bit(10)
    }

    /// Returns whether the chip was reset since the status was cleared.
    #[must_use]
    pub const fn reset_detected(self) -> bool {
        self.bit(4)
    }

    /// Returns whether the last command was invalid, and so was not executed.
    #[must_use]
    pub const fn command_failed(self) -> bool {
        self.bit(1)
    }

    /// Returns whether the checksum of the last write was wrong.
    #[must_use]
    pub const fn write_checksum_failed(self) -> bool {
        self.bit(0)
    }

    /// Returns the raw register.
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
