//! A driver of a converter that is done at the next tick: smart functions of each kind that works
//! without `std`.

use crate::event::TICK;
use smartasync::{smart_await, smart_fn};

/// A converter that counts its conversions.
pub struct Adc {
    pub conversions: u16,
}

impl Adc {
    smart_fn!(
        /// Converts once. Blocking firmware spins until the tick, async firmware awaits it.
        #[maybe_async]
        #[blocking(read_blocking)]
        pub async fn read(&mut self) -> u16 {
            smart_await!(sync => TICK.spin(), async => TICK.next());
            self.conversions += 1;
            self.conversions
        }

        /// Adds conversions up. More than nine are an error.
        #[maybe_async]
        pub async fn sum(&mut self, conversions: u8) -> Result<u32, u8> {
            if conversions > 9 {
                return Err(conversions);
            }
            let mut sum = 0;
            for _ in 0..conversions {
                sum += u32::from(smart_await!(self.read()));
            }
            Ok(sum)
        }

        /// Waits for a tick. It has an async body alone.
        pub async fn interrupt(&mut self) -> u16 {
            TICK.next().await;
            self.conversions
        }
    );
}
