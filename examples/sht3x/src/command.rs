//! The commands of the chip, and its checksum. The numbers come from the tables in chapter 4 of the
//! data sheet.

/// How much the chip averages. A more repeatable measurement takes more time and more current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Repeatability {
    /// Takes 4.5 ms at most.
    Low,
    /// Takes 6.5 ms at most.
    Medium,
    /// Takes 15.5 ms at most.
    #[default]
    High,
}

impl Repeatability {
    /// Returns the command for a single measurement, without clock stretching. Its pause is the
    /// longest duration of a measurement at the lowest supply voltage.
    pub(crate) const fn single_shot(self) -> Command {
        match self {
            Self::Low => Command::new(0x2416, 4_500),
            Self::Medium => Command::new(0x240b, 6_500),
            Self::High => Command::new(0x2400, 15_500),
        }
    }
}

/// How often the chip measures by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rate {
    /// Every two seconds.
    Hz0_5,
    /// Every second.
    Hz1,
    /// Twice a second.
    Hz2,
    /// Four times a second.
    Hz4,
    /// Ten times a second. The chip may heat itself.
    Hz10,
}

impl Rate {
    /// Returns the command that starts the measurements.
    pub(crate) const fn start(self, repeatability: Repeatability) -> Command {
        let [low, medium, high] = match self {
            Self::Hz0_5 => [0x202f, 0x2024, 0x2032],
            Self::Hz1 => [0x212d, 0x2126, 0x2130],
            Self::Hz2 => [0x222b, 0x2220, 0x2236],
            Self::Hz4 => [0x2329, 0x2322, 0x2334],
            Self::Hz10 => [0x272a, 0x2721, 0x2737],
        };
        let code = match repeatability {
            Repeatability::Low => low,
            Repeatability::Medium => medium,
            Repeatability::High => high,
        };
        Command::new(code, AFTER_COMMAND)
    }
}

/// The pause that the chip needs after most commands, in microseconds.
const AFTER_COMMAND: u16 = 1_000;

/// A command, as it is written to the chip, and the pause that the chip needs after it.
///
/// Both are in one word. A call of the driver's `send` then has two words of arguments, the driver
/// and this, which the compiler passes in registers.
#[derive(Clone, Copy)]
pub(crate) struct Command(u32);

impl Command {
    pub(crate) const FETCH: Self = Self::new(0xe000, AFTER_COMMAND);
    pub(crate) const STOP: Self = Self::new(0x3093, AFTER_COMMAND);
    pub(crate) const RESET: Self = Self::new(0x30a2, 1_500);
    pub(crate) const HEATER_ON: Self = Self::new(0x306d, AFTER_COMMAND);
    pub(crate) const HEATER_OFF: Self = Self::new(0x3066, AFTER_COMMAND);
    pub(crate) const READ_STATUS: Self = Self::new(0xf32d, AFTER_COMMAND);
    pub(crate) const CLEAR_STATUS: Self = Self::new(0x3041, AFTER_COMMAND);

    const fn new(code: u16, microseconds: u16) -> Self {
        Self((code as u32) << 16 | microseconds as u32)
    }

    pub(crate) const fn bytes(self) -> [u8; 2] {
        ((self.0 >> 16) as u16).to_be_bytes()
    }

    pub(crate) const fn microseconds(self) -> u32 {
        self.0 & 0xffff
    }
}

/// Returns the checksum of two bytes: CRC-8 with the polynomial x⁸ + x⁵ + x⁴ + 1, starting at 0xff.
fn checksum(bytes: [u8; 2]) -> u8 {
    let mut crc = 0xff;
    for byte in bytes {
        crc ^= byte;
        for _ in 0..8 {
            crc = if crc & 0x80 == 0 {
                crc << 1
            } else {
                crc << 1 ^ 0x31
            };
        }
    }
    crc
}

/// Returns the word in an answer of the chip, if its checksum is right.
pub(crate) fn checked([high, low, crc]: [u8; 3]) -> Option<u16> {
    (checksum([high, low]) == crc).then(|| u16::from_be_bytes([high, low]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_data_sheet() {
        assert_eq!(checksum([0xbe, 0xef]), 0x92);
        assert_eq!(checked([0xbe, 0xef, 0x92]), Some(0xbeef));
        assert_eq!(checked([0xbe, 0xee, 0x92]), None);
    }
}
