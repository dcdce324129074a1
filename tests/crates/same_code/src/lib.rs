//! The same functions twice: smart, and written by hand (feature `hand`). Each is called by a
//! function with a name of its own, whose machine code is compared.
#![no_std]

pub mod bus;
#[cfg(feature = "hand")]
mod hand;
#[cfg(not(feature = "hand"))]
mod smart;

#[cfg(feature = "hand")]
use hand as written;
#[cfg(not(feature = "hand"))]
use smart as written;

/// Finishes a call, or takes what a hand-written function returned.
#[cfg(not(feature = "hand"))]
macro_rules! finish {
    ($call:expr) => {
        $call.wait()
    };
}
/// With `std`, the hand-written function asks whether it may block, as the outermost `.wait()`
/// does.
#[cfg(feature = "hand")]
macro_rules! finish {
    ($call:expr) => {{
        #[cfg(feature = "std")]
        check().wait();
        $call
    }};
}

// The wait for a call that does nothing is that check alone.
#[cfg(all(feature = "hand", feature = "std"))]
smartasync::smart_fn!(
    #[maybe_async]
    async fn check() {}
);

macro_rules! shims {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $output:ty { $call:expr })*) => {
        $(
            #[unsafe(no_mangle)]
            #[inline(never)]
            pub fn $name($($argument: $type),*) -> $output {
                finish!($call)
            }
        )*
    };
}

shims! {
    fn same_add(a: u32, b: u32) -> u32 { written::add(a, b) }
    fn same_checksum(bytes: &[u8]) -> u8 { written::checksum(bytes) }
    fn same_option(value: Option<&u32>) -> Option<u32> { written::option(value) }
    fn same_read(bus: &mut bus::Bus, register: u8) -> Result<u16, bus::Error> { written::Device { bus }.read(register) }
    fn same_update(bus: &mut bus::Bus, register: u8, bits: u16) -> Result<bool, bus::Error> { written::Device { bus }.update(register, bits) }
    fn same_wait_until(bus: &mut bus::Bus, register: u8) -> Result<u32, bus::Error> { written::Device { bus }.wait_until_set(register) }
}

// What a split emits is a plain function, which asks nothing.
#[unsafe(no_mangle)]
#[inline(never)]
pub fn same_split(bus: &mut bus::Bus, register: u8, values: &[u16]) -> Result<usize, bus::Error> {
    written::blocking::Driver { bus }.write(register, values)
}

// An argument in memory moves into the call before that asks whether it may block, so with `std`
// its words are loaded earlier.
#[cfg(not(feature = "std"))]
shims! {
    fn same_window(window: bus::Window, position: usize) -> Option<usize> { written::window(window, position) }
}

#[cfg(feature = "std")]
shims! {
    fn same_sync_fn(values: &[u32], factor: u32) -> u32 { written::scaled_sum(values, factor) }
    fn same_sync_method(scale: &written::Scale, value: u32) -> u32 { scale.apply(value) }
}
