//! Sync and async context: where waiting is refused, where it is allowed, and waits inside waits.

use crate::support::both::assert_both;
use crate::support::child::in_a_child;
use crate::support::gate::Gate;
use crate::support::refused::{assert_refused_at, refused};
use crate::support::watchdog::within;
#[cfg(target_os = "linux")]
use crate::support::watchdog::{this_thread, until_asleep};
use crate::support::yield_once;
use smartasync::{
    Smart, SmartLock, allow_blocking, block_on, forbid_blocking, is_async_context, offload, smart,
    smart_await, smart_continuation, smart_fn, smart_sync, spawn_local,
};
use std::cell::Cell;
use std::future::{poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

/// Calls `f` in every place that counts as async context.
fn in_all_async_places(f: fn()) {
    let current = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let multi = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    // On loops of this crate.
    block_on(async { f() });
    block_on(async { spawn_local(async move { f() }).await });
    smart(async { f() }).wait();
    smart(async { f() })
        .wait_timeout(Duration::from_secs(60))
        .unwrap();
    in_poll(f).wait();
    Smart::future(async { f() }).wait();
    forbid_blocking(f);
    allow_blocking(|| block_on(async { f() }));
    // In the poll of a `Call`, on any runtime.
    current.block_on(smart(async { f() }));
    current.block_on(async { tokio::spawn(in_poll(f)).await.unwrap() });
    current.block_on(maybe_in_poll(f));
    multi.block_on(smart(async { f() }));
    multi.block_on(async { tokio::spawn(in_poll(f)).await.unwrap() });
    multi.block_on(async { tokio::spawn(maybe_in_poll(f)).await.unwrap() });
    smol::block_on(smart(async { f() }));
    smol::block_on(async { smol::spawn(in_poll(f)).await });
    let local = smol::LocalExecutor::new();
    smol::block_on(local.run(async { local.spawn(maybe_in_poll(f)).await }));
    pollster::block_on(in_poll(f));
    let polled = pin!(in_poll(f)).poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_ready());
    // In a call that another call awaits, and in that other call after a suspension.
    pollster::block_on(smart(async {
        yield_once().await;
        in_poll(f).await;
        yield_once().await;
        f();
    }));
}

smart_fn!(
    async fn in_poll(f: fn()) {
        f();
    }

    #[maybe_async]
    async fn maybe_in_poll(f: fn()) {
        smart_await!(sync => f(), async => async { f() });
    }

    async fn count_async(started: Arc<AtomicUsize>) -> usize {
        started.fetch_add(1, Ordering::Relaxed)
    }

    fn count_sync(started: Arc<AtomicUsize>) -> usize {
        started.fetch_add(1, Ordering::Relaxed)
    }

    #[maybe_async]
    async fn count_either(started: Arc<AtomicUsize>) -> usize {
        started.fetch_add(1, Ordering::Relaxed)
    }

    fn context_of_sync() -> bool {
        is_async_context()
    }

    async fn context_of_async() -> bool {
        is_async_context()
    }

    #[maybe_async]
    async fn context_of_either() -> bool {
        is_async_context()
    }

    /// A sync function that waits for async functions.
    fn waits_for_async() -> u32 {
        smart(async { 3 }).wait() + one_more().wait()
    }

    #[maybe_async]
    async fn one_more() -> u32 {
        smart_await!(one()) + 3
    }

    #[maybe_async]
    async fn one() -> u32 {
        smart_await!(sync => 1, async => async { 1 })
    }
);

fn counter() -> Arc<AtomicUsize> {
    Arc::default()
}

#[test]
fn plain_threads_the_pool_and_direct_calls_are_sync_context() {
    within(120, || {
        assert!(!is_async_context());
        assert!(!context_of_sync().wait());
        assert!(!context_of_either().wait(), "the sync copy runs directly");
        assert!(!smart_sync(is_async_context).wait());
        block_on(async {
            assert!(!offload(is_async_context).await);
            assert!(!context_of_sync().await);
            assert!(!smart_sync(is_async_context).await);
            assert!(
                is_async_context(),
                "the rest of the future is async context"
            );
        });
        assert!(!is_async_context());
    });
}

