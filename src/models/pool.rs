//! The scheduler of the pool: threads submit jobs while pool threads retire, sleep, help or are
//! refused. If no thread comes for a job, the model deadlocks. At the end of each model, no thread
//! and no job may be left, and the scheduler may count none.

use super::flight::Event;
use super::{check, poll_once};
use crate::pool::offload::{Awaited, model_job};
use crate::pool::scheduler::{Job, Next, Scheduler, Sleeper};
use crate::sync::{Arc, Mutex, Ordering};
use crate::thread::parker::Parker;
use core::cell::Cell;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use loom::sync::atomic::AtomicUsize;
use loom::thread::{self, JoinHandle};
use std::sync::Weak;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};
use std::vec::Vec;

loom::thread_local! {
    static IS_WORKER: Cell<bool> = Cell::new(false);
    /// The number of the wait that the thread is in. It is 0 if this wait has polled no job.
    static WAIT: Cell<u64> = Cell::new(0);
}

/// Does what the module `pool` does, without statics, on a system that grants a fixed number of
/// threads.
struct Pool {
    scheduler: Scheduler,
    threads: Mutex<Vec<JoinHandle<()>>>,
    grants: AtomicUsize,
    /// Returns whether a sleeping thread looks again whether jobs leave the queue. The argument says
    /// whether the thread belongs to the pool.
    looks_again: fn(bool) -> bool,
}

/// Returns the number of the wait that the thread is in. The first call in a wait assigns the
/// number.
fn wait_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    WAIT.with(|wait| {
        if wait.get() == 0 {
            wait.set(LAST.fetch_add(1, Ordering::Relaxed) + 1);
        }
        wait.get()
    })
}

fn is_worker() -> bool {
    IS_WORKER.with(Cell::get)
}

impl Pool {
    fn new(limit: usize, stand_ins: usize, grants: usize) -> Arc<Self> {
        Self::with(Duration::MAX, |_| false, limit, stand_ins, grants)
    }

    /// A pool in which a thread that sees the same first job a second time finds at once that the
    /// queue stands still.
    fn that_may_stall(
        looks_again: fn(bool) -> bool,
        limit: usize,
        stand_ins: usize,
        grants: usize,
    ) -> Arc<Self> {
        Self::with(Duration::ZERO, looks_again, limit, stand_ins, grants)
    }

    fn with(
        patience: Duration,
        looks_again: fn(bool) -> bool,
        limit: usize,
        stand_ins: usize,
        grants: usize,
    ) -> Arc<Self> {
        Arc::new_cyclic(|pool: &Weak<Self>| {
            let pool = pool.clone();
            let start = move |ticket| pool.upgrade().is_some_and(|pool| pool.start(ticket));
            Self {
                looks_again,
                scheduler: Scheduler::new(limit, stand_ins, patience, start),
                threads: Mutex::default(),
                grants: AtomicUsize::new(grants),
            }
        })
    }

    /// Starts a thread, if the system grants another.
    fn start(self: &Arc<Self>, ticket: u64) -> bool {
        let take = |left: usize| left.checked_sub(1);
        let granted = self
            .grants
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_ok();
        if granted {
            let pool = self.clone();
            let thread = thread::spawn(move || {
                IS_WORKER.with(|worker| worker.set(true));
                pool.scheduler.work(ticket, |job| job.run());
            });
            self.threads.lock().push(thread);
        }
        granted
    }

    fn run(&self, job: Arc<dyn Job>) {
        job.run();
        if !is_worker() {
            self.scheduler.end_outside();
        }
    }

