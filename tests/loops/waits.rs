//! The loop of one thread: it is made at the first wait and kept, and stays usable after panics.
//! Stray unparks do not end a wait, and time-outs need no timer.
//!
//! Tests of the cache over all threads are in `tests/loop_cache.rs`.

use crate::support::CountsDrops;
use crate::support::child::in_a_child;
use crate::support::gate::Gate;
use crate::support::watchdog::within;
use smartasync::{LoopId, TimedOut, block_on, current_loop, smart, smart_fn, smart_sync};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

smart_fn!(
    fn plain() -> u32 {
        1
    }

    #[maybe_async]
    async fn either() -> u32 {
        2
    }
);

#[test]
fn a_thread_has_no_loop_until_it_waits_for_a_future() {
    within(120, || {
        assert_eq!(current_loop(), None);
        assert_eq!(
            plain().wait() + either().wait() + smart_sync(|| 3).wait(),
            6
        );
        assert_eq!(current_loop(), None, "direct calls need no loop");
        drop(smart(async {}));
        assert_eq!(current_loop(), None, "a dropped call runs nothing");
        let inside = smart(async { current_loop() }).wait();
        assert!(inside.is_some());
        assert_eq!(current_loop(), inside);
    });
}

#[test]
fn a_thread_keeps_its_loop_over_a_thousand_waits() {
    within(120, || {
        block_on(async {});
        let first = current_loop().unwrap();
        for n in 0..1000 {
            let seen = match n % 4 {
                0 => smart(async { current_loop() }).wait(),
                1 => block_on(async { current_loop() }),
                2 => smart(async { current_loop() })
                    .wait_timeout(Duration::MAX)
                    .unwrap(),
                _ => smart(async { current_loop() }).try_wait().unwrap(),
            };
            assert_eq!(seen, Some(first));
        }
    });
}

#[test]
fn no_two_threads_have_the_same_loop() {
    let together = Arc::new(Barrier::new(8));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let together = together.clone();
            thread::spawn(move || {
                let id = block_on(async { current_loop() }).unwrap();
                together.wait();
                id
            })
        })
        .collect();
    let mut ids: HashSet<LoopId> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(ids.len(), 8);
    // The same holds for threads one after the other, which take over the slot of an ended thread.
    for _ in 0..8 {
        assert!(
            ids.insert(
                thread::spawn(|| block_on(async { current_loop() }))
                    .join()
                    .unwrap()
                    .unwrap()
            )
        );
    }
}

#[test]
fn a_panic_inside_a_poll_leaves_the_loop_usable() {
    within(120, || {
        block_on(async {});
        let before = current_loop();
        for _ in 0..100 {
            let payload = catch_unwind(|| smart(async { resume_unwind(Box::new("boom")) }).wait())
                .unwrap_err();
            assert_eq!(payload.downcast_ref(), Some(&"boom"));
            assert_eq!(block_on(async { current_loop() }), before);
        }
        // The next panic is in a later poll, after a wake-up from another thread.
        let gate = Gate::default();
        let other = gate.open_once_awaited();
        let waited = catch_unwind(AssertUnwindSafe(|| {
            block_on(async {
                gate.await;
                resume_unwind(Box::new(7));
            });
        }));
        assert_eq!(waited.unwrap_err().downcast_ref(), Some(&7));
        other.join().unwrap();
        assert!(!smartasync::is_async_context());
        assert_eq!(block_on(async { current_loop() }), before);
    });
}

#[test]
fn stray_unparks_do_not_end_a_wait_and_cause_no_poll() {
    within(120, || {
        // This thread may have the loop of a thread that has ended, with a notification that no
        // wait has taken yet. This wait takes it.
        assert!(
            smart(pending::<()>())
                .wait_timeout(Duration::from_millis(1))
                .is_err()
        );
        let gate = Gate::default();
        let opener = gate.clone();
        let waiting = thread::current();
        let other = thread::spawn(move || {
            opener.until_awaited();
            for _ in 0..1000 {
                waiting.unpark();
                thread::yield_now();
            }
            opener.open();
        });
        let mut polls = 0;
        let mut gate = gate;
        block_on(poll_fn(|cx| {
            polls += 1;
            Pin::new(&mut gate).poll(cx)
        }));
        other.join().unwrap();
        assert_eq!(polls, 2);
    });
}

