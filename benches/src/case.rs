//! A case: one contender at one piece of work. The same table of cases serves the clock, callgrind
//! and the counting allocator.

use std::future::poll_fn;
use std::task::Poll;

/// One contender at one piece of work.
#[derive(Clone, Copy)]
pub struct Case {
    /// What is measured, the same for all contenders.
    pub work: &'static str,
    /// Who does it.
    pub who: &'static str,
    /// Does it so many times, a multiple of `batch`.
    pub run: fn(u64),
    /// How many are done together, at the least.
    pub batch: u64,
}

/// The contender that this is all about.
pub const OURS: &str = "smartasync";

/// What could not be beaten: the bare work, without an executor, pool or lock, or with the least
/// that does it.
pub const LIMIT: &str = "limit";

/// What each time costs, where `count` says what so many of them cost: the difference of a run and
/// one of three times its length.
pub fn each_time(times: u64, count: impl Fn(u64) -> u64) -> f64 {
    (count(3 * times) - count(times)) as f64 / (2 * times) as f64
}

/// Runs `future` on this thread with as little as can be: what is measured is in it.
pub fn drive<F: Future>(future: F) -> F::Output {
    futures_lite::future::block_on(future)
}

/// Is pending once, and wakes its task.
pub async fn yields_once() {
    let mut polled = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// A list of cases: for each piece of work its contenders.
macro_rules! cases {
    ($($work:literal, $batch:expr => { $($who:expr => $run:expr),+ $(,)? })+) => {
        &[$($($crate::case::Case { work: $work, who: $who, run: $run, batch: $batch },)+)+]
    };
}
pub(crate) use cases;