    /// Makes an offloaded job, as the public function does, but for this pool.
    fn offload<T: Send + 'static>(
        self: &Arc<Self>,
        f: impl FnOnce() -> T + Send + 'static,
    ) -> Offload<T> {
        let (job, awaited) = model_job(f);
        Offload {
            pool: self.clone(),
            job,
            awaited,
            ticket: 0,
        }
    }

    /// Waits for `future`, and sleeps as `pool::park` does.
    fn wait<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        let outer = WAIT.with(|wait| wait.replace(0));
        let parker = Arc::new(Parker::new());
        let waker = Waker::from(parker.clone());
        let mut future = pin!(future);
        let output = loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                break output;
            }
            self.park(&parker, WAIT.with(Cell::get));
        };
        WAIT.with(|wait| wait.set(outer));
        output
    }

    fn park(self: &Arc<Self>, parker: &Arc<Parker>, wait: u64) {
        let is_worker = is_worker();
        let mut sleeper = Sleeper {
            parker,
            wait,
            is_worker,
            has_deadline: false,
            is_deep: false,
            is_blocked: false,
        };
        loop {
            let (next, looks) = self.scheduler.block(&mut sleeper);
            if let Some(Next::Run(job)) = next {
                return self.run(job);
            }
            let nudged = self.scheduler.carry_out(next) == Some(true);
            let looks = looks && (self.looks_again)(is_worker);
            if nudged || parker.park(looks.then(Instant::now)) || !looks {
                return self.scheduler.resume(&sleeper);
            }
            // The others get on meanwhile.
            thread::yield_now();
        }
    }

    /// Waits for the end of every thread, and checks that the scheduler counts nothing any more.
    fn is_left_empty(&self) {
        loop {
            let thread = self.threads.lock().pop();
            let Some(thread) = thread else { break };
            thread.join().unwrap();
        }
        assert_eq!(self.scheduler.counts(), [0; 5]);
    }
}

struct Offload<T> {
    pool: Arc<Pool>,
    job: Arc<dyn Job>,
    awaited: Arc<dyn Awaited<T>>,
    ticket: u64,
}

impl<T> Offload<T> {
    /// Takes the same steps as the poll of a real `Offload`.
    fn poll(&mut self, cx: &Context<'_>) -> Poll<T> {
        let wait = wait_number();
        let mut result = self.awaited.poll(cx.waker(), wait);
        if result.is_pending() {
            let scheduler = &self.pool.scheduler;
            if self.ticket == 0 {
                self.ticket = scheduler.submit(self.job.clone());
            } else if let Some(job) = scheduler.take_if_stranded(self.ticket, is_worker()) {
                self.pool.run(job);
                result = self.awaited.poll(cx.waker(), wait);
            }
        }
        result.map(|result| result.unwrap())
    }

    /// Polls it once. A later wait polls it with another waker.
    fn submit(mut self) -> Self {
        assert!(poll_once(pin!(poll_fn(|cx| self.poll(cx)))).is_pending());
        self
    }

    fn wait(mut self) -> T {
        let pool = self.pool.clone();
        pool.wait(poll_fn(|cx| self.poll(cx)))
    }
}

#[test]
fn a_job_that_comes_while_a_thread_retires_is_run() {
    check("pool, retire and submit", 3, || {
        let pool = Pool::new(1, 0, 2);
        assert_eq!(pool.offload(|| 1).wait(), 1);
        assert_eq!(pool.offload(|| 2).wait(), 2);
        pool.is_left_empty();
    });
}

#[test]
fn two_jobs_at_once_are_run_one_after_the_other_within_a_limit_of_one() {
    check("pool, two submit", 2, || {
        let pool = Pool::new(1, 0, 2);
        let active = Arc::new(AtomicUsize::new(0));
        let job = || {
            let active = active.clone();
            pool.offload(move || {
                assert_eq!(
                    active.fetch_add(1, Ordering::Relaxed),
                    0,
                    "two jobs are active"
                );
                active.fetch_sub(1, Ordering::Relaxed);
            })
        };
        let (one, two) = (job(), job());
        let other = thread::spawn(move || one.wait());
        two.wait();
        other.join().unwrap();
        pool.is_left_empty();
    });
}

/// Makes two jobs that need each other: each notifies the other, and keeps its thread until the
/// other has notified it.
fn that_need_each_other(pool: &Arc<Pool>) -> [Offload<()>; 2] {
    let (first, second) = (Arc::new(Parker::new()), Arc::new(Parker::new()));
    let (first2, second2) = (first.clone(), second.clone());
    let one = pool.offload(move || {
        first.unpark();
        assert!(second.park(None));
    });
    let two = pool.offload(move || {
        second2.unpark();
        assert!(first2.park(None));
    });
    [one, two]
}

#[test]
fn two_jobs_at_once_are_both_active_within_a_limit_of_two() {
    check("pool, two active", 2, || {
        let pool = Pool::new(2, 0, 2);
        let [one, two] = that_need_each_other(&pool);
        let one = one.submit();
        two.wait();
        one.wait();
        pool.is_left_empty();
    });
}

