//! Both ways to finish a call.
#![allow(
    unused_imports,
    unused_macros,
    reason = "not every test has calls to finish"
)]

/// Finishes a call in both ways and compares the outputs.
macro_rules! assert_both {
    ($call:expr, $expected:expr) => {
        assert_eq!($call.wait(), $expected, "with `.wait()`");
        assert_eq!(smartasync::block_on($call), $expected, "with `.await`");
    };
}

pub(crate) use assert_both;
