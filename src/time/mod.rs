//! Time for both worlds: [`sleep`], [`Call::timeout`] and [`wait_for_offloads`].
//!
//! - This file: the calls. A sleep is a call that never ends, with a time-out.
//! - [`server`]: the thread that serves the timers of other executors.
//!
//! In sync code both are a wait with a deadline. In async code a [`Timer`] is where its waker is
//! served. If a loop of this crate polls it, the waits of the loop's thread do that: see
//! [`own_timers`]. Elsewhere the server does.

pub(crate) mod server;

use crate::call::work::{Sealed, driven};
use crate::call::{Call, TimedOut, Work};
use crate::executor::timers::{Timer, Timers};
use crate::executor::{self, own_timers};
use crate::pool::Quiet;
use core::fmt;
use core::future::pending;
use core::panic::Location;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker, ready};
use core::time::Duration;
use pin_project_lite::pin_project;
use std::time::Instant;

/// A time that begins with the first look at it.
struct Limit {
    duration: Duration,
    /// `None` before the first look. Then, without a deadline, the clock cannot express it, and the
    /// time is never up.
    deadline: Option<Option<Instant>>,
    timer: Option<Timer>,
    /// Where the caller asked for it.
    at: &'static Location<'static>,
}

impl Limit {
    fn deadline(&mut self) -> Option<Instant> {
        let begin = || Instant::now().checked_add(self.duration);
        *self.deadline.get_or_insert_with(begin)
    }

    fn is_up(&mut self) -> bool {
        self.deadline()
            .is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Is ready when the time is up. Until then it leaves the waker with whoever serves it.
    fn poll(&mut self, waker: &Waker) -> Poll<()> {
        if self.is_up() {
            self.timer = None;
            return Poll::Ready(());
        }
        if let Some(deadline) = self.deadline() {
            match own_timers(waker) {
                // The thread looks at its timers before it sleeps.
                Some(timers) if !self.is_served_by(timers, waker) => {
                    self.timer = Some(timers.add(deadline, waker.clone()).0);
                }
                None if !self.is_served_by(server::timers(), waker) => {
                    self.timer = Some(server::add(deadline, waker.clone(), self.at));
                }
                _ => {}
            }
        }
        Poll::Pending
    }

    /// Leaves the waker with the timer, if that is one of `timers`.
    fn is_served_by(&self, timers: &'static Timers, waker: &Waker) -> bool {
        let timer = self.timer.as_ref().filter(|timer| timer.is_in(timers));
        timer.is_some_and(|timer| timer.set_waker(waker.clone()))
    }
}

pin_project! {
    /// Work that ends with other work, or when its time is up.
    struct Timed<W> {
        // `None` when it has ended.
        #[pin]
        work: Option<W>,
        limit: Limit,
    }
}

const ENDED: &str = "a call with a time-out was polled after it had ended";

impl<W: Future> Future for Timed<W> {
    type Output = Result<W::Output, TimedOut>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            // A value that is there at the deadline counts, so one poll begins after it.
            let is_up = this.limit.is_up();
            let work = this.work.as_mut().as_pin_mut().expect(ENDED);
            let output = match work.poll(cx) {
                Poll::Ready(output) => Ok(output),
                Poll::Pending if is_up => Err(TimedOut),
                Poll::Pending => {
                    ready!(this.limit.poll(cx.waker()));
                    continue;
                }
            };
            this.limit.timer = None;
            this.work.set(None);
            return Poll::Ready(output);
        }
    }
}

impl<W> Sealed for Timed<W> {}

impl<W: Future> Work for Timed<W> {
    #[track_caller]
    fn run(mut self, asks: bool) -> Self::Output {
        if asks {
            executor::refuse_in_async();
        }
        assert!(self.work.is_some(), "{ENDED}");
        let deadline = self.limit.deadline();
        executor::wait_until(pin!(self.work), deadline).ok_or(TimedOut)
    }
}

impl<W> fmt::Debug for Timed<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timed").finish_non_exhaustive()
    }
}

