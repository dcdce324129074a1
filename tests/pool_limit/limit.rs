//! How many jobs are active under a limit, which threads start when jobs are blocked, the maximum
//! number of threads (the cap), and when threads retire.

use crate::ALONE;
use crate::support::chains::{async_step, sum_of_chains, sync_step};
use crate::support::child::in_a_child_with;
use crate::support::gate::Gate;
use crate::support::watchdog::within;
#[cfg(target_os = "linux")]
use crate::support::watchdog::{this_thread, until_asleep};
use crate::support::{CountsDrops, PanicsWhenDropped, start};
use futures_lite::future::zip;
use smartasync::{
    Offload, SmartLock, TimedOut, block_on, offload, set_offload_limit, smart, spawn_local,
};
use std::cell::Cell;
use std::collections::HashSet;
use std::future::pending;
use std::num::NonZeroUsize;
use std::panic::{catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Barrier, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};
use std::{env, fs};

/// The cap with a limit of one. More threads start only if all threads are blocked for a while.
const CAP: usize = 257;

fn set_limit(active: usize) {
    set_offload_limit(NonZeroUsize::new(active).unwrap());
}

/// Calls `f` under this limit on a thread of its own, while no other test runs. Panics if it takes
/// too long.
pub(crate) fn with_limit<T: Send + 'static>(
    limit: usize,
    f: impl FnOnce() -> T + Send + 'static,
) -> T {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    set_limit(limit);
    within(120, f)
}

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

/// Starts `count` jobs at once and waits for all of them.
pub(crate) fn run_at_once<T: Send + 'static>(
    count: usize,
    job: impl Fn() -> T + Send + Sync + 'static,
) -> Vec<T> {
    let job = Arc::new(job);
    block_on(async {
        let jobs: Vec<_> = (0..count)
            .map(|_| {
                let job = job.clone();
                spawn_local(offload(move || job()))
            })
            .collect();
        let mut results = Vec::new();
        for job in jobs {
            results.push(job.await);
        }
        results
    })
}

