//! Waits inside tasks. Such a wait runs the other tasks of the thread.

use crate::support::gate::Gate;
use crate::support::watchdog::within;
use crate::support::yield_once;
use smartasync::{allow_blocking, block_on, sleep, smart, spawn_local};
use std::cell::{Cell, LazyCell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

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

/// Spawns so many tasks, each of which calls `wait` as sync code. Returns when all have ended: how
/// many were inside `wait` at once.
fn most_at_once(count: usize, wait: impl Fn() + 'static) -> usize {
    let (now, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let wait = Rc::new(wait);
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let (now, most, wait) = (now.clone(), most.clone(), wait.clone());
            spawn_local(async move {
                now.set(now.get() + 1);
                most.set(most.get().max(now.get()));
                allow_blocking(|| wait());
                now.set(now.get() - 1);
            })
        })
        .collect();
    block_on(async {
        for task in tasks {
            task.await;
        }
    });
    most.get()
}

#[test]
fn tasks_that_wait_for_a_yield_nest_one_deep() {
    within(120, || {
        assert_eq!(most_at_once(10_000, || smart(yield_once()).wait()), 1);
    });
}

#[test]
fn tasks_that_wait_for_many_yields_nest_a_few_deep() {
    within(120, || {
        let wait = || {
            block_on(async {
                for _ in 0..1_000 {
                    yield_once().await;
                }
            });
        };
        // The sum of 4 + 16 + 64 + 256 turns is less than 1,000.
        let most = most_at_once(1_000, wait);
        assert!((2..=6).contains(&most), "{most}");
    });
}

#[test]
fn tasks_that_wait_for_a_timer_nest_64_deep() {
    within(120, || {
        let wait = || sleep(Duration::from_millis(1)).wait();
        let most = most_at_once(2_000, wait);
        assert!((2..=64).contains(&most), "{most}");
    });
}

#[test]
fn tasks_that_wait_for_another_thread_nest_64_deep() {
    within(120, || {
        let wait = || {
            let gate = Gate::default();
            let other = gate.open_once_awaited();
            block_on(gate);
            other.join().unwrap();
        };
        let most = most_at_once(500, wait);
        assert!(most <= 64, "{most}");
    });
}

#[test]
fn a_wait_that_is_too_deep_runs_the_task_that_it_needs_after_a_while() {
    within(120, || {
        // Each task waits for the last one. The last but one wakes itself meanwhile.
        let gates: Rc<Vec<Gate>> = Rc::new((0..69).map(|_| Gate::default()).collect());
        let is_over = Rc::new(Cell::new(false));
        let tasks: Vec<_> = (0..71)
            .map(|n| {
                let (gates, is_over) = (gates.clone(), is_over.clone());
                let spin = async move |is_over: &Cell<bool>| {
                    while !is_over.get() {
                        yield_once().await;
                    }
                };
                spawn_local(async move {
                    match (n, gates.get(n)) {
                        (_, Some(gate)) => allow_blocking(|| block_on(gate.clone())),
                        (69, _) => allow_blocking(|| block_on(spin(&is_over))),
                        _ => {
                            is_over.set(true);
                            gates.iter().for_each(Gate::open);
                        }
                    }
                })
            })
            .collect();
        block_on(async {
            for task in tasks {
                task.await;
            }
        });
    });
}

#[test]
fn a_nested_wait_that_wakes_itself_starves_no_task() {
    within(120, || {
        let done = Rc::new(Cell::new(false));
        let seen = done.clone();
        let waiting = spawn_local(async move {
            allow_blocking(|| {
                block_on(async {
                    while !seen.get() {
                        yield_once().await;
                    }
                });
            });
        });
        let setting = spawn_local(async move { done.set(true) });
        block_on(async {
            waiting.await;
            setting.await;
        });
    });
}

#[test]
fn tasks_may_share_a_lazy_value_that_waits_for_a_yield() {
    within(120, || {
        let lazy = Rc::new(LazyCell::new(|| {
            allow_blocking(|| smart(yield_once()).wait());
            7
        }));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let lazy = lazy.clone();
                spawn_local(async move { **lazy })
            })
            .collect();
        let sum = block_on(async {
            let mut sum = 0;
            for task in tasks {
                sum += task.await;
            }
            sum
        });
        assert_eq!(sum, 700);
    });
}
