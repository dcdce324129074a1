//! Tasks of a thread's loop: `spawn_local` and the handle `Task`.
//!
//! Tests of tasks whose loop was reset are in `tests/loop_cache.rs`, because a reset affects the
//! whole process.

use crate::support::PanicsWhenWoken;
use crate::support::child::in_a_child;
use crate::support::count::Count;
use crate::support::gate::Gate;
use crate::support::watchdog::within;
use crate::support::{CountsDrops, OnDrop, PanicsWhenDropped, yield_once};
use smartasync::{
    Task, allow_blocking, block_on, current_loop, is_async_context, smart, spawn_local,
};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

/// Polls once, with a waker that does nothing.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a task that is not finished once, with a waker that panics when it is woken.
fn await_with_a_panicking_waker(task: &mut Task<()>) {
    assert!(
        Pin::new(task)
            .poll(&mut Context::from_waker(&Arc::new(PanicsWhenWoken).into()))
            .is_pending()
    );
}

#[test]
fn a_task_runs_while_this_thread_waits_and_not_before() {
    within(60, || {
        let ran = Rc::new(Cell::new(0));
        let in_task = ran.clone();
        let task = spawn_local(async move {
            assert!(is_async_context());
            in_task.set(1);
            yield_once().await;
            in_task.set(2);
            current_loop()
        });
        assert_eq!(ran.get(), 0);
        assert!(current_loop().is_some(), "a task makes the loop");
        let seen = smart(task).wait();
        assert_eq!((seen, ran.get()), (current_loop(), 2));
    });
}

#[test]
fn every_kind_of_wait_runs_the_tasks() {
    within(60, || {
        for kind in 0..4 {
            let ran = Rc::new(Cell::new(false));
            let in_task = ran.clone();
            spawn_local(async move { in_task.set(true) }).detach();
            let yields = async {
                while !ran.get() {
                    yield_once().await;
                }
            };
            match kind {
                0 => block_on(yields),
                1 => smart(yields).wait(),
                2 => smart(yields).try_wait().unwrap(),
                _ => smart(yields).wait_timeout(Duration::from_secs(5)).unwrap(),
            }
        }
    });
}

#[test]
fn neither_a_task_nor_its_output_needs_to_be_send() {
    within(60, || {
        let shared = Rc::new(5);
        let in_task = shared.clone();
        let out: Rc<i32> = block_on(spawn_local(async move {
            yield_once().await;
            in_task
        }));
        assert!(Rc::ptr_eq(&out, &shared));
        drop(out);
        assert_eq!(Rc::strong_count(&shared), 1, "the future was dropped");
    });
}