fn chains_at_once(count: u32, depth: u32) {
    assert_eq!(sum_of_chains(count, depth), count * depth);
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
            within(60, move || {
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
fn a_chain_deeper_than_the_cap_finishes() {
    let depth = u32::try_from(2 * CAP + 100).unwrap();
    with_limit(1, move || assert_eq!(block_on(sync_step(depth)), depth));
}

/// At the cap, a job that a thread waits for runs on top of that wait. Without this rule, each of
/// the deeper jobs would need a thread beyond the cap.
#[cfg(target_os = "linux")]
#[test]
fn jobs_that_block_on_each_other_deeper_than_the_cap_run_on_the_threads_that_wait() {
    fn threads_inside(depth: usize) -> usize {
        if depth == 0 {
            pool_threads()
        } else {
            block_on(offload(move || threads_inside(depth - 1)))
        }
    }
    with_limit(1, || {
        let threads = threads_inside(2 * CAP + 100);
        // On a busy machine a few threads beyond the cap may start.
        assert!(threads <= CAP + 100, "{threads} threads");
    });
}

#[test]
fn a_thousand_chains_at_once_finish_with_a_limit_of_one() {
    with_limit(1, || chains_at_once(1000, 3));
}

#[test]
fn deep_chains_that_meet_at_the_cap_finish() {
    with_limit(1, || chains_at_once(400, 9));
}

thread_local! {
/// Whether a job is on the stack of this thread.
    static IN_JOB: Cell<bool> = const { Cell::new(false) };
}

/// Starts a job that waits for `gate`.
fn start_waiting_job(gate: &Gate) -> Offload<()> {
    let gate = gate.clone();
    let mut job = offload(move || {
        assert!(
            !IN_JOB.replace(true),
            "the job runs on the stack of another job"
        );
        smart(gate).wait();
        IN_JOB.set(false);
    });
    start(&mut job);
    job
}

#[test]
fn at_the_cap_a_job_that_no_blocked_thread_waits_for_gets_a_thread_of_its_own() {
    with_limit(1, || {
        let gates: Vec<Gate> = (0..CAP).map(|_| Gate::default()).collect();
        let mut jobs: Vec<_> = gates.iter().map(start_waiting_job).collect();
        gates.iter().for_each(|gate| drop(gate.until_awaited()));
        // All blocked threads may wait for what this job does.
        let in_job = block_on(offload(|| IN_JOB.get()));
        gates.iter().for_each(Gate::open);
        jobs.drain(..).for_each(|job| block_on(job));
        assert!(!in_job, "the job ran on the stack of a blocked job");
    });
}

/// Calls `f` in a job on the last thread below the cap. All other threads are blocked.
#[cfg(target_os = "linux")]
fn at_the_cap<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    with_limit(1, || {
        until_all_have_retired();
        let gates: Vec<Gate> = (0..CAP - 1).map(|_| Gate::default()).collect();
        let mut jobs: Vec<_> = gates.iter().map(start_waiting_job).collect();
        gates.iter().for_each(|gate| drop(gate.until_awaited()));
        let result = block_on(offload(f));
        gates.iter().for_each(Gate::open);
        jobs.drain(..).for_each(|job| block_on(job));
        result
    })
}

/// On top of the wait that polls the leader, the follower would wait for ever.
#[cfg(target_os = "linux")]
#[test]
fn at_the_cap_a_follower_does_not_run_on_top_of_the_wait_that_polls_its_leader() {
    let answers = at_the_cap(|| {
        let (lock, gate): (Arc<SmartLock<u32>>, _) = (Arc::default(), Gate::default());
        let (theirs, leads) = (lock.clone(), gate.clone());
        let leader = lock.run_once(|| async move {
            leads.await;
            1
        });
        let follower = offload(move || theirs.run_once(|| async { 2 }).wait());
        let followed = lock.clone();
        let opener = thread::spawn(move || {
            while followed.waiters() == 0 {
                thread::yield_now();
            }
            gate.open();
        });
        let answers = block_on(zip(leader, follower));
        opener.join().unwrap();
        answers
    });
    assert_eq!(answers, (Ok(1), Ok(1)));
}

/// The same holds for other futures than those of a lock.
#[cfg(target_os = "linux")]
#[test]
fn at_the_cap_a_job_does_not_run_on_top_of_a_wait_that_polls_something_else_too() {
    at_the_cap(|| {
        let (early, late) = (Gate::default(), Gate::default());
        let (opener, theirs) = (early.open_once_awaited(), late.clone());
        let other = async {
            early.await;
            late.open();
        };
        block_on(zip(other, offload(|| smart(theirs).wait())));
        opener.join().unwrap();
    });
}

/// These jobs may wait for each other or for the network. The pool cannot know.
#[cfg(target_os = "linux")]
#[test]
fn blocked_jobs_start_one_thread_beyond_the_cap_each_tenth_of_a_second() {
    with_limit(1, || {
        until_all_have_retired();
        let gates: Vec<Gate> = (0..3 * CAP).map(|_| Gate::default()).collect();
        let began = Instant::now();
        let mut jobs: Vec<_> = gates.iter().map(start_waiting_job).collect();
        // Wait for the first five threads beyond the cap.
        gates[..CAP + 5]
            .iter()
            .for_each(|gate| drop(gate.until_awaited()));
        let (threads, tenths) = (pool_threads(), began.elapsed().as_millis() / 100);
        gates.iter().for_each(Gate::open);
        jobs.drain(..).for_each(|job| block_on(job));
        assert!(
            threads >= CAP + 5 && threads <= CAP + 1 + usize::try_from(tenths).unwrap(),
            "{threads} threads"
        );
    });
}

/// A job that an earlier job of the same thread started is unrelated to the current job.
#[cfg(target_os = "linux")]
#[test]
fn at_the_cap_a_thread_does_not_run_a_job_that_its_earlier_job_started() {
    with_limit(1, || {
        let gates: Vec<Gate> = (0..CAP - 1).map(|_| Gate::default()).collect();
        let mut jobs: Vec<_> = gates.iter().map(start_waiting_job).collect();
        gates.iter().for_each(|gate| drop(gate.until_awaited()));
        // The job on the last thread starts another job, and sends its future to this thread.
        let (started, has_started) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let (handed, is_handed) = mpsc::channel();
        let mut asking = offload(move || {
            started.send(this_thread()).unwrap();
            let _ = may_go.recv();
            let mut asked_for = offload(|| IN_JOB.get());
            start(&mut asked_for);
            handed.send(asked_for).unwrap();
        });
        start(&mut asking);
        let last_thread = has_started.recv().unwrap();
        // The last thread takes this job next, and is blocked in it.
        let last_gate = Gate::default();
        jobs.push(start_waiting_job(&last_gate));
        drop(go);
        block_on(asking);
        let asked_for = is_handed.recv().unwrap();
        last_gate.until_awaited();
        until_asleep(&last_thread);
        let in_job = block_on(asked_for);
        gates.iter().for_each(Gate::open);
        last_gate.open();
        jobs.drain(..).for_each(|job| block_on(job));
        assert!(
            !in_job,
            "the job ran on the stack of a job that did not wait for it"
        );
    });
}

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

/// How many threads of the pool exist, according to the system.
#[cfg(target_os = "linux")]
fn pool_threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    // Linux keeps 15 bytes of a thread's name. A thread may end while the list is read.
    tasks
        .filter(|task| {
            fs::read_to_string(task.as_ref().unwrap().path().join("comm"))
                .is_ok_and(|name| name == "smartasync-offl\n")
        })
        .count()
}

#[cfg(target_os = "linux")]
fn until_all_have_retired() {
    let deadline = Instant::now() + Duration::from_secs(60);
    while pool_threads() > 0 {
        assert!(
            Instant::now() < deadline,
            "{} threads do not retire",
            pool_threads()
        );
        // Threads retire after a time-out, so this test sleeps.
        thread::sleep(Duration::from_millis(10));
    }
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
