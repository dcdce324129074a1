//! What the tests share: tokio as the installed runtime, a small HTTP server, and a watchdog. The
//! tests themselves are in `tests/`.

mod server;
#[path = "../../../support/watchdog.rs"]
#[allow(dead_code, reason = "the tests here use a part")]
mod watchdog;

pub use server::HttpServer;

use smartasync::{Runtime, install_runtime};
use std::sync::Once;
use tokio::runtime::{self, Builder};
use tracing::Span;

/// Tokio, as an application installs it: one line a method.
struct Tokio(runtime::Runtime);

impl Runtime for Tokio {
    fn around_wait(&self, wait: &mut dyn FnMut()) {
        let _guard = self.0.enter();
        wait();
    }

    fn is_async_context(&self) -> bool {
        runtime::worker_index().is_some()
    }

    fn around_offload(&self, job: Box<dyn FnOnce() + Send>) -> Box<dyn FnOnce() + Send> {
        let span = Span::current();
        Box::new(move || span.in_scope(job))
    }
}

/// Installs tokio, once, and calls `test` on a thread of its own; panics if that takes too long.
pub fn with_tokio<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let tokio = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("tokio starts");
        install_runtime(Tokio(tokio)).expect("nothing else is installed");
    });
    within(60, test)
}

/// Calls `test` on a thread of its own, and panics if that takes too long.
pub fn within<T: Send + 'static>(seconds: u64, test: impl FnOnce() -> T + Send + 'static) -> T {
    watchdog::within(seconds, test)
}