impl<W: Work> Call<W> {
    /// Makes a call that ends with [`TimedOut`] if this one is not done in time.
    ///
    /// It works in both worlds: with [`.wait()`](Call::wait), and with `.await` on any runtime or on
    /// none. The time counts from the first poll or from `.wait()`.
    ///
    /// It drives the async form of the call, as [`wait_timeout`](Call::wait_timeout) does. So the
    /// body of a sync function runs on the offload pool, and a `#[maybe_async]` function runs its
    /// async copy. For the threads that it needs, see [`sleep`].
    ///
    /// # Errors
    ///
    /// The output is [`TimedOut`] if the time is up. The call is dropped by then. A value that is
    /// there when the time is up is returned. A duration that is too large for the clock is never
    /// up.
    ///
    /// # Cancel safety
    ///
    /// If you drop the call, you drop the call inside it, and its timer is gone at once.
    ///
    /// # Panics
    ///
    /// As [`sleep`] does, and if the call inside panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{TimedOut, block_on, smart, smart_fn};
    /// use std::{future::pending, time::Duration};
    ///
    /// smart_fn!(
    ///     async fn fetch() -> u32 {
    ///         42
    ///     }
    /// );
    ///
    /// assert_eq!(fetch().timeout(Duration::from_secs(60)).wait(), Ok(42));
    /// block_on(async {
    ///     assert_eq!(fetch().timeout(Duration::from_secs(60)).await, Ok(42));
    ///     let never = smart(pending::<()>());
    ///     assert_eq!(never.timeout(Duration::from_millis(1)).await, Err(TimedOut));
    /// });
    /// ```
    #[track_caller]
    pub fn timeout(
        self,
        duration: Duration,
    ) -> Call<impl Work<Output = Result<W::Output, TimedOut>>> {
        Call::new(Timed {
            work: Some(self.into_work()),
            limit: Limit {
                duration,
                deadline: None,
                timer: None,
                at: Location::caller(),
            },
        })
    }
}

/// Makes a call that ends when the time is up.
///
/// It works in both worlds: with [`.wait()`](Call::wait), and with `.await` on any runtime or on
/// none. The time counts from the first poll or from `.wait()`.
///
/// In sync code it is a wait like any other. Meanwhile the [tasks](crate::spawn_local) of the thread
/// run, and a thread of the offload pool gives its place to another one. Neither a wait nor a loop
/// of this crate needs a thread for it. If another executor polls it, one thread serves all timers
/// of the program. It is called `smartasync-timer`, starts with the first timer, and stays for a
/// second after the last one.
///
/// A duration that is too large for the clock is never up.
///
/// # Cancel safety
///
/// If you drop the call, its timer is gone at once.
///
/// # Panics
///
/// A poll panics if it needs the thread for timers, and the system refuses to start one. The message
/// names the line that called `sleep`.
///
/// `.wait()` panics in async code.
///
/// # Examples
///
/// ```
/// use smartasync::{block_on, sleep};
/// use std::time::{Duration, Instant};
///
/// let begin = Instant::now();
/// sleep(Duration::from_millis(1)).wait();
/// block_on(async { sleep(Duration::from_millis(1)).await });
/// assert!(begin.elapsed() >= Duration::from_millis(2));
/// ```
#[track_caller]
pub fn sleep(duration: Duration) -> Call<impl Work<Output = ()>> {
    driven(pending::<()>()).timeout(duration).map(|_up| ())
}

/// Makes a call that waits until the offload pool has nothing to do, for at most `timeout`. Its
/// output says whether the pool came to that.
///
/// Call it at the end of a program, after the last job was started. It waits until no job is queued
/// and none runs. Jobs that come meanwhile count too. The job that makes the call does not count, so
/// a job may wait for all others. Two jobs that do so wait for each other, until their time is up.
///
/// It works in both worlds: with [`.wait()`](Call::wait), and with `.await` on any runtime or on
/// none. The time counts from the first poll or from `.wait()`. A duration that is too large for the
/// clock is never up. For the thread that an await may need, see [`sleep`].
///
/// # Cancel safety
///
/// If you drop the call, nothing is lost. The jobs go on.
///
/// # Panics
///
/// As [`sleep`] does, and if the environment variable of
/// [`set_offload_limit`](crate::set_offload_limit) is wrong.
///
/// # Examples
///
/// ```
/// use smartasync::{offload, wait_for_offloads};
/// use std::time::Duration;
///
/// # smartasync::block_on(offload(|| ()));
/// assert!(wait_for_offloads(Duration::from_secs(60)).wait());
/// ```
#[track_caller]
pub fn wait_for_offloads(timeout: Duration) -> Call<impl Work<Output = bool>> {
    driven(Quiet::default())
        .timeout(timeout)
        .map(|done| done.is_ok())
}
