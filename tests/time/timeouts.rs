//! `Call::timeout`: a value in time, or `TimedOut`, in both worlds and for every kind of call.

use crate::support::count::Count;
use crate::support::is_send::{IsSend, NotSend};
use crate::support::watchdog::within;
use crate::support::{CountsDrops, poll, yield_once};
use smartasync::{
    Call, SmartLock, TimedOut, Work, block_on, sleep, smart, smart_await, smart_fn, smart_sync,
    spawn_local,
};
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(600);

smart_fn!(
    async fn later(n: u32) -> u32 {
        yield_once().await;
        n
    }

    #[boxed]
    async fn in_a_box(n: u32) -> u32 {
        yield_once().await;
        n
    }

    fn thread_of_the_body() -> ThreadId {
        thread::current().id()
    }

    #[maybe_async]
    async fn is_the_sync_copy() -> bool {
        smart_await!(sync => true, async => ready(false))
    }

    #[maybe_async]
    async fn with_a_limit(limit: Duration) -> Result<u32, TimedOut> {
        smart_await!(smart(pending()).timeout(limit))
    }
);

#[test]
fn every_kind_of_call_gives_its_value_in_time() {
    macro_rules! check {
        ($call:expr) => {
            for duration in [LONG, Duration::MAX] {
                assert_eq!($call.timeout(duration).wait(), Ok(1));
                assert_eq!($call.timeout(duration).try_wait().unwrap(), Ok(1));
                assert_eq!($call.timeout(duration).wait_timeout(LONG), Ok(Ok(1)));
                assert_eq!($call.timeout(duration).wait_with(thread::yield_now), Ok(1));
                assert_eq!(block_on($call.timeout(duration)), Ok(1));
                assert_eq!(pollster::block_on($call.timeout(duration)), Ok(1));
                assert_eq!(block_on(spawn_local($call.timeout(duration))), Ok(1));
            }
        };
    }
    within(120, || {
        check!(later(1));
        check!(in_a_box(1));
        check!(smart(async { 1 }));
        check!(smart_sync(|| 1));
        check!(later(0).map(|n| n + 1));
        check!(later(1).boxed());
        check!(later(1).timeout(LONG).map(Result::unwrap).boxed_local());
        check!(sleep(SHORT).map(|()| 1));
    });
    within(120, || {
        static LOCK: SmartLock<u32> = SmartLock::new();
        check!(LOCK.run_once(|| async { 1 }).map(Result::unwrap));
        check!(
            LOCK.run_shared(|| sleep(SHORT).map(|()| 1))
                .map(Result::unwrap)
        );
    });
}

#[test]
fn a_call_that_is_not_done_in_time_is_dropped() {
    within(120, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let never = || {
            let guard = CountsDrops(drops.clone());
            smart(async move {
                let _guard = guard;
                pending::<u32>().await
            })
        };
        assert_eq!(never().timeout(SHORT).wait(), Err(TimedOut));
        assert_eq!(drops.load(Relaxed), 1);
        assert_eq!(block_on(never().timeout(SHORT)), Err(TimedOut));
        assert_eq!(pollster::block_on(never().timeout(SHORT)), Err(TimedOut));
        assert_eq!(block_on(spawn_local(never().timeout(SHORT))), Err(TimedOut));
        assert_eq!(drops.load(Relaxed), 4);
        // The call goes with the poll that ends the wait, and not with the future around it.
        let mut call = Box::pin(never().timeout(Duration::ZERO));
        assert_eq!(poll(&mut call), Poll::Ready(Err(TimedOut)));
        assert_eq!(drops.load(Relaxed), 5);
        let payload = catch_unwind(AssertUnwindSafe(|| poll(&mut call))).unwrap_err();
        let sentence = payload.downcast_ref::<String>().unwrap();
        assert_eq!(
            sentence,
            "a call with a time-out was polled after it had ended"
        );
    });
}

