//! The cache of loops over all threads: how it counts, what a reset from another thread does, and
//! how later threads take over the slots of ended ones.
//!
//! The cache belongs to the process, so this binary holds only these tests, and they run one after
//! the other: each holds [`ALONE`].

mod support;

use smartasync::{
    allow_blocking, block_on, cached_loops, current_loop, reset_smartasync_cache, spawn_local,
};
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use support::PanicsWhenWoken;
use support::count::Count;
use support::gate::Gate;
use support::watchdog::within;
use support::yield_once;
use thread_local::ThreadLocal;

/// Keeps other tests away from the cache.
static ALONE: Mutex<()> = Mutex::new(());

/// Calls `f` with an empty cache on a thread of its own, while no other test runs. Panics if it
/// takes too long.
fn alone<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    reset_smartasync_cache();
    within(300, f)
}

/// A value that reports on which thread it was dropped.
struct ReportsDrop(mpsc::Sender<ThreadId>);

impl Drop for ReportsDrop {
    fn drop(&mut self) {
        let _ = self.0.send(thread::current().id());
    }
}

#[test]
fn the_cache_counts_the_loops_of_all_threads() {
    alone(|| {
        assert_eq!(cached_loops(), 0);
        block_on(async {});
        block_on(async {});
        assert_eq!(cached_loops(), 1);
        let together = Arc::new(Barrier::new(4));
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let together = together.clone();
                thread::spawn(move || {
                    block_on(async {});
                    together.wait();
                    together.wait();
                })
            })
            .collect();
        together.wait();
        assert_eq!(cached_loops(), 4);
        together.wait();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_reset_drops_idle_loops_of_every_thread() {
    alone(|| {
        let (ask, asked) = mpsc::channel::<()>();
        let (answer, answers) = mpsc::channel();
        let other = thread::spawn(move || {
            for () in asked {
                let before = current_loop();
                block_on(async {});
                answer.send((before, current_loop())).unwrap();
            }
        });
        let next = || {
            ask.send(()).unwrap();
            answers.recv().unwrap()
        };
        let (none, first) = next();
        assert_eq!(none, None);
        assert_eq!(next(), (first, first));
        block_on(async {});
        let mine = current_loop();
        assert_eq!(cached_loops(), 2);
        reset_smartasync_cache();
        assert_eq!((cached_loops(), current_loop()), (0, None));
        let (none, second) = next();
        assert_eq!(none, None, "a dropped loop is no thread's current loop");
        assert!(second.is_some() && second != first);
        block_on(async {});
        assert_ne!(current_loop(), mine);
        assert_eq!(cached_loops(), 2);
        drop(ask);
        other.join().unwrap();
    });
}

#[test]
fn a_running_loop_goes_on_after_a_reset_and_leaves_the_cache() {
    alone(|| {
        let gates: Vec<Gate> = (0..4).map(|_| Gate::default()).collect();
        let ended = Arc::new(Barrier::new(5));
        let threads: Vec<_> = gates
            .iter()
            .cloned()
            .map(|gate| {
                let ended = ended.clone();
                thread::spawn(move || {
                    let (before, after) = block_on(async {
                        let before = current_loop();
                        gate.await;
                        // A task that is started after the reset runs too.
                        spawn_local(async { current_loop() }).await;
                        (before, current_loop())
                    });
                    assert!(before.is_some());
                    assert_eq!(after, before, "the running loop goes on");
                    assert_eq!(current_loop(), None, "the loop has left the cache");
                    ended.wait();
                    ended.wait();
                    assert_ne!(
                        block_on(async { current_loop() }),
                        before,
                        "the next wait has a new loop"
                    );
                    ended.wait();
                    ended.wait();
                })
            })
            .collect();
        gates.iter().for_each(|gate| drop(gate.until_awaited()));
        assert_eq!(cached_loops(), 4);
        reset_smartasync_cache();
        assert_eq!(cached_loops(), 0);
        gates.iter().for_each(Gate::open);
        ended.wait();
        assert_eq!(cached_loops(), 0, "a loop that has left does not come back");
        ended.wait();
        ended.wait();
        assert_eq!(cached_loops(), 4);
        ended.wait();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_reset_inside_a_wait_lets_this_wait_and_its_nested_ones_finish() {
    alone(|| {
        let ran = block_on(async {
            let before = current_loop();
            reset_smartasync_cache();
            let task = spawn_local(async { 1 });
            let nested = allow_blocking(|| block_on(spawn_local(async { (current_loop(), 2) })));
            assert_eq!((current_loop(), nested.0), (before, before));
            task.await + nested.1
        });
        assert_eq!(ran, 3);
        assert_eq!((cached_loops(), current_loop()), (0, None));
    });
}

#[test]
fn many_resets_while_threads_wait_lose_no_wake_up() {
    alone(|| {
        let threads: Vec<_> = (0..2)
            .map(|_| {
                thread::spawn(|| {
                    for _ in 0..200 {
                        let gate = Gate::default();
                        let other = gate.open_once_awaited();
                        assert_eq!(
                            block_on(async {
                                spawn_local(gate).await;
                                1
                            }),
                            1
                        );
                        other.join().unwrap();
                    }
                })
            })
            .collect();
        while threads.iter().any(|thread| !thread.is_finished()) {
            reset_smartasync_cache();
            thread::yield_now();
        }
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_reset_on_this_thread_drops_the_tasks_of_its_idle_loop_at_once() {
    alone(|| {
        let (dropped, drops) = mpsc::channel();
        let guard = ReportsDrop(dropped);
        spawn_local(async move {
            let _guard = guard;
        })
        .detach();
        assert!(drops.try_recv().is_err());
        reset_smartasync_cache();
        assert_eq!(drops.try_recv(), Ok(thread::current().id()));
    });
}

#[test]
fn tasks_of_a_loop_that_another_thread_reset_are_dropped_on_their_own_thread() {
    alone(|| {
        let (dropped, drops) = mpsc::channel();
        let together = Arc::new(Barrier::new(2));
        let also_together = together.clone();
        let other = thread::spawn(move || {
            let guard = ReportsDrop(dropped);
            spawn_local(async move {
                let _guard = guard;
            })
            .detach();
            also_together.wait();
            also_together.wait();
            block_on(async {});
            also_together.wait();
            also_together.wait();
        });
        together.wait();
        reset_smartasync_cache();
        assert!(drops.try_recv().is_err(), "a task never leaves its thread");
        together.wait();
        together.wait();
        assert_eq!(drops.try_recv(), Ok(other.thread().id()));
        together.wait();
        other.join().unwrap();
    });
}

#[test]
fn awaiting_a_task_whose_loop_was_reset_panics_and_says_why() {
    alone(|| {
        let task = spawn_local(async { 1 });
        reset_smartasync_cache();
        let payload = catch_unwind(AssertUnwindSafe(|| block_on(task))).unwrap_err();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .map(str::to_owned)
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap();
        assert!(
            message.contains("the task was cancelled: its loop was reset"),
            "{message}"
        );
    });
}

#[test]
fn a_task_that_is_cancelled_or_detached_after_the_reset_is_no_error() {
    alone(|| {
        let (cancelled, detached) = (spawn_local(async {}), spawn_local(async {}));
        reset_smartasync_cache();
        drop(cancelled);
        detached.detach();
        assert_eq!(block_on(async { 1 }), 1);
    });
}

#[test]
fn a_destructor_of_a_task_may_use_the_loops_during_a_reset() {
    struct Busy(mpsc::Sender<usize>);
    impl Drop for Busy {
        fn drop(&mut self) {
            reset_smartasync_cache();
            let waited = block_on(async { spawn_local(async { 2 }).await });
            let _ = self.0.send(waited + cached_loops());
        }
    }
    alone(|| {
        let (sender, answer) = mpsc::channel();
        let busy = Busy(sender);
        spawn_local(async move {
            let _busy = busy;
        })
        .detach();
        reset_smartasync_cache();
        assert_eq!(answer.try_recv(), Ok(3));
    });
}

#[test]
fn a_reset_wakes_all_awaiters_when_a_waker_panics() {
    alone(|| {
        let woken = Arc::new(Count::default());
        let wakers = [
            Waker::from(Arc::new(PanicsWhenWoken)),
            Waker::from(woken.clone()),
        ];
        let _tasks = wakers.map(|waker| {
            let mut task = spawn_local(pending::<()>());
            assert!(
                Pin::new(&mut task)
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
            task
        });
        reset_smartasync_cache();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert_eq!(block_on(async { 1 }), 1);
    });
}

/// Starts a thread that waits for a task and for a future. Another thread wakes both.
fn short_lived(together: Option<Arc<Barrier>>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let (gate, in_task) = (Gate::default(), Gate::default());
        let openers = [in_task.clone(), gate.clone()];
        let other = thread::spawn(move || {
            for opener in openers {
                opener.until_awaited();
                opener.open();
            }
        });
        block_on(async {
            spawn_local(in_task).await;
            gate.await;
        });
        other.join().unwrap();
        if let Some(together) = together {
            together.wait();
        }
    })
}

#[test]
fn a_thousand_threads_one_after_the_other_share_one_slot_and_each_is_woken() {
    alone(|| {
        for _ in 0..1000 {
            short_lived(None).join().unwrap();
            assert_eq!(cached_loops(), 1);
        }
    });
}

#[test]
fn a_thousand_overlapping_threads_need_no_more_slots_than_live_at_once() {
    alone(|| {
        const AT_ONCE: usize = 20;
        for _ in 0..50 {
            // All threads have a loop at the same time.
            let together = Arc::new(Barrier::new(AT_ONCE));
            let threads: Vec<_> = (0..AT_ONCE)
                .map(|_| short_lived(Some(together.clone())))
                .collect();
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
            assert_eq!(cached_loops(), AT_ONCE);
        }
    });
}

#[test]
fn threads_that_come_while_others_go_are_woken() {
    alone(|| {
        const AT_ONCE: usize = 8;
        let mut alive = std::collections::VecDeque::new();
        for _ in 0..300 {
            if alive.len() == AT_ONCE {
                let oldest: thread::JoinHandle<()> = alive.pop_front().unwrap();
                oldest.join().unwrap();
            }
            alive.push_back(short_lived(None));
        }
        alive.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(
            (1..=AT_ONCE).contains(&cached_loops()),
            "{}",
            cached_loops()
        );
    });
}

#[test]
fn wakers_of_an_ended_thread_do_not_harm_the_thread_that_took_over_its_slot() {
    alone(|| {
        // These are the wakers of ten tasks and of a wait, on a thread that has ended.
        let old: Vec<Waker> = thread::spawn(|| {
            block_on(async {
                let mut wakers = Vec::new();
                let gates: Vec<Gate> = (0..10).map(|_| Gate::default()).collect();
                let tasks: Vec<_> = gates.iter().cloned().map(spawn_local).collect();
                poll_fn(|cx| {
                    wakers.push(cx.waker().clone());
                    if gates.iter().all(|gate| gate.is_awaited()) {
                        return Poll::Ready(());
                    }
                    cx.waker().wake_by_ref();
                    Poll::Pending
                })
                .await;
                wakers.extend(gates.iter().map(Gate::until_awaited));
                tasks.into_iter().for_each(smartasync::Task::detach);
                wakers
            })
        })
        .join()
        .unwrap();
        assert_eq!(cached_loops(), 1);
        let (gate, in_task) = (Gate::default(), Gate::default());
        let openers = [in_task.clone(), gate.clone()];
        let successor = thread::spawn(move || {
            block_on(async {
                spawn_local(in_task).await;
                gate.await;
            });
        });
        for opener in openers {
            opener.until_awaited();
            (0..100).for_each(|_| old.iter().for_each(Waker::wake_by_ref));
            assert!(!successor.is_finished());
            opener.open();
        }
        successor.join().unwrap();
        assert_eq!(cached_loops(), 1, "the slot was taken over");
    });
}

thread_local! {
    static LATE: RefCell<Option<WaitsLate>> = const { RefCell::new(None) };
}

struct WaitsLate(Arc<Barrier>);

impl Drop for WaitsLate {
    fn drop(&mut self) {
        let gate = Gate::default();
        let other = gate.open_once_awaited();
        self.0.wait();
        block_on(gate);
        other.join().unwrap();
    }
}

#[test]
fn a_thread_that_waits_while_it_ends_does_not_harm_the_thread_that_took_over_its_slot() {
    alone(|| {
        for _ in 0..100 {
            let ending = Arc::new(Barrier::new(2));
            let late = WaitsLate(ending.clone());
            let thread = thread::spawn(move || {
                LATE.set(Some(late));
                block_on(async {});
            });
            // The loop is younger than `LATE`, so it is destroyed first. Its slot is free when
            // `LATE` waits.
            let successor = short_lived(None);
            ending.wait();
            successor.join().unwrap();
            thread.join().unwrap();
        }
        assert!(cached_loops() <= 2);
    });
}

/// A value that calls its function at the end of its thread.
struct AtTheEnd(fn());

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Calls `f` at the end of a thread that has no loop, after the crate `thread_local` has forgotten
/// the number of that thread.
fn at_the_end_without_a_number(f: fn()) {
    thread_local! {
        static OLDER: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
    }
    static YOUNGER: ThreadLocal<()> = ThreadLocal::new();
    let thread = thread::spawn(move || {
        OLDER.set(Some(AtTheEnd(f)));
        YOUNGER.get_or(|| ());
    });
    thread.join().unwrap();
}

#[test]
fn threads_that_first_wait_after_they_lost_their_number_keep_no_slots() {
    alone(|| {
        for _ in 0..10 {
            at_the_end_without_a_number(|| (0..2).for_each(|_| block_on(yield_once())));
        }
        assert_eq!(cached_loops(), 0);
    });
}

#[test]
fn a_wait_that_spawns_after_its_thread_lost_its_number_is_woken() {
    alone(|| {
        at_the_end_without_a_number(|| {
            let mut woken = false;
            block_on(poll_fn(|cx| {
                if woken {
                    return Poll::Ready(());
                }
                woken = true;
                cx.waker().wake_by_ref();
                spawn_local(async {}).detach();
                Poll::Pending
            }));
        });
    });
}

#[test]
fn a_future_that_is_polled_by_hand_belongs_to_no_loop() {
    alone(|| {
        let mut polled = pin!(async { current_loop() });
        let Poll::Ready(seen) = polled
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        else {
            panic!("the future is ready")
        };
        assert_eq!((seen, cached_loops()), (None, 0));
    });
}