#[test]
fn polls_are_async_context_everywhere() {
    within(120, || {
        in_all_async_places(|| assert!(is_async_context()));
        assert!(context_of_async().wait());
        assert!(pollster::block_on(context_of_either()));
        assert!(!is_async_context());
    });
}

#[test]
fn a_thread_that_is_started_inside_a_poll_is_sync_context() {
    within(120, || {
        in_all_async_places(|| {
            let waited = thread::spawn(|| (is_async_context(), smart(async { 1 }).wait()))
                .join()
                .unwrap();
            assert_eq!(waited, (false, 1));
            assert!(is_async_context());
        });
    });
}

#[test]
fn code_between_the_polls_of_a_call_is_sync_context() {
    within(120, || {
        let mut call = pin!(smart(async {
            yield_once().await;
            assert!(is_async_context());
        }));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(call.as_mut().poll(&mut cx).is_pending());
        assert!(!is_async_context());
        assert_eq!(smart(async { 1 }).wait(), 1);
        assert!(call.as_mut().poll(&mut cx).is_ready());
    });
}

#[test]
fn a_wait_in_async_code_is_refused_and_names_the_callers_line() {
    within(120, || {
        in_all_async_places(|| {
            assert_refused_at(line!(), || count_async(counter()).wait());
            assert_refused_at(line!(), || count_sync(counter()).wait());
            assert_refused_at(line!(), || count_either(counter()).wait());
            assert_refused_at(line!(), || smart(async { 1 }).wait());
            assert_refused_at(line!(), || smart_sync(|| 1).wait());
            assert_refused_at(line!() + 1, || {
                smart_continuation!(async { 1 }, |n| n + 1).wait()
            });
            assert_refused_at(line!() + 1, || {
                smart_continuation!(count_sync(counter()), |n| n + 1).wait()
            });
            assert!(is_async_context());
        });
    });
}

#[test]
fn every_other_way_to_wait_is_refused_too_and_names_the_callers_line() {
    within(120, || {
        in_all_async_places(|| {
            assert_refused_at(line!(), || block_on(async { 1 }));
            assert_refused_at(line!() + 1, || {
                count_async(counter()).wait_timeout(Duration::ZERO)
            });
            assert_refused_at(line!() + 1, || {
                count_sync(counter()).wait_timeout(Duration::MAX)
            });
            assert_refused_at(line!() + 1, || {
                count_either(counter()).wait_timeout(Duration::MAX)
            });
            assert_refused_at(line!(), || Smart::ready(1).wait());
            assert_refused_at(line!(), || Smart::future(async { 1 }).wait());
            assert_refused_at(line!(), || Smart::nested(ready(Smart::ready(1))).wait());
        });
    });
}

#[test]
fn a_refused_wait_starts_nothing() {
    within(120, || {
        in_all_async_places(|| {
            let started = counter();
            refused(|| count_async(started.clone()).wait());
            refused(|| count_sync(started.clone()).wait());
            refused(|| count_either(started.clone()).wait());
            refused(|| count_sync(started.clone()).wait_timeout(Duration::MAX));
            refused(|| block_on(count_async(started.clone())));
            assert_eq!(
                (started.load(Ordering::Relaxed), Arc::strong_count(&started)),
                (0, 1)
            );
        });
    });
}

#[test]
fn try_wait_gives_a_refused_call_back_unstarted() {
    within(120, || {
        in_all_async_places(|| {
            let started = counter();
            let (refused_async, refused_sync, refused_either) = (
                count_async(started.clone()).try_wait().unwrap_err(),
                count_sync(started.clone()).try_wait().unwrap_err(),
                count_either(started.clone()).try_wait().unwrap_err(),
            );
            assert!(refused_async.to_string().contains(".await"));
            assert_eq!(started.load(Ordering::Relaxed), 0);
            let calls = (
                refused_async.into_call(),
                refused_sync.into_call(),
                refused_either.into_call(),
            );
            assert_eq!(started.load(Ordering::Relaxed), 0);
            // Each call can still be waited for or awaited.
            assert_eq!(allow_blocking(|| calls.0.wait()), 0);
            assert_eq!(pollster::block_on(calls.1), 1);
            assert_eq!(allow_blocking(|| calls.2.try_wait().unwrap()), 2);
        });
    });
}

