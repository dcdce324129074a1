//! The numbers of the pool, and the names of its threads.

use crate::jobs::{is_pool_thread, set_limit, start_active_job, start_waiting_job, with_limit};
use crate::support::gate::Gate;
use crate::support::{poll, start};
use smartasync::{OffloadStats, block_on, offload, offload_stats, wait_for_offloads};
use std::fs;
use std::thread;
use std::time::Duration;

/// Blocks until the numbers of the pool are as wanted. They change a moment after a job has ended.
fn until(is_wanted: impl Fn(&OffloadStats) -> bool) -> OffloadStats {
    loop {
        let stats = offload_stats();
        assert_eq!(stats.active + stats.blocked + stats.idle, stats.threads);
        if is_wanted(&stats) {
            return stats;
        }
        thread::yield_now();
    }
}

#[test]
fn the_numbers_say_what_the_pool_does() {
    with_limit(2, || {
        until(|stats| (stats.queued, stats.active, stats.blocked) == (0, 0, 0));
        let active = [start_active_job(), start_active_job()];
        let mut queued: Vec<_> = (0..5).map(|n| offload(move || n)).collect();
        queued.iter_mut().for_each(start);
        let stats = offload_stats();
        assert_eq!(
            (stats.queued, stats.active, stats.blocked, stats.limit),
            (5, 2, 0, 2)
        );
        drop(queued.pop());
        assert_eq!(offload_stats().queued, 4);
        set_limit(7);
        assert_eq!(offload_stats().limit, 7);
        for (job, release) in active {
            drop(release);
            block_on(job);
        }
        let sum: i32 = queued.into_iter().map(|job| block_on(job)).sum();
        assert_eq!(sum, 6);
        let gates: Vec<_> = (0..3).map(|_| Gate::default()).collect();
        let waiting: Vec<_> = gates.iter().map(start_waiting_job).collect();
        until(|stats| (stats.queued, stats.active, stats.blocked) == (0, 0, 3));
        gates.iter().for_each(Gate::open);
        waiting.into_iter().for_each(|job| block_on(job));
        let idle = until(|stats| (stats.active, stats.blocked) == (0, 0));
        assert_eq!((idle.queued, idle.threads), (0, idle.idle));
    });
}

#[test]
fn a_job_sees_itself_as_active() {
    with_limit(3, || {
        until(|stats| stats.active == 0);
        let inside = block_on(offload(offload_stats));
        assert_eq!((inside.queued, inside.active, inside.blocked), (0, 1, 0));
    });
}

#[test]
fn each_thread_has_a_name_with_a_number() {
    with_limit(1, || {
        let name = block_on(offload(|| thread::current().name().map(str::to_owned)));
        assert!(name.as_deref().is_some_and(is_pool_thread), "{name:?}");
        let text = format!("{:?}", offload_stats());
        assert!(text.starts_with("OffloadStats { queued: 0, "), "{text}");
        assert_eq!(OffloadStats::default().limit, 0);
        if cfg!(target_os = "linux") {
            // Linux keeps fifteen bytes of a name.
            let seen = block_on(offload(|| fs::read_to_string("/proc/thread-self/comm")));
            assert!(is_pool_thread(seen.unwrap().trim_end()));
        }
    });
}

const SHORT: Duration = Duration::from_millis(1);

#[test]
fn a_pool_without_jobs_is_quiet_at_once() {
    with_limit(1, || {
        assert!(wait_for_offloads(Duration::MAX).wait());
        assert!(wait_for_offloads(Duration::ZERO).wait());
        assert!(block_on(wait_for_offloads(Duration::ZERO)));
        assert!(pollster::block_on(wait_for_offloads(Duration::ZERO)));
    });
}

#[test]
fn whoever_waits_for_the_end_of_all_jobs_waits_for_each_that_runs_waits_or_is_queued() {
    with_limit(1, || {
        let gate = Gate::default();
        let waiting = start_waiting_job(&gate);
        until(|stats| stats.blocked == 1);
        let (active, release) = start_active_job();
        let mut queued = offload(|| ());
        start(&mut queued);
        let is_busy = || {
            assert!(!wait_for_offloads(SHORT).wait());
            assert!(!block_on(wait_for_offloads(SHORT)));
            assert!(!pollster::block_on(wait_for_offloads(SHORT)));
        };
        is_busy();
        drop(release);
        block_on(active);
        block_on(queued);
        is_busy();
        let waits = [
            thread::spawn(|| wait_for_offloads(Duration::MAX).wait()),
            thread::spawn(|| block_on(wait_for_offloads(Duration::MAX))),
            thread::spawn(|| pollster::block_on(wait_for_offloads(Duration::MAX))),
        ];
        gate.open();
        for wait in waits {
            assert!(wait.join().unwrap());
        }
        block_on(waiting);
    });
}

#[test]
fn a_job_that_waits_for_the_end_of_all_jobs_waits_for_the_others_only() {
    with_limit(2, || {
        assert!(block_on(
            offload(|| wait_for_offloads(Duration::MAX).wait())
        ));
        let (active, release) = start_active_job();
        let busy = block_on(offload(|| {
            // A job that came meanwhile counts too.
            drop(offload(|| ()));
            (
                wait_for_offloads(SHORT).wait(),
                block_on(wait_for_offloads(SHORT)),
            )
        }));
        assert_eq!(busy, (false, false));
        let end = thread::spawn(|| block_on(offload(|| wait_for_offloads(Duration::MAX).wait())));
        drop(release);
        assert!(end.join().unwrap());
        block_on(active);
    });
}

#[test]
fn a_dropped_job_and_a_dropped_wait_leave_nothing() {
    with_limit(1, || {
        let (active, release) = start_active_job();
        let mut queued = offload(|| ());
        start(&mut queued);
        for _ in 0..1_000 {
            assert!(poll(&mut Box::pin(wait_for_offloads(Duration::MAX))).is_pending());
        }
        drop((queued, release));
        assert!(wait_for_offloads(Duration::MAX).wait());
        block_on(active);
    });
}
