//! `Call::map`, `Call::boxed` and `Call::boxed_local`: a mapped or a boxed call is as good as the
//! call inside it.

use crate::support::is_send::{IsSend, NotSend};
use crate::support::{CountsDrops, poll, yield_once};
use smartasync::{
    BoxCall, Call, LocalBoxCall, SmartLock, TimedOut, Work, block_on, current_loop,
    is_async_context, smart, smart_await, smart_fn, smart_sync, spawn_local,
};
use std::cell::Cell;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

smart_fn!(
    async fn later(n: u32) -> u32 {
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

    #[boxed]
    async fn in_a_box(n: u32) -> u32 {
        yield_once().await;
        n
    }
);

fn id() -> ThreadId {
    thread::current().id()
}

#[test]
fn the_function_gets_the_output_of_every_kind_of_call() {
    macro_rules! check {
        ($call:expr, $expected:expr) => {
            assert_eq!($call.map(|n| n + 1).wait(), $expected);
            assert_eq!(block_on($call.map(|n| n + 1)), $expected);
            assert_eq!(pollster::block_on($call.map(|n| n + 1)), $expected);
            assert_eq!($call.map(|n| n + 1).wait_with(thread::yield_now), $expected);
            assert_eq!($call.map(|n| n + 1).try_wait().unwrap(), $expected);
            assert_eq!(
                $call.map(|n| n + 1).wait_timeout(Duration::from_secs(600)),
                Ok($expected)
            );
        };
    }
    check!(later(1), 2);
    check!(in_a_box(1), 2);
    check!(smart(async { 1 }), 2);
    check!(smart_sync(|| 1), 2);
    check!(later(1).boxed(), 2);
    check!(later(1).boxed_local(), 2);
    check!(later(1).map(|n| 2 * n).map(|n| 3 * n), 7);
    let lock = SmartLock::new();
    check!(lock.run_once(|| async { 1 }).map(|value| value.unwrap()), 2);
}

#[test]
fn a_wait_takes_the_sync_way_of_the_call_inside() {
    thread::spawn(|| {
        assert!(is_the_sync_copy().map(|sync| sync).wait());
        assert!(is_the_sync_copy().boxed().map(|sync| sync).boxed().wait());
        assert!(is_the_sync_copy().map(|sync| sync).boxed_local().wait());
        assert_eq!(thread_of_the_body().map(|body| body).boxed().wait(), id());
        assert_eq!(current_loop(), None);
    })
    .join()
    .unwrap();
    assert!(!block_on(is_the_sync_copy().map(|sync| sync).boxed()));
    assert!(!is_the_sync_copy().map(|sync| sync).wait_with(|| ()));
}

#[test]
fn the_function_runs_on_the_thread_of_the_caller() {
    let call = || thread_of_the_body().map(|body| (body, id(), is_async_context()));
    assert_eq!(call().wait(), (id(), id(), false));
    let (body, function, is_async) = block_on(call());
    assert_ne!(body, id(), "the body runs on the pool");
    assert_eq!((function, is_async), (id(), true));
    let (body, function, _) = call().wait_timeout(Duration::from_secs(600)).unwrap();
    assert_ne!(body, id());
    assert_eq!(function, id());
}

#[test]
fn the_function_may_wait_after_a_wait_and_not_in_a_poll() {
    let nested = || later(1).map(|n| later(n + 1).wait());
    assert_eq!(nested().wait(), 2);
    assert!(block_on(async {
        let mut call = Box::pin(nested());
        assert!(poll(&mut call).is_pending());
        catch_unwind(AssertUnwindSafe(|| poll(&mut call))).is_err()
    }));
}

#[test]
fn a_mapped_call_is_refused_in_async_code_and_names_the_callers_line() {
    let refused = block_on(async {
        let call = later(1).map(|n| n + 1);
        let call = call.try_wait().unwrap_err().into_call();
        assert_eq!(call.await, 2);
        let payload =
            catch_unwind(AssertUnwindSafe(|| later(1).map(|n| n + 1).wait())).unwrap_err();
        payload.downcast_ref::<String>().unwrap().clone()
    });
    assert!(refused.starts_with("waiting here would block an executor"));
}

#[test]
fn nothing_runs_before_the_first_poll_or_wait_and_the_call_goes_before_the_function_runs() {
    let (runs, drops) = (Rc::new(Cell::new(0)), Arc::new(AtomicUsize::new(0)));
    let call = || {
        let (guard, drops, runs) = (CountsDrops(drops.clone()), drops.clone(), runs.clone());
        let inside = async move {
            yield_once().await;
            let _guard = &guard;
        };
        smart(inside).map(move |()| {
            runs.set(runs.get() + 1);
            drops.load(Ordering::Relaxed)
        })
    };
    drop(call());
    assert_eq!((runs.get(), drops.load(Ordering::Relaxed)), (0, 1));
    assert_eq!(call().wait(), 2);
    assert_eq!(block_on(call()), 3);
    let mut dropped = Box::pin(call());
    assert!(poll(&mut dropped).is_pending());
    drop(dropped);
    assert_eq!((runs.get(), drops.load(Ordering::Relaxed)), (2, 4));
}

#[test]
fn a_call_that_was_polled_goes_on_in_a_wait() {
    let mut call = later(1).boxed().map(|n| n + 1).boxed();
    assert!(Pin::new(&mut call).poll(&mut noop()).is_pending());
    assert_eq!(call.wait(), 2);
    let mut call = later(1).boxed().map(|n| n + 1);
    assert!(Pin::new(&mut call).poll(&mut noop()).is_pending());
    assert_eq!(call.wait(), 2);
}

fn noop() -> std::task::Context<'static> {
    std::task::Context::from_waker(std::task::Waker::noop())
}