#[test]
fn try_wait_in_sync_code_is_a_wait() {
    within(120, || {
        let started = counter();
        assert_eq!(count_async(started.clone()).try_wait().unwrap(), 0);
        assert_eq!(count_sync(started.clone()).try_wait().unwrap(), 1);
        assert_eq!(count_either(started).try_wait().unwrap(), 2);
    });
}

#[test]
fn allow_blocking_allows_every_wait_in_async_code() {
    within(120, || {
        in_all_async_places(|| {
            allow_blocking(|| {
                assert!(!is_async_context());
                let started = counter();
                assert_eq!(count_async(started.clone()).wait(), 0);
                assert_eq!(count_sync(started.clone()).wait(), 1);
                assert_eq!(count_either(started.clone()).wait(), 2);
                assert_eq!(
                    count_sync(started.clone()).wait_timeout(Duration::MAX),
                    Ok(3)
                );
                assert_eq!(block_on(count_async(started)), 4);
                assert_eq!(Smart::nested(ready(Smart::ready(1))).wait(), 1);
                // The future that `block_on` drives is async context again.
                assert!(block_on(async { is_async_context() }));
            });
            assert!(is_async_context());
        });
    });
}

#[test]
fn scopes_nest_and_end_with_their_functions() {
    within(120, || {
        let seen = forbid_blocking(|| {
            let allowed = allow_blocking(|| {
                (
                    is_async_context(),
                    forbid_blocking(is_async_context),
                    is_async_context(),
                )
            });
            (is_async_context(), allowed, is_async_context())
        });
        assert_eq!(seen, (true, (false, true, false), true));
        assert!(!is_async_context());
        assert_eq!(
            forbid_blocking(|| 1) + allow_blocking(|| 2),
            3,
            "a scope returns what its function returns"
        );
    });
}

#[test]
fn scopes_end_with_a_panic_too() {
    within(120, || {
        let boom = || -> () { resume_unwind(Box::new(())) };
        assert!(catch_unwind(|| forbid_blocking(boom)).is_err());
        assert!(!is_async_context());
        assert!(catch_unwind(|| allow_blocking(|| forbid_blocking(boom))).is_err());
        assert!(!is_async_context());
        block_on(async {
            assert!(catch_unwind(|| allow_blocking(boom)).is_err());
            assert!(is_async_context());
            refused(|| block_on(async {}));
            assert!(is_async_context());
            assert!(catch_unwind(|| allow_blocking(|| block_on(async { boom() }))).is_err());
            assert!(is_async_context());
        });
        assert!(catch_unwind(|| block_on(async { boom() })).is_err());
        assert!(catch_unwind(|| pollster::block_on(smart(async { boom() }))).is_err());
        assert!(!is_async_context());
    });
}

#[test]
fn a_panic_of_an_offloaded_job_leaves_the_pool_thread_sync() {
    within(120, || {
        for _ in 0..20 {
            assert!(
                catch_unwind(
                    || block_on(offload(|| forbid_blocking(|| resume_unwind(Box::new(())))))
                )
                .is_err()
            );
            assert!(!block_on(offload(is_async_context)));
        }
    });
}

#[test]
fn an_awaited_sync_function_may_wait_on_the_pool() {
    within(120, || {
        let multi = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        assert_eq!(waits_for_async().wait(), 7);
        assert_eq!(block_on(waits_for_async()), 7);
        assert_eq!(
            multi.block_on(async { tokio::spawn(waits_for_async()).await.unwrap() }),
            7
        );
        assert_eq!(smol::block_on(waits_for_async()), 7);
    });
}

#[test]
fn the_sync_copy_runs_its_nested_calls_without_an_executor() {
    within(120, || {
        assert_eq!(one_more().wait(), 4);
        assert_eq!(pollster::block_on(one_more()), 4);
    });
}

#[test]
fn in_the_sync_copy_only_the_outermost_wait_checks_the_context() {
    smart_fn!(
        #[maybe_async]
        async fn outer() -> (u32, bool) {
            // Between the outermost wait and the nested call, the thread counts as async. The
            // nested call must not check.
            smart_await!(
                sync => forbid_blocking(|| {
                    let sum = smart_await!(one_more()) + smart_await!(count_sync(counter())) as u32;
                    (sum, one_more().try_wait().is_ok())
                }),
                async => async { (0, true) },
            )
        }
    );
    within(120, || assert_eq!(outer().wait(), (4, false)));
}

