//! Tasks that are cancelled: by a dropped handle, from inside their own poll, or with their thread.

use crate::support::child::in_a_child;
use crate::support::watchdog::within;
use crate::support::{CountsDrops, OnDrop, yield_once};
use smartasync::{Task, block_on, smart, spawn_local};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

#[test]
fn a_dropped_handle_cancels_the_task_and_drops_its_future() {
    within(120, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let new_task = || {
            let guard = CountsDrops(drops.clone());
            spawn_local(async move {
                let _guard = guard;
                pending::<()>().await;
            })
        };
        // This task was never polled.
        drop(new_task());
        assert_eq!(drops.load(Ordering::Relaxed), 1);
        // This task was polled.
        block_on(async {
            let task = new_task();
            yield_once().await;
            drop(task);
            assert_eq!(drops.load(Ordering::Relaxed), 2);
        });
        // This task was awaited until the time was up.
        assert!(
            smart(new_task())
                .wait_timeout(Duration::from_millis(1))
                .is_err()
        );
        assert_eq!(drops.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn a_cancelled_task_does_not_run_even_if_it_was_ready() {
    within(120, || {
        block_on(async {
            let ran = Rc::new(Cell::new(false));
            let in_task = ran.clone();
            drop(spawn_local(async move { in_task.set(true) }));
            yield_once().await;
            yield_once().await;
            assert!(!ran.get());
        });
    });
}

/// Starts a chain of `length` tasks. Each task starts and awaits the next one, and holds a value
/// that `held` makes from the number of tasks after it. Returns the first task.
fn chain<H: 'static>(length: usize, held: fn(usize) -> H) -> Task<()> {
    fn link<H: 'static>(below: usize, held: fn(usize) -> H) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {
            let _held = held(below);
            match below {
                0 => pending().await,
                _ => spawn_local(link(below - 1, held)).await,
            }
        })
    }
    let head = spawn_local(link(length - 1, held));
    // Each turn of the loop starts one more task.
    block_on(async {
        for _ in 0..=length {
            yield_once().await;
        }
    });
    head
}

thread_local! {
    static LINKS_DROPPED: Cell<usize> = const { Cell::new(0) };
}

#[test]
fn a_long_chain_of_tasks_that_await_each_other_is_cancelled_as_a_whole() {
    const LENGTH: usize = 100_000;
    in_a_child(|| {
        within(120, || {
            let head = chain(LENGTH, |_| {
                OnDrop(|| LINKS_DROPPED.set(LINKS_DROPPED.get() + 1))
            });
            assert_eq!(LINKS_DROPPED.get(), 0);
            drop(head);
            assert_eq!(LINKS_DROPPED.get(), LENGTH);
            assert_eq!(block_on(spawn_local(async { 1 })), 1);
        });
    });
}

#[test]
fn all_tasks_of_a_chain_are_dropped_when_a_destructor_panics() {
    const LENGTH: usize = 200;
    for panicking in [0, 50, 150, 199] {
        within(120, move || {
            thread_local! {
            static PANICKING: Cell<usize> = const { Cell::new(0) };
                        }
            PANICKING.set(panicking);
            let head = chain(LENGTH, |below| {
                OnDrop(move || {
                    LINKS_DROPPED.set(LINKS_DROPPED.get() + 1);
                    if below == PANICKING.get() {
                        resume_unwind(Box::new(below));
                    }
                })
            });
            let thrown = catch_unwind(AssertUnwindSafe(|| drop(head)));
            assert_eq!(thrown.unwrap_err().downcast_ref(), Some(&panicking));
            assert_eq!(LINKS_DROPPED.get(), LENGTH);
            assert_eq!(block_on(spawn_local(async { 1 })), 1);
        });
    }
}

#[test]
fn a_task_that_a_destructor_cancels_is_dropped_at_once() {
    within(120, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let (guard, count) = (CountsDrops(drops.clone()), drops.clone());
        let mut inner = Some(spawn_local(async move {
            let _guard = guard;
        }));
        let outer = OnDrop(move || {
            drop(inner.take());
            assert_eq!(count.load(Ordering::Relaxed), 1);
        });
        drop(spawn_local(async move {
            let _outer = outer;
        }));
        assert_eq!(drops.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn the_output_of_a_finished_task_is_dropped_with_its_handle() {
    within(120, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let output = CountsDrops(drops.clone());
        block_on(async {
            let task = spawn_local(async move { output });
            yield_once().await;
            assert_eq!(drops.load(Ordering::Relaxed), 0);
            drop(task);
            assert_eq!(drops.load(Ordering::Relaxed), 1);
        });
    });
}

#[test]
fn a_task_may_be_cancelled_from_inside_its_own_poll() {
    within(120, || {
        let handle = Rc::new(RefCell::new(None::<Task<()>>));
        let steps = Rc::new(Cell::new(0));
        let drops = Arc::new(AtomicUsize::new(0));
        let (own_handle, in_task, guard) =
            (handle.clone(), steps.clone(), CountsDrops(drops.clone()));
        let task = spawn_local(async move {
            let _guard = guard;
            in_task.set(1);
            drop(own_handle.take());
            // The poll continues to its end.
            in_task.set(2);
            yield_once().await;
            in_task.set(3);
        });
        handle.replace(Some(task));
        block_on(async {
            yield_once().await;
            assert_eq!(
                drops.load(Ordering::Relaxed),
                1,
                "the future is dropped after that poll"
            );
            for _ in 0..3 {
                yield_once().await;
            }
        });
        assert_eq!((steps.get(), drops.load(Ordering::Relaxed)), (2, 1));
        // The slot is usable again.
        assert_eq!(block_on(spawn_local(async { 1 })), 1);
    });
}

#[test]
fn a_task_may_be_cancelled_from_inside_a_poll_that_finishes_it() {
    within(120, || {
        let handle = Rc::new(RefCell::new(None));
        let drops = Arc::new(AtomicUsize::new(0));
        let (own_handle, output) = (handle.clone(), CountsDrops(drops.clone()));
        let task = spawn_local(async move {
            drop(own_handle.take());
            output
        });
        handle.replace(Some(task));
        block_on(yield_once());
        assert_eq!(drops.load(Ordering::Relaxed), 1);
        assert_eq!(block_on(spawn_local(async { 1 })), 1);
    });
}

#[test]
fn tasks_end_with_their_thread_even_if_they_hold_each_others_handles() {
    within(120, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let in_thread = drops.clone();
        thread::spawn(move || {
            let handles = Rc::new(RefCell::new(Vec::new()));
            for _ in 0..2 {
                let (guard, held) = (CountsDrops(in_thread.clone()), handles.clone());
                let task = spawn_local(async move {
                    let _kept = (guard, held);
                    pending::<()>().await;
                });
                handles.borrow_mut().push(task);
            }
            block_on(yield_once());
        })
        .join()
        .unwrap();
        assert_eq!(drops.load(Ordering::Relaxed), 2);
    });
}
