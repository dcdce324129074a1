//! A macro that finishes a call in both ways.
#![allow(
    unused_imports,
    unused_macros,
    reason = "not every binary finishes calls"
)]

/// Finishes a call with `.wait()` and with `.await`, and compares both outputs with the expected
/// one.
macro_rules! assert_both {
    ($call:expr, $expected:expr) => {
        assert_eq!($call.wait(), $expected, "with `.wait()`");
        assert_eq!(smartasync::block_on($call), $expected, "with `.await`");
    };
}

pub(crate) use assert_both;
