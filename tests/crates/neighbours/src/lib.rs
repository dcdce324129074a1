//! What the tests share: tokio as the installed runtime, a small HTTP server, and a watchdog. The
//! tests themselves are in `tests/`.

mod server;
#[path = "../../../support/watchdog.rs"]
#[allow(dead_code, reason = "the tests here use a part")]
mod watchdog;

pub use server::HttpServer;

use smartasync::install_tokio;
use std::sync::Once;

/// Installs tokio, once, and calls `test` on a thread of its own; panics if that takes too long.
pub fn with_tokio<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| install_tokio().expect("nothing else is installed"));
    within(60, test)
}

/// Calls `test` on a thread of its own, and panics if that takes too long.
pub fn within<T: Send + 'static>(seconds: u64, test: impl FnOnce() -> T + Send + 'static) -> T {
    watchdog::within(seconds, test)
}
