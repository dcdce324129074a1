//! One driver for blocking and async firmware.
#![no_std]
#![deny(warnings, missing_docs)]

use smartasync::{smart_await, smart_fn};

/// A register that is read over some bus.
#[derive(Debug)]
pub struct Register(pub u16);

impl Register {
    smart_fn!(
        /// Reads it.
        #[maybe_async]
        pub async fn read(&mut self) -> u16 {
            smart_await!(sync => self.0, async => core::future::ready(self.0))
        }

        /// Reads it twice.
        #[maybe_async]
        #[blocking(read_twice_blocking)]
        pub async fn read_twice(&mut self) -> u32 {
            u32::from(smart_await!(self.read())) + u32::from(smart_await!(self.read()))
        }

        /// Waits for an interrupt.
        pub async fn interrupt(&mut self) -> u16 {
            core::future::ready(self.0).await
        }
    );
}

/// A register with two plain APIs. A split needs no allocator.
#[derive(Debug)]
pub struct Pair(pub u16);

/// The sync half.
pub mod blocking {
    /// A register.
    #[derive(Debug)]
    pub struct Pair(pub u16);
}

smart_fn!(
    #[split(blocking::Pair)]
    impl Pair {
        /// Reads it.
        pub async fn read(&mut self) -> u16 {
            smart_await!(sync => self.0, async => core::future::ready(self.0))
        }

        /// Reads it twice.
        pub async fn read_twice(&mut self) -> u32 {
            u32::from(smart_await!(self.read())) + u32::from(smart_await!(self.read()))
        }
    }

    /// A bus.
    #[split(BlockingBus)]
    pub trait Bus {
        /// Sends a byte.
        async fn send(&mut self, byte: u8) -> Result<u8, u8>;

        /// Sends some.
        async fn send_all(&mut self, bytes: &[u8]) -> Result<(), u8> {
            for byte in bytes {
                smart_await!(self.send(*byte))?;
            }
            Ok(())
        }
    }

    /// Doubles.
    #[split(twice_blocking)]
    #[must_use]
    pub async fn twice(n: u16) -> u16 {
        smart_await!(sync => 2 * n, async => core::future::ready(2 * n))
    }
);

#[cfg(feature = "sync-fn")]
smart_fn!(
    /// Needs a pool.
    pub fn add(a: u16, b: u16) -> u16 {
        a + b
    }
);

#[cfg(feature = "boxed")]
smart_fn!(
    /// Needs an allocator.
    #[boxed]
    pub async fn double(a: u16) -> u16 {
        2 * a
    }
);
