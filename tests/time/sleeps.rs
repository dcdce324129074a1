//! `sleep` ends at its time, wherever it is polled, and wherever it is polled next.

use crate::support::count::Count;
use crate::support::is_send::IsSend;
use crate::support::poll;
use crate::support::refused::assert_refused_at;
use crate::support::watchdog::within;
use futures_lite::future::{or, zip};
use smartasync::{
    allow_blocking, block_on, forbid_blocking, is_async_context, sleep, smart, smart_await,
    smart_fn, spawn_local,
};
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(600);

/// Calls `f`, and asserts that it takes a short sleep, at least.
fn takes_a_sleep<T>(f: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let output = f();
    assert!(begin.elapsed() >= SHORT);
    output
}

smart_fn!(
    #[maybe_async]
    async fn rest() -> u32 {
        smart_await!(sleep(SHORT));
        1
    }
);

#[test]
fn a_sleep_ends_at_its_time_in_both_worlds_and_on_every_executor() {
    within(120, || {
        takes_a_sleep(|| sleep(SHORT).wait());
        takes_a_sleep(|| sleep(SHORT).try_wait().unwrap());
        takes_a_sleep(|| sleep(SHORT).wait_with(thread::yield_now));
        takes_a_sleep(|| block_on(sleep(SHORT)));
        takes_a_sleep(|| smart(async { sleep(SHORT).await }).wait());
        takes_a_sleep(|| block_on(spawn_local(sleep(SHORT))));
        takes_a_sleep(|| pollster::block_on(sleep(SHORT)));
        takes_a_sleep(|| futures_lite::future::block_on(sleep(SHORT)));
        let executor = smol::Executor::new();
        takes_a_sleep(|| pollster::block_on(executor.run(sleep(SHORT))));
        let tokio = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        takes_a_sleep(|| tokio.block_on(sleep(SHORT)));
        assert_eq!(takes_a_sleep(|| rest().wait()), 1);
        assert_eq!(takes_a_sleep(|| block_on(rest())), 1);
        assert_eq!(takes_a_sleep(|| pollster::block_on(rest())), 1);
        assert_eq!(sleep(LONG).wait_timeout(SHORT).ok(), None);
    });
}

#[test]
fn time_counts_from_the_first_poll() {
    within(120, || {
        let call = sleep(SHORT);
        thread::sleep(2 * SHORT);
        takes_a_sleep(|| block_on(call));
        let mut call = Box::pin(sleep(SHORT));
        thread::sleep(2 * SHORT);
        assert!(poll(&mut call).is_pending());
        thread::sleep(2 * SHORT);
        assert!(poll(&mut call).is_ready());
    });
}

#[test]
fn a_sleep_that_was_polled_goes_on_in_a_wait() {
    within(120, || {
        takes_a_sleep(|| {
            let mut call = sleep(SHORT);
            let mut cx = Context::from_waker(Waker::noop());
            assert!(Pin::new(&mut call).poll(&mut cx).is_pending());
            call.wait();
        });
        let mut call = sleep(SHORT);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut call).poll(&mut cx).is_pending());
        thread::sleep(2 * SHORT);
        assert_eq!(call.wait_timeout(Duration::ZERO), Ok(()));
    });
}

#[test]
fn a_sleep_moves_to_whoever_polls_it_next() {
    within(120, || {
        // From the thread for timers to a loop, and back.
        takes_a_sleep(|| {
            let mut call = Box::pin(sleep(SHORT));
            assert!(poll(&mut call).is_pending());
            block_on(call);
        });
        takes_a_sleep(|| {
            let mut call = Box::pin(sleep(SHORT));
            block_on(async { assert!(futures_lite::future::poll_once(&mut call).await.is_none()) });
            thread::spawn(|| pollster::block_on(call)).join().unwrap();
        });
        // From one loop to another one.
        takes_a_sleep(|| {
            let mut call = Box::pin(sleep(SHORT));
            block_on(async { assert!(futures_lite::future::poll_once(&mut call).await.is_none()) });
            thread::spawn(|| block_on(call)).join().unwrap();
        });
        // From the future of a wait to a task.
        takes_a_sleep(|| {
            block_on(async {
                let mut call = Box::pin(sleep(SHORT));
                assert!(futures_lite::future::poll_once(&mut call).await.is_none());
                spawn_local(call).await;
            });
        });
    });
}

