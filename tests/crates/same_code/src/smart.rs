//! The functions as smart functions.

use crate::bus::{Bus, Error};
use core::future::ready;
use smartasync::{smart_await, smart_fn};

smart_fn!(
    #[maybe_async]
    pub async fn add(a: u32, b: u32) -> u32 {
        a.wrapping_add(b)
    }

    #[maybe_async]
    pub async fn checksum(bytes: &[u8]) -> u8 {
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

    #[maybe_async]
    pub async fn window(window: crate::bus::Window, position: usize) -> Option<usize> {
        if position >= window.length {
            return None;
        }
        Some((window.start + position) % window.capacity)
    }

    #[maybe_async]
    pub async fn option(value: Option<&u32>) -> Option<u32> {
        let value = value?;
        value.checked_mul(3)
    }
);

pub struct Device<'b> {
    pub bus: &'b mut Bus,
}

impl Device<'_> {
    smart_fn!(
        #[maybe_async]
        async fn transfer(&mut self, byte: u8) -> Result<u8, Error> {
            smart_await!(sync => self.bus.transfer(byte), async => ready(self.bus.transfer(byte)))
        }

        #[maybe_async]
        pub async fn read(&mut self, register: u8) -> Result<u16, Error> {
            smart_await!(self.transfer(register))?;
            let high = smart_await!(self.transfer(0))?;
            let low = smart_await!(self.transfer(0))?;
            Ok(u16::from_be_bytes([high, low]))
        }

        #[maybe_async]
        pub async fn update(&mut self, register: u8, bits: u16) -> Result<bool, Error> {
            let value = smart_await!(self.read(register))?;
            if value & bits == bits {
                return Ok(false);
            }
            let [high, low] = (value | bits).to_be_bytes();
            for byte in [register | 0x80, high, low] {
                smart_await!(self.transfer(byte))?;
            }
            Ok(true)
        }

        #[maybe_async]
        pub async fn wait_until_set(&mut self, register: u8) -> Result<u32, Error> {
            let mut tries = 0;
            while smart_await!(self.read(register))? == 0 {
                tries += 1;
            }
            Ok(tries)
        }
    );
}

#[allow(dead_code, reason = "only its sync half is called")]
pub struct Driver<'b> {
    pub bus: &'b mut Bus,
}

/// The sync half of a split, whose async half is not called.
pub mod blocking {
    pub struct Driver<'b> {
        pub bus: &'b mut super::Bus,
    }
}

smart_fn!(
    #[split(blocking::Driver<'_>)]
    impl Driver<'_> {
        #[inline]
        async fn transfer(&mut self, byte: u8) -> Result<u8, Error> {
            smart_await!(sync => self.bus.transfer(byte), async => ready(self.bus.transfer(byte)))
        }

        #[inline]
        pub async fn write(&mut self, register: u8, values: &[u16]) -> Result<usize, Error> {
            let mut sent = 0;
            for value in values {
                let [high, low] = value.to_be_bytes();
                for byte in [register | 0x80, high, low] {
                    smart_await!(self.transfer(byte))?;
                }
                sent += 1;
            }
            Ok(sent)
        }
    }
);

#[cfg(feature = "std")]
smart_fn!(
    pub fn scaled_sum(values: &[u32], factor: u32) -> u32 {
        values.iter().fold(0, |sum: u32, value| {
            sum.wrapping_add(value.wrapping_mul(factor))
        })
    }
);

#[cfg(feature = "std")]
#[derive(Clone)]
pub struct Scale(pub u32);

#[cfg(feature = "std")]
impl Scale {
    smart_fn!(
        pub fn apply(&self, value: u32) -> u32 {
            self.0.wrapping_mul(value).rotate_left(3)
        }
    );
}
