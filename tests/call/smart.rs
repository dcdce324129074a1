//! `Smart`: a value, a future of a value, or a future of another `Smart`. The choice is made at run
//! time.
#![allow(
    clippy::async_yields_async,
    reason = "a future of a `Smart` is what `Smart::nested` takes"
)]

use futures_lite::future::yield_now;
use smartasync::{Smart, block_on, current_loop, smart_await};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

/// A chain of `depth` levels. Each level is made when the level around it is resolved.
fn lazily_nested<'a>(depth: usize) -> Smart<'a, usize> {
    if depth == 0 {
        Smart::ready(7)
    } else {
        Smart::nested(async move { lazily_nested(depth - 1) })
    }
}

/// A chain of `depth` levels that all exist from the start. Some of them suspend once.
fn eagerly_nested(depth: usize) -> Smart<'static, usize> {
    (0..depth).fold(Smart::future(async { 7 }), |inner, level| {
        Smart::nested(async move {
            if level % 1000 == 0 {
                yield_now().await;
            }
            inner
        })
    })
}

#[test]
fn a_value_is_ready_at_once() {
    assert_eq!(Smart::ready(1).wait(), 1);
    assert_eq!(block_on(Smart::ready(1)), 1);
    assert_eq!(Smart::from("text").wait(), "text");
    let converted: Smart<'_, u32> = 2.into();
    assert_eq!(pollster::block_on(converted), 2);
}

#[test]
fn a_ready_value_needs_no_loop() {
    let on = thread::spawn(|| {
        assert_eq!(Smart::ready(1).map(|n| n + 1).wait(), 2);
        current_loop()
    });
    assert_eq!(on.join().unwrap(), None);
}

#[test]
fn a_future_gives_the_value() {
    let later = || async {
        yield_now().await;
        1
    };
    assert_eq!(Smart::future(later()).wait(), 1);
    assert_eq!(block_on(Smart::future(later())), 1);
    assert_eq!(futures_lite::future::block_on(Smart::future(later())), 1);
}

#[test]
fn a_nested_smart_is_resolved_at_any_depth() {
    for depth in [0, 1, 2, 10] {
        assert_eq!(lazily_nested(depth).wait(), 7);
        assert_eq!(block_on(eagerly_nested(depth)), 7);
    }
}

#[test]
fn a_million_levels_are_resolved_on_a_small_stack() {
    const MILLION: usize = 1_000_000;
    // The stack of this thread is too small for a recursion.
    let small = |run: fn() -> usize| {
        thread::Builder::new()
            .stack_size(128 * 1024)
            .spawn(run)
            .unwrap()
            .join()
            .unwrap()
    };
    assert_eq!(small(|| lazily_nested(MILLION).wait()), 7);
    assert_eq!(small(|| block_on(lazily_nested(MILLION))), 7);
    assert_eq!(small(|| eagerly_nested(MILLION).wait()), 7);
    assert_eq!(small(|| pollster::block_on(eagerly_nested(MILLION))), 7);
}

#[test]
fn map_applies_a_function_now_or_when_the_value_is_ready() {
    let calls = AtomicUsize::new(0);
    let count = |n: usize| {
        calls.fetch_add(1, Ordering::Relaxed);
        n + 1
    };
    let now = Smart::ready(1).map(count);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    let later = Smart::future(async { 1 }).map(count);
    let nested = lazily_nested(3).map(count).map(|n| n.to_string());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!(
        (now.wait(), later.wait(), block_on(nested)),
        (2, 2, "8".to_owned())
    );
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[test]
fn a_smart_is_send_where_its_value_is() {
    fn check<T: Send + Unpin>(value: T) -> T {
        value
    }
    let smart = check(Smart::future(async { 1 }).map(|n| n + 1));
    assert_eq!(thread::spawn(move || smart.wait()).join().unwrap(), 2);
    let executor = smol::Executor::new();
    let task = executor.spawn(lazily_nested(3));
    assert_eq!(block_on(executor.run(task)), 7);
}

#[test]
fn a_smart_borrows_for_its_lifetime() {
    struct Cache {
        page: Option<String>,
    }
    impl Cache {
        fn load<'a>(&'a self, key: &'a str) -> Smart<'a, &'a str> {
            match &self.page {
                Some(page) => Smart::ready(page),
                None => Smart::future(async move {
                    yield_now().await;
                    key
                }),
            }
        }
    }
    let key = String::from("key");
    assert_eq!(
        Cache {
            page: Some("page".into())
        }
        .load(&key)
        .wait(),
        "page"
    );
    assert_eq!(block_on(Cache { page: None }.load(&key).map(str::len)), 3);
}

#[test]
fn nothing_runs_before_the_first_poll_or_wait() {
    let ran = AtomicUsize::new(0);
    let run = || Smart::future(async { ran.fetch_add(1, Ordering::Relaxed) });
    drop(run());
    drop(Smart::nested(async { run() }));
    drop(run().map(|n| n + 1));
    assert_eq!(ran.load(Ordering::Relaxed), 0);
    assert_eq!(run().wait(), 0);
}

#[test]
fn wait_is_refused_in_async_code() {
    let refused =
        block_on(async { catch_unwind(AssertUnwindSafe(|| Smart::ready(1).wait())).is_err() });
    assert!(refused);
}

#[test]
fn polling_after_the_value_panics_with_a_sentence() {
    let mut smart = pin!(Smart::ready(1));
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(smart.as_mut().poll(&mut cx), Poll::Ready(1));
    let payload = catch_unwind(AssertUnwindSafe(|| smart.as_mut().poll(&mut cx))).unwrap_err();
    assert_eq!(
        payload.downcast_ref::<&str>(),
        Some(&"a `Smart` was polled after it had given its value")
    );
}

#[test]
fn smart_await_resolves_a_smart() {
    let sum = Cell::new(0);
    block_on(async {
        sum.set(smart_await!(lazily_nested(2)) + smart_await!(async { Smart::ready(1) }))
    });
    assert_eq!(sum.get(), 8);
}

#[test]
fn debug_names_the_state() {
    let forms = [
        Smart::ready(1),
        Smart::future(async { 1 }),
        Smart::nested(async { Smart::ready(1) }),
    ]
    .map(|smart| format!("{smart:?}"));
    assert_eq!(forms, ["Ready(1)", "Future(..)", "Nested(..)"]);
}
