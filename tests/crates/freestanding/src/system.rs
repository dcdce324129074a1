//! The one file with `unsafe` code: the entry point, two system calls, and the functions that the
//! compiler calls for memory.

use core::arch::{asm, global_asm};

// The stack is as the kernel left it: aligned, and without a return address.
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "call {start}", "ud2", start = sym start);

extern "C" fn start() -> ! {
    crate::main()
}

fn call(number: usize, a: usize, b: usize, c: usize) {
    // SAFETY: write and exit read no more than the bytes that they are given, and change no memory.
    unsafe {
        asm!("syscall", inlateout("rax") number => _, in("rdi") a, in("rsi") b, in("rdx") c, out("rcx") _, out("r11") _, options(nostack));
    }
}

/// Writes to the standard output.
pub fn write(bytes: &[u8]) {
    call(1, 1, bytes.as_ptr().addr(), bytes.len());
}

/// Ends the program.
pub fn exit(code: u8) -> ! {
    call(60, code.into(), 0, 0);
    // SAFETY: the call does not return.
    unsafe { core::hint::unreachable_unchecked() }
}

// What else a libc would bring. Plain loops would be compiled to calls of themselves.

/// # Safety
///
/// As of the C function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: the caller's.
    unsafe {
        asm!("rep movsb", inout("rcx") count => _, inout("rdi") to => _, inout("rsi") from => _, options(nostack, preserves_flags))
    };
    to
}

/// # Safety
///
/// As of the C function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    // SAFETY: the caller's.
    unsafe {
        asm!("rep stosb", inout("rcx") count => _, inout("rdi") to => _, in("al") byte as u8, options(nostack, preserves_flags))
    };
    to
}