#[test]
fn a_limit_that_rises_gives_a_waiting_job_its_thread() {
    check("pool, limit", 2, || {
        let pool = Pool::new(1, 0, 2);
        let [one, two] = that_need_each_other(&pool).map(Offload::submit);
        pool.scheduler.set_limit(2);
        one.wait();
        two.wait();
        pool.is_left_empty();
    });
}

/// Runs a job that waits for another job, on a pool for one active job.
fn nested(stand_ins: usize, grants: usize) {
    check("pool, nested", 3, move || {
        let pool = Pool::new(1, stand_ins, grants);
        let theirs = pool.clone();
        assert_eq!(
            pool.offload(move || theirs.offload(|| 1).wait() + 1).wait(),
            2
        );
        pool.is_left_empty();
    });
}

#[test]
fn a_job_that_waits_for_another_gives_it_its_place() {
    nested(1, 2);
}

#[test]
fn a_job_that_waits_for_another_runs_it_itself_at_the_cap() {
    nested(0, 1);
}

#[test]
fn a_job_that_waits_for_another_runs_it_itself_where_a_thread_is_refused() {
    nested(1, 1);
}

#[test]
fn a_thread_that_waits_for_something_else_is_woken_for_that() {
    check("pool, another wake-up", 3, || {
        let pool = Pool::new(1, 0, 1);
        let event = Arc::new(Event::default());
        let (theirs, happens) = (pool.clone(), event.clone());
        let outer = pool.offload(move || {
            let inner = theirs.offload(|| 1).submit();
            theirs.wait(poll_fn(|cx| happens.poll(cx)));
            inner.wait()
        });
        let outer = outer.submit();
        event.happen();
        assert_eq!(outer.wait(), 1);
        pool.is_left_empty();
    });
}

#[test]
fn a_job_that_a_blocked_one_needs_without_waiting_for_it_gets_a_thread_beyond_the_cap() {
    check("pool, standstill", 2, move || {
        let pool = Pool::that_may_stall(|is_worker| is_worker, 1, 0, 2);
        let event = Arc::new(Event::default());
        let (theirs, awaited) = (pool.clone(), event.clone());
        let blocked = pool
            .offload(move || theirs.wait(poll_fn(|cx| awaited.poll(cx))))
            .submit();
        let other = pool.offload(move || event.happen()).submit();
        blocked.wait();
        other.wait();
        pool.is_left_empty();
    });
}

#[test]
fn a_job_that_another_thread_asked_for_runs_where_it_is_awaited_if_no_thread_is_to_be_had() {
    check("pool, handed over", 2, || {
        let pool = Pool::new(1, 0, 1);
        let (event, handed) = (
            Arc::new(Event::default()),
            Arc::new(Mutex::new(None::<Offload<u32>>)),
        );
        let (theirs, happens, inner) = (pool.clone(), event.clone(), handed.clone());
        let outer = pool.offload(move || {
            theirs.wait(poll_fn(|cx| happens.poll(cx)));
            let inner = inner.lock().take();
            inner.expect("it was handed over before").wait()
        });
        let outer = outer.submit();
        *handed.lock() = Some(pool.offload(|| 1).submit());
        event.happen();
        assert_eq!(outer.wait(), 1);
        pool.is_left_empty();
    });
}

/// Runs two jobs at once, on a system that grants too few threads.
fn refused(grants: usize) {
    check("pool, refused", 2, move || {
        let pool = Pool::new(2, 0, grants);
        let (one, two) = (pool.offload(|| 1), pool.offload(|| 2));
        let other = thread::spawn(move || assert_eq!(one.wait(), 1));
        assert_eq!(two.wait(), 2);
        other.join().unwrap();
        pool.is_left_empty();
    });
}

#[test]
fn jobs_without_any_thread_run_where_they_are_awaited() {
    refused(0);
}

#[test]
fn a_job_whose_thread_is_refused_runs_on_the_one_that_is_there_or_where_it_is_awaited() {
    refused(1);
}

