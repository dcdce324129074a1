//! What the host offers, and how it learns of a panic.

use alloc::format;
use core::arch::wasm32::unreachable;
use core::panic::PanicInfo;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Prints a text.
    unsafe fn print(text: *const u8, length: usize);
    /// Asks the event loop to call the exported function `poll`.
    pub(crate) safe fn schedule();
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let text = format!("{info}");
    // SAFETY: the host reads the text and keeps nothing of it.
    unsafe { print(text.as_ptr(), text.len()) };
    unreachable()
}
