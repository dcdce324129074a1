//! The panic of a refused wait: its message, and the line that it names.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, Location, catch_unwind};
use std::sync::Once;

/// A panic as the panic hook saw it.
#[derive(Debug, PartialEq)]
pub(crate) struct Refused {
    pub(crate) message: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

thread_local! {
    static RECORDING: Cell<bool> = const { Cell::new(false) };
    static RECORDED: RefCell<Option<Refused>> = const { RefCell::new(None) };
}

/// Calls `f`, which must panic, and returns the panic as the panic hook saw it. The process has
/// only one hook, but it records by thread.
#[track_caller]
pub(crate) fn refused<T>(f: impl FnOnce() -> T) -> Refused {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let former = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !RECORDING.get() {
                return former(info);
            }
            let at = info.location().unwrap();
            let message = info
                .payload()
                .downcast_ref::<&str>()
                .copied()
                .map(str::to_owned);
            let message = message
                .or_else(|| info.payload().downcast_ref::<String>().cloned())
                .unwrap();
            RECORDED.set(Some(Refused {
                message,
                file: at.file().to_owned(),
                line: at.line(),
            }));
        }));
    });
    RECORDING.set(true);
    let called = catch_unwind(AssertUnwindSafe(f));
    RECORDING.set(false);
    assert!(called.is_err(), "the wait was not refused");
    RECORDED.take().unwrap()
}

/// Asserts that the wait in `f` is refused at `line` of the caller's file, and that the message
/// names the ways out.
#[track_caller]
pub(crate) fn assert_refused_at<T>(line: u32, f: impl FnOnce() -> T) {
    let file = Location::caller().file();
    let refused = refused(f);
    assert_eq!((refused.file.as_str(), refused.line), (file, line));
    for way_out in [".await", "sync smart function", "allow_blocking"] {
        assert!(refused.message.contains(way_out), "{}", refused.message);
    }
}
