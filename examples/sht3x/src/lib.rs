#![doc = include_str!("../README.md")]
#![no_std]

mod bus;
mod command;
mod driver;
mod error;
mod values;

pub use bus::{Async, Blocking, Bus};
pub use command::{Rate, Repeatability};
pub use driver::{Address, Sht3x};
pub use error::Error;
pub use values::{Measurement, Status};