#[test]
fn a_poll_that_consumes_the_token_of_the_thread_loses_no_wake_up() {
    within(120, || {
        let (wakers, to_wake) = mpsc::channel::<Waker>();
        let (woke, has_woken) = mpsc::channel();
        let other = thread::spawn(move || {
            for waker in to_wake {
                waker.wake();
                woke.send(()).unwrap();
            }
        });
        for _ in 0..1000 {
            let mut polls = 0;
            block_on(poll_fn(|cx| {
                polls += 1;
                if polls > 3 {
                    return Poll::Ready(());
                }
                wakers.send(cx.waker().clone()).unwrap();
                // The wake-up comes before the token is consumed.
                has_woken.recv().unwrap();
                thread::park_timeout(Duration::ZERO);
                Poll::Pending
            }));
            assert_eq!(polls, 4);
        }
        drop(wakers);
        other.join().unwrap();
    });
}

#[test]
fn a_wait_does_not_consume_the_token_of_the_thread() {
    within(120, || {
        let gate = Gate::default();
        let other = gate.open_once_awaited();
        thread::current().unpark();
        block_on(gate);
        other.join().unwrap();
        // This blocks for ever if the wait consumed the token.
        thread::park();
    });
}

#[test]
fn a_waker_of_an_ended_wait_does_not_end_the_next_one() {
    within(120, || {
        let mut old = None;
        block_on(poll_fn(|cx| {
            old = Some(cx.waker().clone());
            Poll::Ready(())
        }));
        let old = old.unwrap();
        let gate = Gate::default();
        let opener = gate.clone();
        let opened = Arc::new(AtomicUsize::new(0));
        let opened_too = opened.clone();
        let other = thread::spawn(move || {
            opener.until_awaited();
            (0..100).for_each(|_| old.wake_by_ref());
            opened_too.store(1, Ordering::Relaxed);
            opener.open();
        });
        block_on(gate);
        assert_eq!(opened.load(Ordering::Relaxed), 1);
        other.join().unwrap();
    });
}

