//! The threads of the pool survive panics, are used again, and retire after a while.

#[cfg(target_os = "linux")]
use crate::jobs::{pool_threads, until_all_have_retired};
use crate::jobs::{run_at_once, set_limit, with_limit};
use crate::support::chains::sync_step;
use crate::support::{PanicsWhenDropped, start};
use smartasync::{block_on, offload};
use std::collections::HashSet;
use std::panic::{catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

#[test]
fn results_and_payloads_that_panic_when_dropped_end_no_thread() {
    with_limit(1, || {
        for round in 0..50 {
            let (started, has_started) = mpsc::channel();
            let (release, released) = mpsc::channel::<()>();
            let mut job = offload(move || {
                started.send(()).unwrap();
                let _ = released.recv();
                if round % 2 == 0 {
                    PanicsWhenDropped
                } else {
                    resume_unwind(Box::new(PanicsWhenDropped))
                }
            });
            start(&mut job);
            has_started.recv().unwrap();
            drop(job);
            drop(release);
            // A thread that ended in a panic would still count as active.
            assert_eq!(block_on(offload(move || round)), round);
        }
    });
}

#[test]
fn panicking_wakers_end_no_thread() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            resume_unwind(Box::new(PanicsWhenDropped));
        }
    }
    with_limit(1, || {
        for round in 0..50 {
            let mut job = offload(|| 1);
            let polled =
                Pin::new(&mut job).poll(&mut Context::from_waker(&Waker::from(Arc::new(Panics))));
            assert!(polled.is_pending() || polled == Poll::Ready(1));
            assert_eq!(block_on(offload(move || round)), round);
        }
    });
}

#[test]
fn panicking_jobs_end_no_thread() {
    with_limit(1, || {
        for round in 0..50 {
            let payload =
                catch_unwind(|| block_on(offload(move || resume_unwind(Box::new(round)))))
                    .unwrap_err();
            assert_eq!(payload.downcast_ref(), Some(&round));
        }
        assert_eq!(block_on(sync_step(4)), 4);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn an_idle_thread_is_used_again_and_retires_after_a_while() {
    with_limit(1, || {
        until_all_have_retired();
        let used: HashSet<ThreadId> = (0..100)
            .map(|_| block_on(offload(|| thread::current().id())))
            .collect();
        assert_eq!((used.len(), pool_threads()), (1, 1));
        until_all_have_retired();
        // Retired threads do not count, so as many threads as before can start.
        set_limit(8);
        let together = Arc::new(Barrier::new(8));
        let new: HashSet<ThreadId> = run_at_once(8, move || {
            together.wait();
            thread::current().id()
        })
        .into_iter()
        .collect();
        assert_eq!(new.len(), 8);
        assert!(new.is_disjoint(&used));
        until_all_have_retired();
        assert_eq!(block_on(sync_step(4)), 4);
    });
}
