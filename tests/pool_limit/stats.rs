//! The numbers of the pool, and the names of its threads.

use crate::jobs::{is_pool_thread, set_limit, start_active_job, start_waiting_job, with_limit};
use crate::support::gate::Gate;
use crate::support::start;
use smartasync::{OffloadStats, block_on, offload, offload_stats};
use std::fs;
use std::thread;

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
