//! Checks at run time what the crate promises where there is no operating system: it has neither
//! `std` nor an allocator, libc or start files, so anything that asks for one of them does not
//! link. It says how many checks passed, by a system call, and exits with 0.
#![no_std]
#![no_main]

mod checks;
mod system;

use core::panic::PanicInfo;

/// Where the kernel enters, by way of [`system`].
pub fn main() -> ! {
    let checks = checks::run();
    system::write(b"freestanding: ");
    system::write(&[b'0' + checks / 10, b'0' + checks % 10]);
    system::write(b" checks passed\n");
    system::exit(0)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    system::write(b"a check failed in ");
    if let Some(location) = info.location() {
        system::write(location.file().as_bytes());
        let mut line = location.line();
        let mut digits = *b":00000";
        for digit in digits[1..].iter_mut().rev() {
            *digit = b'0' + (line % 10) as u8;
            line /= 10;
        }
        system::write(&digits);
    }
    system::write(b"\n");
    system::exit(1)
}
