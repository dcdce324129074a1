//! A timer of embassy-time under `.wait()`. It needs one of embassy-time's features
//! `generic-queue-8`, `generic-queue-16`, …

use neighbours::within;
use smartasync::{block_on, smart_fn};

smart_fn!(
    async fn settle() -> u32 {
        embassy_time::Timer::after_millis(1).await;
        21
    }
);

#[test]
fn timers_of_embassy_work_under_wait() {
    within(60, || {
        assert_eq!(settle().wait(), 21);
        assert_eq!(block_on(settle()), 21);
    });
}