#[test]
fn an_abandoned_job_leaves_the_queue_and_the_next_one_is_run() {
    check("pool, abandoned", 3, || {
        let pool = Pool::new(1, 0, 2);
        let ran = Arc::new(AtomicUsize::new(0));
        let in_job = ran.clone();
        let unwanted = pool
            .offload(move || in_job.fetch_add(1, Ordering::Relaxed))
            .submit();
        unwanted.awaited.abandon(0);
        assert_eq!(pool.offload(|| 2).wait(), 2);
        pool.is_left_empty();
        assert!(ran.load(Ordering::Relaxed) <= 1);
    });
}

/// A job holds a mutex while it waits for another job, and a second job wants the same mutex.
#[test]
fn a_mutex_held_over_a_wait_by_a_job_stops_no_pool() {
    check("pool, mutex held by a job", 2, || {
        let pool = Pool::that_may_stall(|is_worker| is_worker, 1, 1, 2);
        let mutex = Arc::new(Mutex::new(()));
        let (theirs, held, wanted) = (pool.clone(), mutex.clone(), mutex);
        let holder = pool.offload(move || {
            let _held = held.lock();
            theirs.offload(|| 1).wait()
        });
        let contender = pool.offload(move || drop(wanted.lock()));
        let contender = contender.submit();
        assert_eq!(holder.wait(), 1);
        contender.wait();
        pool.is_left_empty();
    });
}

#[test]
fn a_mutex_held_over_a_wait_by_a_plain_thread_stops_no_pool() {
    check("pool, mutex held by a plain thread", 2, || {
        let pool = Pool::that_may_stall(|is_worker| !is_worker, 1, 0, 1);
        let mutex = Arc::new(Mutex::new(()));
        let wanted = mutex.clone();
        let contender = pool.offload(move || drop(wanted.lock()));
        let held = mutex.lock();
        let contender = contender.submit();
        assert_eq!(pool.offload(|| 1).wait(), 1);
        drop(held);
        contender.wait();
        pool.is_left_empty();
    });
}

impl Pool {
    /// Waits until there is no job, apart from `own` of this thread.
    fn wait_until_quiet(self: &Arc<Self>, own: usize) {
        let mut ticket = 0;
        self.wait(poll_fn(|cx| {
            if self.scheduler.is_quiet(own, &mut ticket, cx.waker()) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        self.scheduler.unwatch(ticket);
    }
}

#[test]
fn whoever_waits_for_the_end_of_all_jobs_is_woken() {
    check("pool, quiet", 3, || {
        let pool = Pool::new(1, 0, 2);
        let ran = Arc::new(AtomicUsize::new(0));
        let jobs = [ran.clone(), ran.clone()].map(|ran| {
            pool.offload(move || ran.fetch_add(1, Ordering::Relaxed))
                .submit()
        });
        pool.wait_until_quiet(0);
        assert_eq!(ran.load(Ordering::Relaxed), 2);
        drop(jobs);
        pool.is_left_empty();
    });
}

#[test]
fn a_job_waits_for_the_end_of_all_others() {
    check("pool, quiet but for one", 2, || {
        let pool = Pool::new(2, 0, 2);
        let ran = Arc::new(AtomicUsize::new(0));
        let (theirs, runs) = (pool.clone(), ran.clone());
        let other = pool.offload(move || ran.fetch_add(1, Ordering::Relaxed));
        let other = other.submit();
        let waiting = pool.offload(move || {
            theirs.wait_until_quiet(1);
            assert_eq!(runs.load(Ordering::Relaxed), 1);
        });
        waiting.wait();
        drop(other);
        pool.is_left_empty();
    });
}

#[test]
fn jobs_that_are_dropped_or_run_elsewhere_leave_the_pool_quiet() {
    for grants in [0, 1] {
        check("pool, quiet without threads", 2, move || {
            let pool = Pool::new(1, 0, grants);
            let (dropped, kept) = (pool.offload(|| 1).submit(), pool.offload(|| 2));
            let theirs = pool.clone();
            let watching = thread::spawn(move || theirs.wait_until_quiet(0));
            let ticket = dropped.ticket;
            dropped.awaited.abandon(0);
            drop(pool.scheduler.remove(ticket));
            assert_eq!(kept.wait(), 2);
            watching.join().unwrap();
            pool.is_left_empty();
        });
    }
}
