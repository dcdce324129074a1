//! How many jobs are active under a limit, and which threads start when jobs are blocked.

use crate::jobs::{CAP, chains_at_once, run_at_once, set_limit, start_waiting_job, with_limit};
use crate::support::chains::{async_step, sync_step};
use crate::support::child::in_a_child_with;
use crate::support::gate::Gate;
use crate::support::refused::refused;
use crate::support::watchdog::within;
use crate::support::{CountsDrops, start};
use smartasync::{TimedOut, block_on, offload, offload_stats, smart};
use std::env;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

/// Counts how many visitors are inside, and how many were inside at most.
#[derive(Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Crowd {
    fn visit(&self, inside: impl FnOnce()) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        inside();
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

#[test]
fn exactly_as_many_jobs_as_the_limit_run_at_once() {
    for limit in [1, 3] {
        with_limit(limit, move || {
            let (crowd, together) = (Arc::new(Crowd::default()), Arc::new(Barrier::new(limit)));
            let seen = crowd.clone();
            // The barrier opens only if `limit` jobs are inside together.
            run_at_once(60, move || {
                crowd.visit(|| {
                    together.wait();
                    (0..20).for_each(|_| thread::yield_now());
                    together.wait();
                });
            });
            assert_eq!(seen.most(), limit);
        });
    }
}

#[test]
fn a_raised_limit_starts_the_queued_jobs() {
    with_limit(1, || {
        let together = Arc::new(Barrier::new(5));
        let mut jobs: Vec<_> = (0..5)
            .map(|_| {
                let together = together.clone();
                offload(move || together.wait().is_leader())
            })
            .collect();
        jobs.iter_mut().for_each(start);
        set_limit(5);
        let leaders: usize = jobs.into_iter().map(|job| usize::from(block_on(job))).sum();
        assert_eq!(leaders, 1);
    });
}

#[test]
fn the_greatest_limit_means_no_limit() {
    with_limit(usize::MAX, || {
        let gates: Vec<Gate> = (0..CAP).map(|_| Gate::default()).collect();
        let mut jobs: Vec<_> = gates.iter().map(start_waiting_job).collect();
        gates.iter().for_each(|gate| drop(gate.until_awaited()));
        block_on(offload(move || gates.iter().for_each(Gate::open)));
        jobs.drain(..).for_each(|job| block_on(job));
    });
}

#[test]
fn a_lowered_limit_applies_to_the_next_jobs() {
    with_limit(4, || {
        let (started, has_started) = mpsc::channel();
        let releases: Vec<_> = (0..4)
            .map(|_| {
                let (started, (release, released)) = (started.clone(), mpsc::channel::<()>());
                let mut job = offload(move || {
                    started.send(()).unwrap();
                    let _ = released.recv();
                });
                start(&mut job);
                (job, release)
            })
            .collect();
        (0..4).for_each(|_| has_started.recv().unwrap());
        set_limit(1);
        let crowd = Arc::new(Crowd::default());
        let jobs: Vec<_> = (0..40)
            .map(|_| {
                let crowd = crowd.clone();
                let mut job =
                    offload(move || crowd.visit(|| (0..20).for_each(|_| thread::yield_now())));
                start(&mut job);
                job
            })
            .collect();
        for (job, release) in releases {
            drop(release);
            block_on(job);
        }
        jobs.into_iter().for_each(|job| block_on(job));
        assert_eq!(crowd.most(), 1);
    });
}

#[test]
fn the_environment_sets_the_first_limit_of_the_pool() {
    const VARIABLE: &str = "SMARTASYNC_OFFLOAD_THREADS";
    for limit in ["1", "3"] {
        // The pool reads the variable once, so this needs another process.
        in_a_child_with(&[(VARIABLE, limit)], || {
            let limit = env::var(VARIABLE).unwrap().parse().unwrap();
            within(120, move || {
                let (crowd, together) = (Arc::<Crowd>::default(), Arc::new(Barrier::new(limit)));
                let seen = crowd.clone();
                run_at_once(12, move || {
                    crowd.visit(|| {
                        together.wait();
                        together.wait();
                    });
                });
                assert_eq!(seen.most(), limit);
            });
        });
    }
}

