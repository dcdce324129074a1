//! Timers in async code, against those of tokio and of smol: a sleep that is started and dropped,
//! and a time-out that a call does not need.

use crate::case::{Case, OURS, cases};
use futures_lite::future::{poll_once, yield_now};
use smartasync::{sleep, smart};
use std::hint::black_box;
use std::pin::pin;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn in_tokio<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("tokio builds its runtime")
        .block_on(future)
}

/// Polls each sleep once, and drops it.
macro_rules! sleeps {
    ($name:ident, $block_on:path, $sleep:expr) => {
        fn $name(n: u64) {
            $block_on(async {
                for _ in 0..n {
                    black_box(poll_once(pin!($sleep)).await);
                }
            });
        }
    };
}

sleeps!(sleeps_ours, smartasync::block_on, sleep(HOUR));
sleeps!(sleeps_elsewhere, pollster::block_on, sleep(HOUR));
sleeps!(sleeps_tokio, in_tokio, tokio::time::sleep(HOUR));
sleeps!(sleeps_smol, smol::block_on, smol::Timer::after(HOUR));

/// Awaits a call that yields once, with a time-out.
macro_rules! timeouts {
    ($name:ident, $block_on:path, $future:ident => $limited:expr) => {
        fn $name(n: u64) {
            $block_on(async {
                for _ in 0..n {
                    let $future = yield_now();
                    black_box($limited.await.is_ok());
                }
            });
        }
    };
}

timeouts!(timeouts_ours, smartasync::block_on, future => smart(future).timeout(HOUR));
timeouts!(timeouts_tokio, in_tokio, future => tokio::time::timeout(HOUR, future));

pub const CASES: &[Case] = cases! {
    "sleep, dropped", 1 => { OURS => sleeps_ours, "tokio" => sleeps_tokio, "smol" => sleeps_smol }
    "sleep, dropped, elsewhere", 1 => { OURS => sleeps_elsewhere, "tokio" => sleeps_tokio, "smol" => sleeps_smol }
    "timeout, in time", 1 => { OURS => timeouts_ours, "tokio" => timeouts_tokio }
};
