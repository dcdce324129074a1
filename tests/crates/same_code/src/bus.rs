//! A bus that the optimiser does not see through.

use core::hint::black_box;

/// What can go wrong on it.
#[derive(Debug)]
pub struct Error(pub u8);

/// Three words by value.
#[derive(Debug)]
pub struct Window {
    /// Where it starts.
    pub start: usize,
    /// How long it is.
    pub length: usize,
    /// Where it wraps.
    pub capacity: usize,
}

/// The bus.
#[derive(Debug)]
pub struct Bus(pub u8);

impl Bus {
    /// Sends a byte and returns the one that came meanwhile.
    #[inline(never)]
    pub fn transfer(&mut self, byte: u8) -> Result<u8, Error> {
        let answer = black_box(self.0 ^ byte);
        if answer == 0xff {
            Err(Error(answer))
        } else {
            Ok(answer)
        }
    }
}
