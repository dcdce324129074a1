//! What the tasks of a thread's loop allocate.

use crate::support::watchdog::within;
use crate::support::yield_once;
use allocation_counter::measure;
use smartasync::{Task, block_on, spawn_local};
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;

#[test]
fn tasks_that_are_cancelled_before_their_first_turn_hold_no_memory() {
    within(120, || {
        let spawn_and_cancel = || (0..10_000).for_each(|_| drop(spawn_local(pending::<()>())));
        // A few tasks make room in the queue.
        (0..4).map(|_| spawn_local(pending::<()>())).for_each(drop);
        let allocated = measure(spawn_and_cancel);
        assert_eq!(allocated.count_current, 0, "{allocated:?}");
        let polls = Rc::new(Cell::new(0));
        let count = polls.clone();
        spawn_local(poll_fn(move |_| {
            count.set(count.get() + 1);
            Poll::<()>::Pending
        }))
        .detach();
        block_on(yield_once());
        assert_eq!(polls.get(), 1);
    });
}

#[test]
fn a_small_task_in_the_slot_of_a_task_of_its_type_allocates_nothing() {
    fn spawn<const SIZE: usize>() -> Task<u8> {
        let bytes = [1; SIZE];
        spawn_local(async move {
            yield_once().await;
            bytes[0]
        })
    }
    within(120, || {
        let small = || assert_eq!(block_on(spawn::<8>()), 1);
        let large = || assert_eq!(block_on(spawn::<1000>()), 1);
        // The first task makes the slot and the room in the queues.
        small();
        assert_eq!(measure(small).count_total, 0);
        let info = measure(large);
        assert_eq!(
            (info.count_total, info.count_current),
            (1, -1),
            "the small box goes, and a large one does not stay"
        );
        assert_eq!(measure(small).count_total, 1);
        let detached = || {
            spawn::<8>().detach();
            (0..3).for_each(|_| block_on(yield_once()));
        };
        assert_eq!(measure(detached).count_total, 0);
    });
}

#[test]
fn a_burst_of_small_tasks_after_one_of_its_size_allocates_nothing() {
    const TASKS: usize = 100_000;
    within(120, || {
        let mut tasks = Vec::with_capacity(TASKS);
        let mut burst = || {
            block_on(async {
                tasks.extend((0..TASKS).map(|number| {
                    spawn_local(async move {
                        yield_once().await;
                        number
                    })
                }));
                for (number, task) in tasks.drain(..).enumerate() {
                    assert_eq!(task.await, number);
                }
            });
        };
        burst();
        assert_eq!(measure(burst).count_total, 0);
    });
}

#[test]
fn a_large_burst_of_tasks_leaves_nothing() {
    // One more than a loop keeps.
    const TASKS: u32 = (1 << 17) + 1;
    within(120, || {
        let ended = Rc::new(Cell::new(0));
        let burst = || -> Vec<_> {
            let task = |ended: Rc<Cell<u32>>| async move {
                yield_once().await;
                ended.set(ended.get() + 1);
            };
            (0..TASKS)
                .map(|_| spawn_local(task(ended.clone())))
                .collect()
        };
        let cancelled = || drop(burst());
        let detached = || {
            burst().into_iter().for_each(Task::detach);
            while ended.get() < TASKS {
                block_on(yield_once());
            }
        };
        let awaited = || {
            block_on(async {
                for task in burst() {
                    task.await;
                }
            });
        };
        block_on(yield_once());
        for work in [&cancelled as &dyn Fn(), &detached, &awaited] {
            let allocated = measure(work);
            // The loop itself stays.
            assert!(allocated.bytes_current < 1_000, "{allocated:?}");
        }
        // The loop is as good as new.
        assert_eq!(block_on(spawn_local(async { 1 })), 1);
    });
}
