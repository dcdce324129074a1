//! The files of the driver. With the feature `hand`, a blocking driver written by hand replaces
//! `driver.rs` and `bus.rs`.
#![no_std]
#![allow(dead_code, reason = "the comparison takes a part of the driver")]

#[cfg(not(feature = "hand"))]
#[path = "../../src/bus.rs"]
mod bus;
#[path = "../../src/command.rs"]
mod command;
#[cfg(not(feature = "hand"))]
#[path = "../../src/driver.rs"]
mod driver;
#[cfg(feature = "hand")]
#[path = "hand.rs"]
mod driver;
#[path = "../../src/error.rs"]
mod error;
#[path = "../../src/values.rs"]
mod values;
mod wire;

use command::{Rate, Repeatability};
use driver::{Address, Sht3x};
use error::Error;
use values::{Measurement, Status};
use wire::{Clock, Fault, Wire};

#[cfg(not(feature = "hand"))]
type Sensor = Sht3x<bus::Blocking<Wire, Clock>>;
#[cfg(feature = "hand")]
type Sensor = Sht3x<Wire, Clock>;

/// Finishes a call, or returns the result of a hand-written function.
#[cfg(not(feature = "hand"))]
macro_rules! finish {
    ($call:expr) => {
        $call.wait()
    };
}
#[cfg(feature = "hand")]
macro_rules! finish {
    ($call:expr) => {
        $call
    };
}

macro_rules! shims {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty { $call:expr })*) => {
        $(
            #[unsafe(no_mangle)]
            #[inline(never)]
            pub(crate) fn $name($($argument: $type),*) -> Result<$output, Error<Fault>> {
                finish!($call)
            }
        )*
    };
}

shims! {
    fn same_measure(sensor: &mut Sensor, repeatability: Repeatability) -> Measurement { sensor.measure(repeatability) }
    fn same_start(sensor: &mut Sensor, rate: Rate, repeatability: Repeatability) -> () { sensor.start(rate, repeatability) }
    fn same_fetch(sensor: &mut Sensor) -> Option<Measurement> { sensor.fetch() }
    fn same_stop(sensor: &mut Sensor) -> () { sensor.stop() }
    fn same_reset(sensor: &mut Sensor) -> () { sensor.reset() }
    fn same_set_heater(sensor: &mut Sensor, on: bool) -> () { sensor.set_heater(on) }
    fn same_status(sensor: &mut Sensor) -> Status { sensor.status() }
    fn same_clear_status(sensor: &mut Sensor) -> () { sensor.clear_status() }
}

#[unsafe(no_mangle)]
#[inline(never)]
pub(crate) fn same_sequence(wire: Wire, on: bool) -> Result<(), Error<Fault>> {
    let mut sensor = Sht3x::new_blocking(wire, Clock, Address::High);
    finish!(sensor.reset())?;
    if on {
        finish!(sensor.set_heater(true))?;
    }
    finish!(sensor.start(Rate::Hz1, Repeatability::Low))
}