/// Waits for the gate of `level`. The first poll of that wait starts the wait of the next level
/// inside it. Counts the polls of each level.
fn nested_waits(
    gates: [Gate; 3],
    asleep: &mpsc::Sender<()>,
    level: usize,
    polls: &[AtomicUsize; 3],
) {
    let mut gate = gates[level].clone();
    let wait = poll_fn(|cx| {
        let poll = polls[level].fetch_add(1, Ordering::Relaxed);
        let polled = Pin::new(&mut gate).poll(cx);
        if poll == 0 {
            if level < 2 {
                // The gate has the waker of this level already, so it can be opened while the inner
                // levels wait.
                allow_blocking(|| nested_waits(gates.clone(), asleep, level + 1, polls));
            } else {
                asleep.send(()).unwrap();
            }
        }
        polled
    });
    block_on(wait);
}

#[cfg(target_os = "linux")]
#[test]
fn wake_ups_for_outer_waits_that_come_while_the_inner_one_sleeps_are_kept() {
    within(120, || {
        for round in 0..120 {
            let gates: [Gate; 3] = Default::default();
            let order = [
                [0, 1, 2],
                [0, 2, 1],
                [1, 0, 2],
                [1, 2, 0],
                [2, 0, 1],
                [2, 1, 0],
            ][round % 6];
            let (asleep, is_asleep) = mpsc::channel();
            let polls: Arc<[AtomicUsize; 3]> = Arc::default();
            let (stat, opened, seen) = (this_thread(), gates.clone(), polls.clone());
            let other = thread::spawn(move || {
                is_asleep.recv().unwrap();
                let mut open = [false; 3];
                for level in order {
                    if !open[2] {
                        until_asleep(&stat);
                        assert_eq!(
                            seen[2].load(Ordering::Relaxed),
                            1,
                            "the wake-up of another wait polled the innermost one"
                        );
                    }
                    open[level] = true;
                    opened[level].open();
                }
            });
            nested_waits(gates, &asleep, 0, &polls);
            other.join().unwrap();
            assert!(
                polls.iter().all(|polls| polls.load(Ordering::Relaxed) == 2),
                "{polls:?}"
            );
        }
    });
}

/// A future that wakes `other` in its first poll, and is ready in its second.
fn wakes_once(other: Waker, polls: &AtomicUsize) -> impl Future<Output = ()> + '_ {
    poll_fn(move |cx| {
        if polls.fetch_add(1, Ordering::Relaxed) == 1 {
            return Poll::Ready(());
        }
        other.wake_by_ref();
        let own = cx.waker().clone();
        thread::spawn(move || own.wake());
        Poll::Pending
    })
}

