//! Which thread serves a timer: none under a loop of this crate, and elsewhere one for all of them.
//!
//! These tests look at the threads of their process, so each runs in a process of its own.

use crate::support::child::{in_a_child, in_a_child_with};
use crate::support::poll;
use crate::support::watchdog::within;
use smartasync::{TimedOut, allow_blocking, block_on, offload, sleep, smart, spawn_local};
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use std::{fs, thread};

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(600);

/// How many threads of this process serve timers. (Linux shows fifteen bytes of a name.)
fn servers() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names
        .filter(|name| name.trim_end() == "smartasync-time")
        .count()
}

#[test]
fn no_thread_serves_the_timers_of_waits_and_loops() {
    in_a_child(|| {
        within(120, || {
            sleep(SHORT).wait();
            sleep(SHORT).wait_with(thread::yield_now);
            block_on(sleep(SHORT));
            block_on(async {
                spawn_local(sleep(SHORT)).await;
                // The task comes back to its timer after another task has had a turn inside it.
                spawn_local(async {
                    allow_blocking(|| block_on(spawn_local(sleep(SHORT))));
                    sleep(SHORT).await;
                })
                .await;
                sleep(SHORT).await;
            });
            let never = || smart(pending::<()>());
            assert_eq!(never().timeout(SHORT).wait(), Err(TimedOut));
            assert_eq!(block_on(never().timeout(SHORT)), Err(TimedOut));
            block_on(offload(|| block_on(sleep(SHORT))));
            assert_eq!(servers(), 0);
        });
    });
}

#[test]
fn a_call_that_is_ready_needs_no_timer() {
    in_a_child(|| {
        let ready = smart(async { 1 }).timeout(LONG);
        assert_eq!(pollster::block_on(ready), Ok(1));
        assert!(poll(&mut Box::pin(sleep(Duration::MAX))).is_pending());
        drop(sleep(LONG));
        assert_eq!(servers(), 0);
    });
}

#[test]
fn one_thread_serves_all_others_and_goes_a_second_after_the_last() {
    in_a_child(|| {
        within(120, || {
            let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(sleep(LONG))).collect();
            for call in &mut waiting {
                assert!(poll(call).is_pending());
            }
            let threads = [(); 4].map(|()| {
                thread::spawn(|| {
                    pollster::block_on(sleep(SHORT));
                    let tokio = tokio::runtime::Builder::new_multi_thread()
                        .worker_threads(1)
                        .build()
                        .unwrap();
                    tokio.block_on(async { tokio::spawn(sleep(SHORT)).await.unwrap() });
                })
            });
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(servers(), 1);
            thread::sleep(Duration::from_millis(1500));
            assert_eq!(servers(), 1, "there are timers");
            let begin = Instant::now();
            drop(waiting);
            while servers() > 0 {
                thread::sleep(SHORT);
            }
            assert!(begin.elapsed() >= Duration::from_millis(1000));
            pollster::block_on(sleep(SHORT));
            assert_eq!(servers(), 1, "it has started again");
        });
    });
}

#[test]
fn a_pool_thread_that_sleeps_gives_its_place() {
    in_a_child_with(&[("SMARTASYNC_OFFLOAD_THREADS", "1")], || {
        within(120, || {
            let (sender, receiver) = channel();
            let ran = sender.clone();
            let mut sleeps = offload(move || {
                sender.send("begins").unwrap();
                sleep(Duration::from_secs(2)).wait();
                sender.send("has slept").unwrap();
            });
            crate::support::start(&mut sleeps);
            assert_eq!(receiver.recv(), Ok("begins"));
            block_on(offload(move || ran.send("ran").unwrap()));
            block_on(sleeps);
            assert_eq!(receiver.iter().collect::<Vec<_>>(), ["ran", "has slept"]);
        });
    });
}

/// In the child, the stacks of threads do not fit into memory.
const NO_THREADS: [(&str, &str); 2] = [
    ("RUST_MIN_STACK", "1152921504606846976"),
    ("RUST_TEST_THREADS", "1"),
];

#[test]
fn without_a_thread_the_await_panics_with_a_sentence_and_a_wait_does_not() {
    in_a_child_with(&NO_THREADS, || {
        assert!(thread::Builder::new().spawn(|| ()).is_err());
        for _ in 0..2 {
            let line = line!() + 1;
            let mut call = Box::pin(sleep(SHORT));
            let payload = catch_unwind(AssertUnwindSafe(|| poll(&mut call))).unwrap_err();
            let sentence = payload.downcast_ref::<String>().unwrap();
            assert!(sentence.contains("the system refuses to start one"));
            assert!(
                sentence.contains(&format!("{}:{line}:", file!())),
                "{sentence}"
            );
        }
        let line = line!() + 1;
        let mut call = Box::pin(smart(pending::<()>()).timeout(SHORT));
        let payload = catch_unwind(AssertUnwindSafe(|| poll(&mut call))).unwrap_err();
        let sentence = payload.downcast_ref::<String>().unwrap();
        assert!(
            sentence.contains(&format!("{}:{line}:", file!())),
            "{sentence}"
        );

        sleep(SHORT).wait();
        block_on(async {
            sleep(SHORT).await;
            spawn_local(sleep(SHORT)).await;
        });
        assert_eq!(smart(async { 1 }).timeout(LONG).wait(), Ok(1));
    });
}
