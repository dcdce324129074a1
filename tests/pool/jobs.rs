//! The offload pool with its default limit: results, panics, wakers, and chains of sync and async
//! functions.

use crate::support::chains::{async_step, sum_of_chains, sync_step};
use crate::support::watchdog::within;
use crate::support::{CountsDrops, PanicsWhenDropped, yield_once};
use smartasync::{Offload, block_on, offload, smart, smart_fn, smart_sync, spawn_local};
use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

fn poll_with<T>(job: &mut Offload<T>, waker: &Waker) -> Poll<T> {
    Pin::new(job).poll(&mut Context::from_waker(waker))
}

smart_fn!(
    fn thread_of_sync() -> ThreadId {
        thread::current().id()
    }

    fn join_words(first: &str, rest: &[String], mut last: String) -> String {
        last.insert_str(0, &format!("{first} {} ", rest.join(" ")));
        last
    }

    fn receive(from: Arc<Mutex<mpsc::Receiver<u32>>>) -> u32 {
        from.lock().unwrap().recv().unwrap()
    }
);

#[test]
fn the_job_runs_on_another_thread_and_its_result_comes_back() {
    within(120, || {
        let here = thread::current().id();
        let (there, text) = block_on(offload(|| (thread::current().id(), String::from("result"))));
        assert_ne!(there, here);
        assert_eq!(text, "result");
        assert_ne!(block_on(thread_of_sync()), here);
        assert_ne!(block_on(smart_sync(|| thread::current().id())), here);
        assert_eq!(
            thread_of_sync().wait(),
            here,
            "`.wait()` needs no other thread"
        );
    });
}

#[test]
fn arguments_travel_by_value() {
    within(120, || {
        let words = vec![String::from("b"), String::from("c")];
        let call = join_words("a", &words, String::from("d"));
        assert_eq!(block_on(call), "a b c d");
        assert_eq!(words.len(), 2);
    });
}

#[test]
fn jobs_work_on_every_executor() {
    within(120, || {
        let current = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let multi = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        assert_eq!(current.block_on(sync_step(6)), 6);
        assert_eq!(
            multi.block_on(async { tokio::spawn(offload(|| 7)).await.unwrap() }),
            7
        );
        assert_eq!(
            smol::block_on(async { smol::spawn(async_step(6)).await }),
            6
        );
        assert_eq!(pollster::block_on(offload(|| 8)), 8);
    });
}

#[test]
fn nothing_runs_before_the_first_poll() {
    within(120, || {
        let drops = Arc::new(AtomicUsize::new(0));
        let guard = CountsDrops(drops.clone());
        drop(offload(move || {
            let _guard = &guard;
            unreachable!("the future was never polled");
        }));
        assert_eq!(
            drops.load(Ordering::Relaxed),
            1,
            "the closure is dropped at once"
        );
    });
}

#[test]
fn a_panic_resumes_in_the_awaiter_with_its_payload() {
    within(120, || {
        #[derive(Debug, PartialEq)]
        struct Payload(Vec<u8>);
        let caught = |call: &dyn Fn()| -> Box<dyn Any + Send> {
            catch_unwind(AssertUnwindSafe(call)).unwrap_err()
        };
        let payload =
            caught(&|| block_on(offload(|| resume_unwind(Box::new(Payload(vec![1, 2]))))));
        assert_eq!(payload.downcast_ref(), Some(&Payload(vec![1, 2])));
        let payload = caught(&|| block_on(smart_sync(|| resume_unwind(Box::new("text")))));
        assert_eq!(payload.downcast_ref(), Some(&"text"));
        // The panic passes through two jobs.
        let payload = caught(&|| {
            block_on(offload(|| {
                smart(offload(|| resume_unwind(Box::new(3_u8)))).wait()
            }))
        });
        assert_eq!(payload.downcast_ref(), Some(&3_u8));
        assert_eq!(block_on(offload(|| 1)), 1);
    });
}

#[test]
fn a_job_that_gave_its_result_panics_when_it_is_polled_again() {
    within(120, || {
        let mut job = offload(|| 1);
        assert_eq!(block_on(&mut job), 1);
        assert!(
            catch_unwind(AssertUnwindSafe(
                || poll_with(&mut job, Waker::noop()).is_ready()
            ))
            .is_err()
        );
    });
}

#[test]
fn the_future_of_a_running_job_may_move_to_another_thread_and_waker() {
    within(120, || {
        let (release, released) = mpsc::channel();
        let mut job = offload(move || released.recv().unwrap());
        assert!(poll_with(&mut job, Waker::noop()).is_pending());
        let awaiting = thread::spawn(move || {
            assert!(poll_with(&mut job, Waker::noop()).is_pending());
            release.send(5).unwrap();
            block_on(job)
        });
        assert_eq!(awaiting.join().unwrap(), 5);
    });
}