#[test]
fn an_inner_wait_takes_no_wake_up_that_its_own_thread_sent_to_the_outer_wait() {
    within(120, || {
        for early in [false, true] {
            let (outer, inner) = (AtomicUsize::new(0), AtomicUsize::new(0));
            block_on(poll_fn(|cx| {
                if outer.fetch_add(1, Ordering::Relaxed) == 1 {
                    return Poll::Ready(());
                }
                // The wake-up comes before the inner wait, or during it.
                if early {
                    cx.waker().wake_by_ref();
                }
                let woken_inside = if early {
                    Waker::noop().clone()
                } else {
                    cx.waker().clone()
                };
                allow_blocking(|| block_on(wakes_once(woken_inside, &inner)));
                Poll::Pending
            }));
            assert_eq!((outer.into_inner(), inner.into_inner()), (2, 2));
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_task_that_is_woken_while_a_nested_wait_sleeps_runs_and_its_awaiter_is_woken() {
    within(120, || {
        for _ in 0..50 {
            let (for_task, for_inner) = (Gate::default(), Gate::default());
            let (open_task, open_inner, stat) =
                (for_task.clone(), for_inner.clone(), this_thread());
            let (ran, has_run) = mpsc::channel();
            let other = thread::spawn(move || {
                open_inner.until_awaited();
                until_asleep(&stat);
                open_task.open();
                // The task has to run inside the nested wait. Otherwise nothing would open its
                // gate.
                has_run.recv().unwrap();
                open_inner.open();
            });
            let task = spawn_local(async move {
                for_task.await;
                ran.send(()).unwrap();
                1
            });
            let sum = block_on(async {
                let task = task;
                yield_once().await;
                allow_blocking(|| block_on(for_inner));
                task.await + 1
            });
            assert_eq!(sum, 2);
            other.join().unwrap();
        }
    });
}

smart_fn!(
    fn waits() -> u32 {
        smart(async { 1 }).wait()
    }

    #[maybe_async]
    async fn waits_in_a_block() -> u32 {
        smart_await!(async {
            yield_once().await;
            smart_await!(waits())
        })
    }

    #[maybe_async]
    async fn waits_in_a_leader(lock: &SmartLock<u32>, shared: bool) -> u32 {
        let value = if shared {
            smart_await!(lock.run_shared(|| async { smart_await!(waits()) }))
        } else {
            smart_await!(lock.run_once(|| async { smart_await!(waits_in_a_block()) }))
        };
        value.expect("no test resets the lock")
    }

    #[maybe_async]
    async fn polls_a_call_in_a_block() -> bool {
        smart_await!(async { smart(async { smart(async { 1 }).try_wait().is_err() }).await })
    }
);

#[test]
fn an_async_block_of_a_sync_copy_may_wait_and_a_call_that_it_polls_may_not() {
    let lock = SmartLock::new();
    assert_both!(waits_in_a_block(), 1);
    assert_both!(waits_in_a_leader(&lock, false), 1);
    assert_both!(waits_in_a_leader(&lock, true), 1);
    assert_both!(polls_a_call_in_a_block(), true);
    assert_eq!(block_on(offload(|| waits_in_a_block().wait())), 1);
    // Without a sync copy around it, the closure of a leader is async context.
    let refuses = || async { u32::from(smart(async { 1 }).try_wait().is_err()) };
    assert_eq!(lock.run_once(refuses).wait(), Ok(1));
    assert_eq!(lock.run_once(refuses).try_wait().unwrap(), Ok(1));
    assert_eq!(lock.run_shared(refuses).try_wait().unwrap(), Ok(1));
}

/// Waits when it is dropped.
struct WaitsWhenDropped<'n>(&'n AtomicUsize);

impl Drop for WaitsWhenDropped<'_> {
    fn drop(&mut self) {
        let one = smart(async {
            yield_once().await;
            1
        });
        self.0.fetch_add(one.wait(), Ordering::Relaxed);
    }
}

#[test]
fn a_destructor_that_waits_while_a_poll_unwinds_does_not_abort() {
    in_a_child(|| {
        within(60, || {
            let waited = AtomicUsize::new(0);
            let unwind = |message: &'static str| {
                let waits = WaitsWhenDropped(&waited);
                async move {
                    let _waits = waits;
                    std::panic::panic_any(message);
                }
            };
            for _ in 0..2 {
                let unwound = catch_unwind(AssertUnwindSafe(|| smart(unwind("poll")).wait()));
                assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"poll"));
            }
            assert_eq!(waited.load(Ordering::Relaxed), 2);
        });
    });
}

/// Says, when it is dropped, whether that was in async code.
struct SaysWhere<'a>(u32, &'a Cell<Option<bool>>);

impl Future for SaysWhere<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0 -= 1;
        if self.0 == 0 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for SaysWhere<'_> {
    fn drop(&mut self) {
        self.1.set(Some(is_async_context()));
    }
}

#[test]
fn a_future_that_was_waited_for_is_dropped_as_sync_code() {
    let was_async = Cell::new(None);
    let future = |polls| SaysWhere(polls, &was_async);
    let check = |what| assert_eq!(was_async.take(), Some(false), "{what}");
    smart(future(2)).wait();
    check("the first wait of a thread");
    smart(future(1)).wait();
    check("a usual wait");
    smart(future(1)).wait_timeout(Duration::MAX).unwrap();
    check("a wait with a deadline");
    assert!(smart(future(2)).wait_timeout(Duration::ZERO).is_err());
    check("a wait whose time is up");
    block_on(async { allow_blocking(|| smart(future(2)).wait()) });
    check("a nested wait");
}