#[test]
fn a_sync_copy_and_an_async_copy_have_the_same_limit() {
    within(120, || {
        assert_eq!(with_a_limit(SHORT).wait(), Err(TimedOut));
        assert_eq!(block_on(with_a_limit(SHORT)), Err(TimedOut));
        assert_eq!(pollster::block_on(with_a_limit(SHORT)), Err(TimedOut));
    });
}

/// Is ready at the second poll. The first one takes until after the deadline.
fn ready_at_the_deadline() -> Call<impl Work<Output = u32>> {
    let mut polls = 0;
    smart(poll_fn(move |_| {
        polls += 1;
        if polls == 2 {
            return Poll::Ready(1);
        }
        thread::sleep(2 * SHORT);
        Poll::Pending
    }))
}

#[test]
fn a_value_that_is_there_when_the_time_is_up_is_returned() {
    within(120, || {
        assert_eq!(ready_at_the_deadline().timeout(SHORT).wait(), Ok(1));
        assert_eq!(ready_at_the_deadline().wait_timeout(SHORT), Ok(1));
        assert_eq!(block_on(ready_at_the_deadline().timeout(SHORT)), Ok(1));
        assert_eq!(
            pollster::block_on(ready_at_the_deadline().timeout(SHORT)),
            Ok(1)
        );
        for duration in [Duration::ZERO, Duration::from_nanos(1)] {
            assert_eq!(smart(ready(1)).timeout(duration).wait(), Ok(1));
            assert_eq!(block_on(smart(ready(1)).timeout(duration)), Ok(1));
        }
    });
}

#[test]
fn it_drives_the_async_form() {
    assert!(is_the_sync_copy().wait());
    assert_eq!(is_the_sync_copy().timeout(LONG).wait(), Ok(false));
    let body = thread_of_the_body().timeout(LONG).wait().unwrap();
    assert_ne!(body, thread::current().id());
}

#[test]
fn the_shorter_of_two_limits_counts() {
    within(120, || {
        let never = || smart(pending::<()>());
        let inner = never().timeout(SHORT).timeout(LONG);
        assert_eq!(inner.wait(), Ok(Err(TimedOut)));
        let outer = never().timeout(LONG).timeout(SHORT);
        assert_eq!(block_on(outer), Err(TimedOut));
    });
}

#[test]
fn the_timer_goes_with_the_call() {
    let waker = Arc::new(Count::default());
    let own = Waker::from(waker.clone());
    let mut cx = Context::from_waker(&own);
    let mut dropped = Box::pin(smart(pending::<()>()).timeout(LONG));
    assert!(dropped.as_mut().poll(&mut cx).is_pending());
    let mut ends = Box::pin(later(1).timeout(LONG));
    assert!(ends.as_mut().poll(&mut cx).is_pending());
    assert_eq!(Arc::strong_count(&waker), 4);
    assert_eq!(ends.as_mut().poll(&mut cx), Poll::Ready(Ok(1)));
    assert_eq!(Arc::strong_count(&waker), 3);
    drop(dropped);
    assert_eq!(Arc::strong_count(&waker), 2);
}

#[test]
fn a_panic_of_the_call_reaches_the_caller_and_takes_its_timer_along() {
    let waker = Arc::new(Count::default());
    let own = Waker::from(waker.clone());
    {
        let bad = smart(async {
            yield_once().await;
            crate::support::panic()
        });
        let mut bad = Box::pin(bad.map(|never: ()| never).timeout(LONG));
        let mut cx = Context::from_waker(&own);
        assert!(bad.as_mut().poll(&mut cx).is_pending());
        let payload = catch_unwind(AssertUnwindSafe(|| bad.as_mut().poll(&mut cx))).unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"quiet"));
    }
    assert_eq!(Arc::strong_count(&waker), 2);
}

#[test]
fn a_time_out_is_send_where_its_call_is() {
    assert!(IsSend(&later(1).timeout(LONG)).is_send());
    let local = in_a_box(1).timeout(LONG);
    assert!(!IsSend(&local).is_send());
}