#[test]
fn an_awaited_sync_function_does_not_block_the_executor_s_thread() {
    // The function waits for a number that another task of the same single-threaded executor sends.
    fn pair() -> (mpsc::Sender<u32>, Arc<Mutex<mpsc::Receiver<u32>>>) {
        let (sender, receiver) = mpsc::channel();
        (sender, Arc::new(Mutex::new(receiver)))
    }
    within(120, || {
        let (sender, receiver) = pair();
        let progress = Rc::new(Cell::new(0));
        let in_task = progress.clone();
        let received = block_on(async {
            let receiving = spawn_local(receive(receiver));
            let sending = spawn_local(async move {
                for step in 1..=10 {
                    yield_once().await;
                    in_task.set(step);
                }
                sender.send(4).unwrap();
            });
            sending.await;
            receiving.await
        });
        assert_eq!((received, progress.get()), (4, 10));

        let (sender, receiver) = pair();
        let tokio = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let received = tokio.block_on(async {
            let receiving = tokio::spawn(receive(receiver));
            tokio::task::yield_now().await;
            tokio::spawn(async move { sender.send(5).unwrap() })
                .await
                .unwrap();
            receiving.await.unwrap()
        });
        assert_eq!(received, 5);

        let (sender, receiver) = pair();
        let local = smol::LocalExecutor::new();
        let received = smol::block_on(local.run(async {
            let receiving = local.spawn(receive(receiver));
            smol::future::yield_now().await;
            local.spawn(async move { sender.send(6).unwrap() }).await;
            receiving.await
        }));
        assert_eq!(received, 6);
    });
}

#[test]
fn a_chain_of_sync_and_async_functions_twenty_deep_finishes() {
    within(120, || {
        assert_eq!(block_on(sync_step(20)), 20);
        assert_eq!(block_on(async_step(20)), 20);
        assert_eq!(sync_step(21).wait(), 21);
        assert_eq!(async_step(21).wait(), 21);
    });
}

#[test]
fn a_thousand_chains_at_once_finish_on_one_single_threaded_executor() {
    within(120, || {
        assert_eq!(sum_of_chains(1000, 3), 3000);
    });
}

#[test]
fn chains_that_start_on_many_executors_at_once_finish() {
    within(120, || {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                thread::spawn(move || {
                    let executor = tokio::runtime::Builder::new_current_thread()
                        .build()
                        .unwrap();
                    (0..20)
                        .map(|_| {
                            if n % 2 == 0 {
                                executor.block_on(sync_step(8))
                            } else {
                                smol::block_on(async_step(8))
                            }
                        })
                        .sum::<u32>()
                })
            })
            .collect();
        assert_eq!(
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum::<u32>(),
            8 * 20 * 8
        );
    });
}

#[test]
fn results_and_payloads_that_panic_when_dropped_do_not_affect_the_pool() {
    within(120, || {
        for round in 0..50 {
            let (started, has_started) = mpsc::channel();
            let (release, released) = mpsc::channel::<()>();
            let (ended, has_ended) = mpsc::channel::<()>();
            let mut job = offload(move || {
                // This is dropped when the job has ended, with or without a panic.
                let _ended = ended;
                started.send(()).unwrap();
                let _ = released.recv();
                if round % 2 == 0 {
                    PanicsWhenDropped
                } else {
                    resume_unwind(Box::new(PanicsWhenDropped))
                }
            });
            assert!(poll_with(&mut job, Waker::noop()).is_pending());
            has_started.recv().unwrap();
            drop(job);
            drop(release);
            assert!(has_ended.recv().is_err());
        }
        assert_eq!(block_on(sync_step(4)), 4);
    });
}

#[test]
fn a_waker_that_panics_does_not_affect_the_pool_and_the_result_is_kept() {
    struct Panics(mpsc::Sender<()>);
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            let _ = self.0.send(());
            resume_unwind(Box::new(PanicsWhenDropped));
        }
    }
    within(120, || {
        for _ in 0..50 {
            let (woke, has_woken) = mpsc::channel();
            let (release, released) = mpsc::channel::<()>();
            let mut job = offload(move || {
                let _ = released.recv();
                3
            });
            assert!(poll_with(&mut job, &Waker::from(Arc::new(Panics(woke)))).is_pending());
            drop(release);
            has_woken.recv().unwrap();
            // The waker was called, so the result is there.
            assert_eq!(poll_with(&mut job, Waker::noop()), Poll::Ready(3));
        }
        assert_eq!(block_on(sync_step(4)), 4);
    });
}

#[test]
fn a_waker_may_use_the_pool_and_the_future_from_inside_wake() {
    // This would deadlock if the pool called a waker while it holds a lock.
    struct Polls(Mutex<Option<Offload<u32>>>, mpsc::Sender<u32>);
    impl Wake for Polls {
        fn wake(self: Arc<Self>) {
            let Some(mut job) = self.0.lock().unwrap().take() else {
                return;
            };
            if let Poll::Ready(result) = poll_with(&mut job, Waker::noop()) {
                let _ = self.1.send(result + smart(offload(|| 10)).wait());
            }
        }
    }
    within(120, || {
        let (sender, results) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let polls = Arc::new(Polls(Mutex::new(None), sender));
        let mut job = offload(move || {
            let _ = released.recv();
            3
        });
        assert!(poll_with(&mut job, &Waker::from(polls.clone())).is_pending());
        polls.0.lock().unwrap().replace(job);
        drop(release);
        assert_eq!(results.recv(), Ok(13));
    });
}