#[test]
fn an_executor_inside_a_poll_of_the_loop_is_woken() {
    within(120, || {
        takes_a_sleep(|| block_on(async { pollster::block_on(sleep(SHORT)) }));
        takes_a_sleep(|| {
            block_on(spawn_local(async { pollster::block_on(sleep(SHORT)) }));
        });
    });
}

#[test]
fn nested_waits_serve_the_timers_of_the_outer_ones() {
    within(120, || {
        block_on(async {
            let done = Rc::new(Cell::new(false));
            let in_task = done.clone();
            let task = spawn_local(async move {
                sleep(SHORT).await;
                in_task.set(true);
            });
            futures_lite::future::yield_now().await;
            // The task ends in a wait that is inside the poll which spawned it.
            allow_blocking(|| {
                while !done.get() {
                    sleep(SHORT).wait();
                }
            });
            let outer = or(sleep(SHORT), pending());
            let inner = async { allow_blocking(|| block_on(sleep(2 * SHORT))) };
            zip(outer, inner).await;
            task.await;
        });
    });
}

#[test]
fn sleeps_end_in_the_order_of_their_times() {
    within(120, || {
        let order = Rc::new(Cell::new(0));
        let tasks = [3, 1, 2].map(|n: u32| {
            let order = order.clone();
            spawn_local(async move {
                sleep(n * SHORT).await;
                order.set(10 * order.get() + n);
            })
        });
        for task in tasks {
            block_on(task);
        }
        assert_eq!(order.get(), 123);
    });
}

#[test]
fn tasks_run_while_their_thread_sleeps_and_the_sleep_is_sync_code() {
    within(120, || {
        let ran = Rc::new(Cell::new(0));
        let in_task = ran.clone();
        spawn_local(async move {
            assert!(is_async_context());
            sleep(Duration::ZERO).await;
            in_task.set(1);
        })
        .detach();
        sleep(SHORT).wait();
        assert_eq!(ran.get(), 1);
        assert!(!sleep(SHORT).map(|()| is_async_context()).wait());
    });
}

#[test]
fn a_sleep_is_refused_in_async_code_at_the_callers_line() {
    assert_refused_at(line!(), || forbid_blocking(|| sleep(SHORT).wait()));
    assert_refused_at(line!(), || block_on(async { sleep(SHORT).wait() }));
}

#[test]
fn a_duration_too_large_for_the_clock_is_never_up() {
    let waker = Arc::new(Count::default());
    let mut call = Box::pin(sleep(Duration::MAX));
    let mut cx_waker = Waker::from(waker.clone());
    for _ in 0..2 {
        let mut cx = Context::from_waker(&cx_waker);
        assert!(call.as_mut().poll(&mut cx).is_pending());
        cx_waker = Waker::from(waker.clone());
    }
    drop(cx_waker);
    assert_eq!(Arc::strong_count(&waker), 1, "nobody keeps the waker");
    assert!(sleep(Duration::MAX).wait_timeout(SHORT).is_err());
}

#[test]
fn a_dropped_sleep_is_gone_at_once() {
    let waker = Arc::new(Count::default());
    let mut calls: Vec<_> = (0..100)
        .map(|n| Box::pin(sleep(LONG + n * SHORT)))
        .collect();
    for call in &mut calls {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(call.as_mut().poll(&mut cx).is_pending());
        let own = Waker::from(waker.clone());
        assert!(
            call.as_mut()
                .poll(&mut Context::from_waker(&own))
                .is_pending()
        );
    }
    assert_eq!(Arc::strong_count(&waker), 101);
    while !calls.is_empty() {
        drop(calls.swap_remove(calls.len() / 2));
        assert_eq!(Arc::strong_count(&waker), 1 + calls.len());
    }
    assert_eq!(waker.0.load(Relaxed), 0);
}