#[test]
fn a_dropped_handle_cancels_the_task_and_drops_its_future() {
    within(60, || {
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
    within(60, || {
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
        within(60, || {
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
        within(60, move || {
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
    within(60, || {
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
    within(60, || {
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
fn a_detached_task_runs_on_over_several_waits() {
    within(60, || {
        let (gate, drops) = (Gate::default(), Arc::new(AtomicUsize::new(0)));
        let (in_task, output) = (gate.clone(), CountsDrops(drops.clone()));
        let done = Rc::new(Cell::new(false));
        let tell = done.clone();
        spawn_local(async move {
            in_task.await;
            tell.set(true);
            output
        })
        .detach();
        for _ in 0..5 {
            block_on(yield_once());
        }
        assert!(!done.get());
        gate.open();
        while !done.get() {
            block_on(yield_once());
        }
        assert_eq!(drops.load(Ordering::Relaxed), 1, "the output is dropped");
        // The next task finishes before it is detached.
        let output = CountsDrops(drops.clone());
        let task = spawn_local(async move { output });
        block_on(yield_once());
        task.detach();
        assert_eq!(drops.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn a_panic_resumes_with_its_payload_in_the_awaiter_of_the_task() {
    within(60, || {
        #[derive(Debug, PartialEq)]
        struct Payload(u32);
        let others = Rc::new(Cell::new(0));
        let in_task = others.clone();
        let payload = block_on(async {
            let bad = spawn_local(async {
                yield_once().await;
                resume_unwind(Box::new(Payload(9)));
            });
            let good = spawn_local(async move {
                for _ in 0..5 {
                    yield_once().await;
                    in_task.set(in_task.get() + 1);
                }
            });
            good.await;
            // The panic is kept until the task is awaited.
            let mut bad = bad;
            catch_unwind(AssertUnwindSafe(|| poll_once(&mut bad))).unwrap_err()
        });
        assert_eq!(
            (payload.downcast_ref(), others.get()),
            (Some(&Payload(9)), 5)
        );
        let thrown =
            catch_unwind(|| block_on(spawn_local(async { resume_unwind(Box::new("out")) })));
        assert_eq!(thrown.unwrap_err().downcast_ref(), Some(&"out"));
    });
}

#[test]
fn a_panic_of_a_detached_task_does_not_affect_the_loop() {
    within(60, || {
        spawn_local(async { resume_unwind(Box::new("boom")) }).detach();
        spawn_local(async { resume_unwind(Box::new(PanicsWhenDropped)) }).detach();
        spawn_local(async { PanicsWhenDropped }).detach();
        for _ in 0..3 {
            block_on(yield_once());
        }
        assert_eq!(block_on(spawn_local(async { 1 })), 1);
    });
}

#[test]
fn a_future_whose_destructor_panics_affects_only_its_awaiter() {
    struct PanicsAfterItsOutput;
    impl Future for PanicsAfterItsOutput {
        type Output = u32;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u32> {
            Poll::Ready(3)
        }
    }
    impl Drop for PanicsAfterItsOutput {
        fn drop(&mut self) {
            resume_unwind(Box::new("future"));
        }
    }
    within(60, || {
        // A detached task does not disturb the wait of another future.
        spawn_local(PanicsAfterItsOutput).detach();
        let waited = catch_unwind(|| {
            block_on(async {
                yield_once().await;
                1
            })
        });
        assert_eq!(
            waited.ok(),
            Some(1),
            "the panic of the task ended the wait of another future"
        );
        // An awaiter gets the output or the panic, and does not wait for ever.
        let task = spawn_local(PanicsAfterItsOutput);
        let awaited = catch_unwind(AssertUnwindSafe(|| {
            smart(task).wait_timeout(Duration::from_secs(5))
        }));
        assert!(!matches!(awaited, Ok(Err(_))), "the awaiter waits for ever");
    });
}

#[test]
fn a_task_is_woken_from_other_threads_while_the_loop_sleeps() {
    within(60, || {
        for _ in 0..20 {
            let gates: Vec<Gate> = (0..20).map(|_| Gate::default()).collect();
            let threads: Vec<_> = gates
                .iter()
                .cloned()
                .map(|gate| {
                    thread::spawn(move || {
                        gate.until_awaited();
                        gate.open();
                    })
                })
                .collect();
            let sum = block_on(async {
                let tasks: Vec<_> = gates
                    .into_iter()
                    .enumerate()
                    .map(|(n, gate)| {
                        spawn_local(async move {
                            gate.await;
                            n
                        })
                    })
                    .collect();
                let mut sum = 0;
                for task in tasks {
                    sum += task.await;
                }
                sum
            });
            assert_eq!(sum, 190);
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
        }
    });
}

#[test]
fn tasks_may_spawn_tasks() {
    fn tree(depth: u32) -> Pin<Box<dyn Future<Output = u32>>> {
        Box::pin(async move {
            if depth == 0 {
                return 1;
            }
            let (left, right) = (spawn_local(tree(depth - 1)), spawn_local(tree(depth - 1)));
            left.await + right.await
        })
    }
    within(60, || assert_eq!(block_on(spawn_local(tree(10))), 1024));
}

#[test]
fn a_task_may_be_cancelled_from_inside_its_own_poll() {
    within(60, || {
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
    within(60, || {
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
fn a_nested_wait_in_a_task_may_need_any_task_that_is_ready() {
    within(60, || {
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
    within(60, || {
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
    within(60, || {
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
    within(60, || {
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

#[test]
fn ten_thousand_tasks_that_yield_all_finish() {
    within(60, || {
        let sum = block_on(async {
            let tasks: Vec<_> = (0..10_000_u64)
                .map(|n| {
                    spawn_local(async move {
                        for _ in 0..3 {
                            yield_once().await;
                        }
                        n
                    })
                })
                .collect();
            let mut sum = 0;
            for task in tasks {
                sum += task.await;
            }
            sum
        });
        assert_eq!(sum, 49_995_000);
    });
}

#[test]
fn futures_and_tasks_that_wake_themselves_all_the_time_starve_nobody_else() {
    within(60, || {
        let done = Rc::new(Cell::new(false));
        let in_task = done.clone();
        spawn_local(async move {
            for _ in 0..10 {
                yield_once().await;
            }
            in_task.set(true);
        })
        .detach();
        block_on(async {
            while !done.get() {
                yield_once().await;
            }
        });
        let busy = spawn_local(async {
            loop {
                yield_once().await;
            }
        });
        let gate = Gate::default();
        let other = gate.open_once_awaited();
        block_on(gate);
        other.join().unwrap();
        // A busy task does not delay a deadline either.
        assert!(
            smart(pending::<()>())
                .wait_timeout(Duration::from_millis(5))
                .is_err()
        );
        drop::<Task<()>>(busy);
    });
}

#[test]
fn late_wakers_of_an_ended_task_do_not_harm_the_next_task_in_its_slot() {
    within(60, || {
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
    within(60, || {
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
    within(60, || {
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
    within(60, || {
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

#[test]
fn a_detached_task_does_not_keep_the_waker_of_its_former_awaiter() {
    struct Ignores;
    impl Wake for Ignores {
        fn wake(self: Arc<Self>) {}
    }
    within(60, || {
        let awaits = Arc::new(Ignores);
        let mut task = spawn_local(pending::<()>());
        assert!(
            Pin::new(&mut task)
                .poll(&mut Context::from_waker(&awaits.clone().into()))
                .is_pending()
        );
        task.detach();
        assert_eq!(Arc::strong_count(&awaits), 1);
    });
}

#[test]
fn a_task_that_panics_twice_is_one_panic_for_its_awaiter() {
    /// A future that panics when it is dropped. It also panics in its poll, or gives an output that
    /// panics when it is dropped.
    struct PanicsTwice {
        in_poll: bool,
    }
    impl Future for PanicsTwice {
        type Output = PanicsWhenDropped;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<PanicsWhenDropped> {
            if self.in_poll {
                resume_unwind(Box::new("poll"));
            }
            Poll::Ready(PanicsWhenDropped)
        }
    }
    impl Drop for PanicsTwice {
        fn drop(&mut self) {
            resume_unwind(Box::new("future"));
        }
    }
    within(60, || {
        for in_poll in [false, true] {
            let thrown = catch_unwind(|| block_on(spawn_local(PanicsTwice { in_poll })));
            assert_eq!(thrown.err().unwrap().downcast_ref(), Some(&"future"));
            spawn_local(PanicsTwice { in_poll }).detach();
            assert_eq!(block_on(spawn_local(async { 1 })), 1);
        }
    });
}

#[test]
fn the_last_waker_that_polled_the_handle_is_woken() {
    within(60, || {
        let gate = Gate::default();
        let in_task = gate.clone();
        let mut task = spawn_local(async move {
            in_task.await;
            8
        });
        assert!(poll_once(&mut task).is_pending());
        let other = gate.open_once_awaited();
        assert_eq!(block_on(&mut task), 8);
        other.join().unwrap();
        let again = catch_unwind(AssertUnwindSafe(|| poll_once(&mut task).is_ready()));
        assert!(again.is_err(), "the task has given its output");
    });
}

#[test]
fn tasks_end_with_their_thread_even_if_they_hold_each_others_handles() {
    within(60, || {
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

#[test]
fn a_handle_may_be_awaited_on_another_executor() {
    within(60, || {
        let mut waiting = pin!(spawn_local(async { 6 }));
        // The task runs while this thread waits for any future. Its handle is a plain future.
        block_on(yield_once());
        assert_eq!(pollster::block_on(&mut waiting), 6);
    });
}

#[test]
fn a_waker_that_panics_when_its_task_has_finished_does_not_disturb_another_wait() {
    within(60, || {
        let mut task = spawn_local(async {});
        await_with_a_panicking_waker(&mut task);
        assert_eq!(block_on(spawn_local(async { 1 })), 1);
        assert!(poll_once(&mut task).is_ready());
    });
}

#[test]
fn all_wakers_are_woken_at_the_end_of_a_thread_when_one_of_them_panics() {
    in_a_child(|| {
        let woken = Arc::new(Count::default());
        let count = woken.clone();
        let end = move || {
            let (mut first, mut second) =
                (spawn_local(pending::<()>()), spawn_local(pending::<()>()));
            await_with_a_panicking_waker(&mut first);
            assert!(
                Pin::new(&mut second)
                    .poll(&mut Context::from_waker(&count.into()))
                    .is_pending()
            );
            // The handles do not cancel the tasks before the loop ends.
            mem::forget((first, second));
        };
        within(60, end);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    });
}