#[test]
fn a_waker_that_is_used_during_the_poll_gets_another_poll() {
    within(120, || {
        let mut polls = 0;
        block_on(poll_fn(|cx| {
            polls += 1;
            if polls == 100 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        assert_eq!(polls, 100);
    });
}

/// A value that waits for another thread when it is dropped. It sends 6 if all waits work.
struct WaitsWhenDropped(mpsc::Sender<u32>);

impl Drop for WaitsWhenDropped {
    fn drop(&mut self) {
        let gate = Gate::default();
        let other = gate.open_once_awaited();
        let waited = smart(async {
            gate.await;
            5
        })
        .wait();
        other.join().unwrap();
        let timed_out = smart(pending::<()>())
            .wait_timeout(Duration::from_millis(1))
            .is_err();
        let _ = self.0.send(waited + u32::from(timed_out));
    }
}

thread_local! {
    static AT_THE_END: RefCell<Option<WaitsWhenDropped>> = const { RefCell::new(None) };
}

#[test]
fn waiting_works_in_the_destructor_of_a_thread_local() {
    within(120, || {
        // The thread-local that is made first is destroyed last.
        for loop_comes in ["never", "before", "after"] {
            let (sender, waited) = mpsc::channel();
            let thread = thread::spawn(move || {
                if loop_comes == "before" {
                    block_on(async {});
                }
                AT_THE_END.set(Some(WaitsWhenDropped(sender)));
                if loop_comes == "after" {
                    block_on(async {});
                }
            });
            assert_eq!(waited.recv(), Ok(6), "the loop comes {loop_comes}");
            thread.join().unwrap();
        }
    });
}

/// The crate `thread_local` gives each thread a number, and forgets it in a destructor of its own.
/// An older thread-local is destroyed after that, and its destructor may be the first code to wait.
#[test]
fn the_first_wait_may_come_after_the_thread_lost_its_number() {
    // A panic in the destructor of a thread-local aborts the process.
    let scenario = || {
        let (sender, waited) = mpsc::channel();
        let thread = thread::spawn(move || {
            AT_THE_END.set(Some(WaitsWhenDropped(sender)));
            thread_local::ThreadLocal::<u32>::new().get_or_default();
        });
        assert_eq!(waited.recv(), Ok(6));
        thread.join().unwrap();
    };
    in_a_child(|| within(120, scenario));
}

#[test]
fn a_time_out_of_zero_polls_once() {
    within(120, || {
        assert_eq!(smart(async { 1 }).wait_timeout(Duration::ZERO), Ok(1));
        let mut polls = 0;
        let waited = smart(poll_fn(|_| {
            polls += 1;
            Poll::<()>::Pending
        }))
        .wait_timeout(Duration::ZERO);
        assert_eq!((waited, polls), (Err(TimedOut), 1));
    });
}

#[test]
fn a_time_out_comes_neither_early_nor_never() {
    within(120, || {
        let timeout = Duration::from_millis(20);
        let start = Instant::now();
        assert_eq!(smart(pending::<()>()).wait_timeout(timeout), Err(TimedOut));
        assert!(start.elapsed() >= timeout);
        assert_eq!(block_on(async { 1 }), 1, "the loop is usable afterwards");
    });
}

#[test]
fn the_longest_time_outs_mean_never() {
    within(120, || {
        for timeout in [
            Duration::MAX,
            Duration::from_secs(u64::MAX / 2),
            Duration::from_secs(i64::MAX as u64 / 2),
            Duration::from_secs(u64::MAX / 1000),
        ] {
            let gate = Gate::default();
            let other = gate.open_once_awaited();
            assert_eq!(smart(gate).wait_timeout(timeout), Ok(()));
            other.join().unwrap();
        }
    });
}

#[test]
fn a_future_that_wakes_itself_all_the_time_times_out() {
    within(120, || {
        let polls = Cell::new(0_u32);
        let waited = smart(poll_fn(|cx| {
            polls.set(polls.get() + 1);
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        }))
        .wait_timeout(Duration::from_millis(20));
        assert_eq!(waited, Err(TimedOut));
        assert!(polls.get() > 1);
    });
}

#[test]
fn a_future_that_another_thread_wakes_all_the_time_times_out() {
    within(120, || {
        let gate = Gate::default();
        let stop = Arc::new(AtomicUsize::new(0));
        let (awaited, stopped) = (gate.clone(), stop.clone());
        let other = thread::spawn(move || {
            let waker = awaited.until_awaited();
            while stopped.load(Ordering::Relaxed) == 0 {
                waker.wake_by_ref();
            }
        });
        assert_eq!(
            smart(gate).wait_timeout(Duration::from_millis(20)),
            Err(TimedOut)
        );
        stop.store(1, Ordering::Relaxed);
        other.join().unwrap();
    });
}

#[test]
fn the_future_is_dropped_at_the_deadline() {
    within(120, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let guard = CountsDrops(drops.clone());
        let waited = smart(async move {
            let _guard = guard;
            pending::<()>().await;
        })
        .wait_timeout(Duration::from_millis(1));
        assert_eq!((waited, drops.load(Ordering::Relaxed)), (Err(TimedOut), 1));
    });
}

#[test]
fn a_time_out_ends_the_wait_for_every_kind_of_call() {
    within(120, || {
        let (started, has_started) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let job = smart_sync(move || {
            started.send(()).unwrap();
            let _ = released.recv();
        });
        assert_eq!(job.wait_timeout(Duration::from_millis(50)), Err(TimedOut));
        // The job was dropped while it ran. It runs to its end.
        drop(release);
        drop(has_started);
        assert_eq!(plain().wait_timeout(Duration::from_secs(5)), Ok(1));
        assert_eq!(either().wait_timeout(Duration::from_secs(5)), Ok(2));
    });
}
