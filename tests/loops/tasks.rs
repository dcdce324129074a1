//! Tasks of a thread's loop: `spawn_local` and the handle `Task`.
//!
//! Tests of tasks whose loop was reset are in `tests/loop_cache.rs`, because a reset affects the
//! whole process.

use crate::support::PanicsWhenWoken;
use crate::support::child::in_a_child;
use crate::support::count::Count;
use crate::support::gate::Gate;
use crate::support::watchdog::within;
use crate::support::{CountsDrops, PanicsWhenDropped, yield_once};
use smartasync::{Task, block_on, current_loop, is_async_context, smart, spawn_local};
use std::cell::Cell;
use std::future::pending;
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
    within(120, || {
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
    within(120, || {
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
    within(120, || {
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
fn a_detached_task_runs_on_over_several_waits() {
    within(120, || {
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
    within(120, || {
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
    within(120, || {
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
    within(120, || {
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
    within(120, || {
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
    within(120, || assert_eq!(block_on(spawn_local(tree(10))), 1024));
}

#[test]
fn ten_thousand_tasks_that_yield_all_finish() {
    within(120, || {
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
    within(120, || {
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
fn a_detached_task_does_not_keep_the_waker_of_its_former_awaiter() {
    struct Ignores;
    impl Wake for Ignores {
        fn wake(self: Arc<Self>) {}
    }
    within(120, || {
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
    within(120, || {
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
    within(120, || {
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
fn a_handle_may_be_awaited_on_another_executor() {
    within(120, || {
        let mut waiting = pin!(spawn_local(async { 6 }));
        // The task runs while this thread waits for any future. Its handle is a plain future.
        block_on(yield_once());
        assert_eq!(pollster::block_on(&mut waiting), 6);
    });
}

#[test]
fn a_waker_that_panics_when_its_task_has_finished_does_not_disturb_another_wait() {
    within(120, || {
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
        within(120, end);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    });
}