#[test]
fn a_mapped_call_that_has_given_its_output_says_so() {
    let mut call = Box::pin(smart(ready(1)).map(|n| n + 1));
    assert!(poll(&mut call).is_ready());
    let payload = catch_unwind(AssertUnwindSafe(|| poll(&mut call))).unwrap_err();
    let sentence = "a `Call` was polled after it had given its output";
    assert_eq!(
        payload.downcast_ref::<String>().map(String::as_str),
        Some(sentence)
    );
}

#[test]
fn a_time_out_drops_the_call_inside() {
    let drops = Arc::new(AtomicUsize::new(0));
    let guard = CountsDrops(drops.clone());
    let call = smart(async move {
        let _guard = guard;
        pending::<u32>().await
    });
    let call = call.map(|_| panic!("the call never ends")).boxed();
    let timed_out: Result<(), _> = call.wait_timeout(Duration::ZERO);
    assert_eq!(timed_out, Err(TimedOut));
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

#[test]
fn a_panic_of_the_function_reaches_the_caller() {
    let call = || later(1).map(|_| -> u32 { std::panic::resume_unwind(Box::new("f")) });
    for panic in [
        catch_unwind(|| call().wait()),
        catch_unwind(|| block_on(call())),
        catch_unwind(|| call().boxed().wait()),
        catch_unwind(|| block_on(spawn_local(call()))),
    ] {
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"f"));
    }
}

#[test]
fn a_mapped_or_boxed_call_is_send_exactly_where_its_parts_are() {
    assert!(IsSend(&later(1).map(|n| n)).is_send());
    fn with_rc() -> Call<impl Work<Output = u32>> {
        let shared = Rc::new(1);
        later(1).map(move |n| n + *shared)
    }
    assert!(!IsSend(&with_rc()).is_send());
    assert!(IsSend(&later(1).boxed()).is_send());
    assert!(!IsSend(&later(1).boxed_local()).is_send());
    let call = later(1).map(|n| n + 1).boxed();
    assert_eq!(thread::spawn(move || call.wait()).join().unwrap(), 2);
}

#[test]
fn unlike_calls_stand_in_one_struct() {
    struct Client<'a> {
        calls: Vec<BoxCall<'a, u32>>,
        last: Option<LocalBoxCall<'a, u32>>,
    }
    let text = String::from("three");
    let shared = Rc::new(4);
    let client = Client {
        calls: vec![
            later(1).boxed(),
            smart_sync(|| 2).boxed(),
            smart(async { text.len() as u32 }).map(|n| n - 2).boxed(),
        ],
        last: Some(smart(async move { *shared }).boxed_local()),
    };
    let waited: Vec<_> = client.calls.into_iter().map(Call::wait).collect();
    assert_eq!(waited, [1, 2, 3]);
    assert_eq!(client.last.map(block_on), Some(4));
}

/// A trait with a method that an inherent method of the same name hides.
trait Counted {
    smart_fn!(
        fn count(&self) -> u32;
    );
}

#[derive(Clone)]
struct Two;

impl Counted for Two {
    smart_fn!(
        fn count(&self) -> u32 {
            2
        }
    );
}

impl Two {
    fn count(&self) -> Call<impl Work<Output = u32>> {
        Counted::count(self).map(|n| n + 1)
    }
}

#[test]
fn a_mapped_call_is_not_taken_for_the_call_inside() {
    // The method that hides the other one calls it, so both are refused where they are called.
    let calls: [fn() -> u32; 2] = [|| Two.count().wait(), || block_on(Counted::count(&Two))];
    for call in calls {
        let payload = catch_unwind(call).unwrap_err();
        let sentence = payload.downcast_ref::<String>().unwrap();
        assert!(
            sentence.contains("its type has another method of that name"),
            "{sentence}"
        );
    }
}