#[test]
fn an_empty_variable_counts_as_unset() {
    in_a_child_with(&[("SMARTASYNC_OFFLOAD_THREADS", "")], || {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        assert_eq!(offload_stats().limit, (cores + 4).min(32));
    });
}

#[test]
fn each_use_of_the_pool_names_a_wrong_variable() {
    for value in ["many", "0", "-1", "1.5"] {
        in_a_child_with(&[("SMARTASYNC_OFFLOAD_THREADS", value)], || {
            let value = env::var("SMARTASYNC_OFFLOAD_THREADS").unwrap();
            let expected = format!(
                "the environment variable SMARTASYNC_OFFLOAD_THREADS must be a number of \
                 threads, at least 1, but is {value:?}: "
            );
            for _ in 0..2 {
                let uses: [fn(); 3] = [
                    || block_on(offload(|| ())),
                    || assert!(offload_stats().limit > 0),
                    || set_limit(1),
                ];
                for message in uses.map(|use_pool| refused(use_pool).message) {
                    assert!(message.starts_with(&expected), "{message}");
                }
            }
        });
    }
}

#[test]
fn a_dropped_job_that_was_not_started_never_runs() {
    with_limit(1, || {
        let (started, has_started) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let mut blocker = offload(move || {
            started.send(()).unwrap();
            let _ = released.recv();
        });
        start(&mut blocker);
        has_started.recv().unwrap();
        let (ran, drops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut jobs: Vec<_> = (0..10)
            .map(|_| {
                let (ran, guard) = (ran.clone(), CountsDrops(drops.clone()));
                offload(move || {
                    let _guard = &guard;
                    ran.fetch_add(1, Ordering::Relaxed)
                })
            })
            .collect();
        jobs.iter_mut().for_each(start);
        let kept = jobs.pop().unwrap();
        drop(jobs);
        assert_eq!(
            drops.load(Ordering::Relaxed),
            9,
            "the closures are dropped at once"
        );
        drop(release);
        block_on(blocker);
        // Jobs run in order, so the dropped jobs would have run before this one.
        assert_eq!(block_on(kept), 0);
        assert_eq!(ran.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_blocked_job_makes_room_for_another() {
    with_limit(1, || {
        let gates: Vec<Gate> = (0..50).map(|_| Gate::default()).collect();
        let mut jobs: Vec<_> = gates
            .iter()
            .cloned()
            .map(|gate| {
                let mut job = offload(move || smart(gate).wait());
                start(&mut job);
                job
            })
            .collect();
        // Each job gets a thread, because the jobs before it wait.
        gates.iter().for_each(|gate| drop(gate.until_awaited()));
        block_on(offload(|| ()));
        // All jobs finish once their gates are open.
        gates.iter().for_each(Gate::open);
        jobs.drain(..).for_each(|job| block_on(job));
    });
}

#[test]
fn jobs_whose_waits_time_out_count_as_active_again() {
    with_limit(1, || {
        let waited = run_at_once(50, || {
            smart(pending::<()>()).wait_timeout(Duration::from_millis(2))
        });
        assert_eq!(waited, vec![Err(TimedOut); 50]);
        let crowd = Arc::new(Crowd::default());
        let seen = crowd.clone();
        run_at_once(20, move || crowd.visit(thread::yield_now));
        assert_eq!(seen.most(), 1, "no job was counted twice");
    });
}

#[test]
fn a_chain_twenty_deep_finishes_with_a_limit_of_one() {
    with_limit(1, || {
        assert_eq!(block_on(sync_step(20)), 20);
        assert_eq!(async_step(21).wait(), 21);
    });
}

#[test]
fn a_thousand_chains_at_once_finish_with_a_limit_of_one() {
    with_limit(1, || chains_at_once(1000, 3));
}
