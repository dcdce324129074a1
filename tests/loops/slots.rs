//! The slots of a loop, which hold one task after the other.

use crate::support::gate::Gate;
use crate::support::watchdog::within;
use crate::support::{CountsDrops, yield_once};
use smartasync::{Task, block_on, spawn_local};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::thread;

#[test]
fn late_wakers_of_an_ended_task_do_not_harm_the_next_task_in_its_slot() {
    within(120, || {
        let (first, old) = (Gate::default(), Gate::default());
        let awaited = old.clone();
        let task = spawn_local(awaited);
        block_on(yield_once());
        let waker = old.until_awaited();
        drop(task);
        let in_task = first.clone();
        let polls = Rc::new(Cell::new(0));
        let count = polls.clone();
        let mut in_slot = Box::pin(in_task);
        let next = spawn_local(poll_fn(move |cx| {
            count.set(count.get() + 1);
            in_slot.as_mut().poll(cx)
        }));
        let opener = first.clone();
        let other = thread::spawn(move || {
            opener.until_awaited();
            for _ in 0..1000 {
                waker.wake_by_ref();
            }
            opener.open();
            waker
        });
        block_on(next);
        let waker = other.join().unwrap();
        waker.wake();
        assert!(polls.get() >= 2);
        assert_eq!(block_on(spawn_local(async { 1 })), 1);
    });
}

#[test]
fn a_task_in_a_slot_that_a_late_waker_queued_misses_no_wake_up() {
    /// A task that keeps the waker of its first poll, and the place where it keeps it.
    fn keeps_its_waker() -> (Task<()>, Rc<RefCell<Option<Waker>>>) {
        let kept = Rc::new(RefCell::new(None));
        let keep = kept.clone();
        let task = spawn_local(poll_fn(move |cx| {
            *keep.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        }));
        (task, kept)
    }
    within(120, || {
        // In the first case, the turn of the new task comes first.
        let (task, kept) = keeps_its_waker();
        block_on(yield_once());
        drop(task);
        kept.take().unwrap().wake();
        block_on(spawn_local(yield_once()));
        // In the second case, the turn that the late waker asked for comes first.
        let (task, kept) = keeps_its_waker();
        let spawns = spawn_local(async move {
            yield_once().await;
            drop(task);
            spawn_local(yield_once()).await;
        });
        let wakes = spawn_local(async move {
            kept.take().unwrap().wake();
        });
        block_on(async {
            wakes.await;
            spawns.await;
        });
    });
}

#[test]
fn a_task_in_the_slot_of_a_task_that_never_ran_gets_its_turns() {
    within(120, || {
        // The second task gets the turn of the first one. After a turn without a task, the slot is
        // queued again for the next task.
        drop(spawn_local(pending::<()>()));
        assert_eq!(block_on(spawn_local(async { 1 })), 1);
        drop(spawn_local(pending::<()>()));
        block_on(yield_once());
        assert_eq!(block_on(spawn_local(async { 2 })), 2);
    });
}

#[test]
fn a_slot_takes_tasks_of_any_type_and_size_one_after_the_other() {
    within(120, || {
        let drops = Arc::new(AtomicUsize::new(0));
        for round in 0..5_u8 {
            let (first, second, third) = (
                CountsDrops(drops.clone()),
                CountsDrops(drops.clone()),
                CountsDrops(drops.clone()),
            );
            let small = spawn_local(async move { (first, round) });
            assert_eq!(block_on(small).1, round);
            let large = [round; 10_000];
            let sum = spawn_local(async move {
                let _guard = second;
                yield_once().await;
                large.iter().map(|&byte| u32::from(byte)).sum::<u32>()
            });
            assert_eq!(block_on(sum), u32::from(round) * 10_000);
            spawn_local(async move { third }).detach();
            block_on(yield_once());
            assert_eq!(drops.load(Ordering::Relaxed), 3 * (usize::from(round) + 1));
        }
    });
}
