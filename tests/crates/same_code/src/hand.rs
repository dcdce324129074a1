//! The functions as one writes them by hand. They are `#[inline]`, as the closures are which the
//! bodies of smart functions become.

use crate::bus::{Bus, Error};

#[inline]
pub fn add(a: u32, b: u32) -> u32 {
    a.wrapping_add(b)
}

#[inline]
pub fn checksum(bytes: &[u8]) -> u8 {
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

#[cfg(not(feature = "std"))]
#[inline]
pub fn window(window: crate::bus::Window, position: usize) -> Option<usize> {
    if position >= window.length {
        return None;
    }
    Some((window.start + position) % window.capacity)
}

#[inline]
pub fn option(value: Option<&u32>) -> Option<u32> {
    let value = value?;
    value.checked_mul(3)
}

pub struct Device<'b> {
    pub bus: &'b mut Bus,
}

impl Device<'_> {
    #[inline]
    fn transfer(&mut self, byte: u8) -> Result<u8, Error> {
        self.bus.transfer(byte)
    }

    #[inline]
    pub fn read(&mut self, register: u8) -> Result<u16, Error> {
        self.transfer(register)?;
        let high = self.transfer(0)?;
        let low = self.transfer(0)?;
        Ok(u16::from_be_bytes([high, low]))
    }

    #[inline]
    pub fn update(&mut self, register: u8, bits: u16) -> Result<bool, Error> {
        let value = self.read(register)?;
        if value & bits == bits {
            return Ok(false);
        }
        let [high, low] = (value | bits).to_be_bytes();
        for byte in [register | 0x80, high, low] {
            self.transfer(byte)?;
        }
        Ok(true)
    }

    #[inline]
    pub fn wait_until_set(&mut self, register: u8) -> Result<u32, Error> {
        let mut tries = 0;
        while self.read(register)? == 0 {
            tries += 1;
        }
        Ok(tries)
    }
}

pub mod blocking {
    use crate::bus::{Bus, Error};

    pub struct Driver<'b> {
        pub bus: &'b mut Bus,
    }

    impl Driver<'_> {
        #[inline]
        fn transfer(&mut self, byte: u8) -> Result<u8, Error> {
            self.bus.transfer(byte)
        }

        #[inline]
        pub fn write(&mut self, register: u8, values: &[u16]) -> Result<usize, Error> {
            let mut sent = 0;
            for value in values {
                let [high, low] = value.to_be_bytes();
                for byte in [register | 0x80, high, low] {
                    self.transfer(byte)?;
                }
                sent += 1;
            }
            Ok(sent)
        }
    }
}

#[cfg(feature = "std")]
#[inline]
pub fn scaled_sum(values: &[u32], factor: u32) -> u32 {
    values.iter().fold(0, |sum: u32, value| {
        sum.wrapping_add(value.wrapping_mul(factor))
    })
}

#[cfg(feature = "std")]
#[derive(Clone)]
pub struct Scale(pub u32);

#[cfg(feature = "std")]
impl Scale {
    #[inline]
    pub fn apply(&self, value: u32) -> u32 {
        self.0.wrapping_mul(value).rotate_left(3)
    }
}