#[test]
fn the_last_waker_is_woken_once_and_a_waker_that_panics_harms_no_other() {
    within(120, || {
        let [first, last] = [(); 2].map(|()| Arc::new(Count::default()));
        let mut call = pin!(sleep(SHORT));
        for waker in [&first, &last] {
            let waker = Waker::from(waker.clone());
            let mut cx = Context::from_waker(&waker);
            assert!(call.as_mut().poll(&mut cx).is_pending());
        }
        let panics = Waker::from(Arc::new(crate::support::PanicsWhenWoken));
        let mut bad = Box::pin(sleep(Duration::from_millis(1)));
        assert!(
            bad.as_mut()
                .poll(&mut Context::from_waker(&panics))
                .is_pending()
        );
        pollster::block_on(sleep(2 * SHORT));
        while last.0.load(Relaxed) == 0 {
            thread::yield_now();
        }
        assert_eq!((first.0.load(Relaxed), last.0.load(Relaxed)), (0, 1));
        assert!(poll(&mut bad).is_ready());
    });
}

#[test]
fn a_waker_may_use_other_sleeps() {
    struct DropsASleep(std::sync::Mutex<Option<Box<dyn std::any::Any + Send>>>);
    impl std::task::Wake for DropsASleep {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap().take());
            let mut other = Box::pin(sleep(LONG));
            assert!(poll(&mut other).is_pending());
        }
    }
    within(120, || {
        let mut other = Box::pin(sleep(LONG));
        assert!(poll(&mut other).is_pending());
        let dropped = Arc::new(Count::default());
        let guard = dropped.clone();
        let wakes = Arc::new(DropsASleep(std::sync::Mutex::new(Some(Box::new((
            other, guard,
        ))))));
        let waker = Waker::from(wakes);
        let mut call = Box::pin(sleep(SHORT));
        assert!(
            call.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        while Arc::strong_count(&dropped) > 1 {
            thread::yield_now();
        }
        pollster::block_on(sleep(SHORT));
    });
}

#[test]
fn a_million_sleeps_are_no_trouble() {
    within(300, || {
        const MILLION: u64 = 1_000_000;
        let mut calls: Vec<_> = (0..MILLION)
            .map(|n| sleep(LONG + Duration::from_millis(n * 7919 % MILLION)))
            .collect();
        let mut cx = Context::from_waker(Waker::noop());
        for call in &mut calls {
            assert!(Pin::new(call).poll(&mut cx).is_pending());
        }
        pollster::block_on(sleep(SHORT));
        drop(calls);
        let tasks: Vec<_> = (0..10_000)
            .map(|n: u64| spawn_local(sleep(Duration::from_micros(n * 7919 % 50_000))))
            .collect();
        for task in tasks {
            block_on(task);
        }
    });
}

#[test]
fn a_future_that_polls_its_parts_in_turn_is_woken_for_each() {
    within(120, || {
        let mut parts = [Box::pin(sleep(SHORT)), Box::pin(sleep(LONG))];
        let mut turn = 0;
        // Polls one part at a time. So the timer of the other one has to stay.
        let in_turn = poll_fn(|cx| {
            let part = turn % 2;
            turn += 1;
            if turn == 1 {
                cx.waker().wake_by_ref();
            }
            parts[part].as_mut().poll(cx).map(|()| part)
        });
        assert_eq!(block_on(in_turn), 0);
    });
}

#[test]
fn a_sleep_is_send_and_unpin() {
    fn check<T: Unpin>(_: &T) {}
    let call = sleep(SHORT);
    check(&call);
    assert!(IsSend(&call).is_send());
}
