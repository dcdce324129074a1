//! Waits inside tasks. Such a wait runs the other tasks of the thread.

use crate::support::gate::Gate;
use crate::support::watchdog::within;
use crate::support::yield_once;
use smartasync::{allow_blocking, block_on, spawn_local};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

#[test]
fn a_nested_wait_in_a_task_may_need_any_task_that_is_ready() {
    within(120, || {
        // The tasks are spawned before, after and during the task that waits for them.
        let before = Rc::new(RefCell::new(Some(spawn_local(async { 1 }))));
        let after = Rc::new(RefCell::new(None));
        let (needed_before, needed_after) = (before.clone(), after.clone());
        let waiting = spawn_local(async move {
            let during = spawn_local(async { 4 });
            allow_blocking(|| {
                block_on(async {
                    during.await
                        + needed_after.take().unwrap().await
                        + needed_before.take().unwrap().await
                })
            })
        });
        after.replace(Some(spawn_local(async {
            yield_once().await;
            2
        })));
        assert_eq!(block_on(waiting), 7);
    });
}

#[test]
fn nested_waits_in_tasks_may_need_each_others_wake_ups() {
    within(120, || {
        // Each of the first three tasks blocks in a nested wait. The last task, which runs inside
        // all of these waits, opens their gates.
        let gates: Rc<Vec<Gate>> = Rc::new((0..4).map(|_| Gate::default()).collect());
        let order = Rc::new(RefCell::new(Vec::new()));
        let tasks: Vec<_> = (0..4)
            .map(|n| {
                let (gates, order) = (gates.clone(), order.clone());
                spawn_local(async move {
                    if n < 3 {
                        allow_blocking(|| block_on(gates[n].clone()));
                    } else {
                        gates.iter().for_each(Gate::open);
                    }
                    order.borrow_mut().push(n);
                })
            })
            .collect();
        block_on(async {
            for task in tasks {
                task.await;
            }
        });
        assert_eq!(*order.borrow(), [3, 2, 1, 0]);
    });
}

#[test]
fn a_task_that_is_woken_while_its_poll_waits_gets_another_poll() {
    within(120, || {
        let waker = Rc::new(RefCell::new(None::<Waker>));
        let polls = Rc::new(Cell::new(0));
        let (own_waker, in_task) = (waker.clone(), polls.clone());
        let woken = spawn_local(poll_fn(move |cx| {
            in_task.set(in_task.get() + 1);
            if in_task.get() == 2 {
                return Poll::Ready(());
            }
            own_waker.replace(Some(cx.waker().clone()));
            // The nested wait runs the task that wakes this one, while this one is queued.
            allow_blocking(|| {
                block_on(async {
                    for _ in 0..5 {
                        yield_once().await;
                    }
                });
            });
            Poll::Pending
        }));
        let waking = spawn_local(async move { waker.take().unwrap().wake() });
        block_on(async {
            woken.await;
            waking.await;
        });
        assert_eq!(polls.get(), 2);
    });
}

#[test]
fn a_nested_wait_in_a_task_is_woken_by_a_task_that_another_thread_wakes() {
    within(120, || {
        for _ in 0..100 {
            let (from_thread, from_task) = (Gate::default(), Gate::default());
            let other = from_thread.open_once_awaited();
            let (to_open, opened) = (from_task.clone(), from_task);
            let helper = spawn_local(async move {
                from_thread.await;
                to_open.open();
            });
            let blocked = spawn_local(async move { allow_blocking(|| block_on(opened)) });
            block_on(async {
                blocked.await;
                helper.await;
            });
            other.join().unwrap();
        }
    });
}
