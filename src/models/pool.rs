//! The pool's scheduler: jobs that are submitted while threads retire, sleep, are ordered to help
//! themselves, or are refused. A job that no thread comes for is a deadlock; at the end no thread
//! and no job may be left, or counted.

use super::flight::Event;
use super::{check, poll_once};
use crate::pool::offload::{Awaited, Progress, model_job};
use crate::pool::scheduler::{Job, Next, PATIENCE, Refused, Scheduler, number};
use crate::sync::{Arc, Mutex, Ordering};
use crate::thread::parker::Parker;
use core::cell::Cell;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use loom::sync::atomic::AtomicUsize;
use loom::thread::{self, JoinHandle};
use std::time::Instant;
use std::vec::Vec;

loom::thread_local! {
    static IS_WORKER: Cell<bool> = Cell::new(false);
    /// The job that the thread polled last.
    static POLLED: Cell<usize> = Cell::new(0);
}

/// What `pool` is, without its statics, on a system that grants so many threads.
struct Pool {
    scheduler: Scheduler,
    threads: Mutex<Vec<JoinHandle<()>>>,
    grants: AtomicUsize,
}

fn run(job: Arc<dyn Job>) {
    job.run();
}

fn is_worker() -> bool {
    IS_WORKER.with(Cell::get)
}

impl Pool {
    fn new(limit: usize, stand_ins: usize, grants: usize) -> Arc<Self> {
        Arc::new(Self {
            scheduler: Scheduler::new(limit, stand_ins),
            threads: Mutex::default(),
            grants: AtomicUsize::new(grants),
        })
    }

    /// Says whether somebody was woken because a thread was refused.
    fn carry_out(self: &Arc<Self>, next: Next) -> bool {
        self.scheduler
            .carry_out(next, || self.start())
            .is_some_and(Refused::nudge)
    }

    /// Starts a thread, if one more is granted.
    fn start(self: &Arc<Self>) -> bool {
        let granted = self
            .grants
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok();
        if granted {
            let pool = self.clone();
            let thread = thread::spawn(move || {
                IS_WORKER.with(|worker| worker.set(true));
                pool.scheduler.work(run, || pool.start());
            });
            self.threads.lock().push(thread);
        }
        granted
    }

    /// As the public function, with a scheduler that is its own.
    fn offload<T: Send + 'static>(
        self: &Arc<Self>,
        f: impl FnOnce() -> T + Send + 'static,
    ) -> Offload<T> {
        let (job, awaited) = model_job(f);
        Offload {
            pool: self.clone(),
            job,
            awaited,
            submitted: false,
        }
    }

    /// Waits as a thread of the pool does, if this is one.
    fn wait<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        let parker = Arc::new(Parker::new());
        let waker = Waker::from(parker.clone());
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            if !is_worker() {
                parker.park(None);
                continue;
            }
            match self
                .scheduler
                .block(&parker, &waker, POLLED.with(Cell::get))
            {
                Err(job) => run(job),
                Ok((next, watch)) => {
                    let nudged = self.carry_out(next);
                    if !nudged && !watch.is_some_and(|watch| self.watch(watch, &parker)) {
                        parker.park(None);
                    }
                    self.scheduler.resume();
                }
            }
        }
    }

    /// Sleeps as a thread does that watches. Says whether it was notified.
    fn watch(self: &Arc<Self>, watch: u64, parker: &Parker) -> bool {
        loop {
            if parker.park(Some(Instant::now() + PATIENCE)) {
                return true;
            }
            let (next, again) = self.scheduler.look(watch);
            if self.carry_out(next) {
                return true;
            }
            if !again {
                return false;
            }
            // The others get on meanwhile.
            thread::yield_now();
        }
    }

    /// Waits for the end of every thread, and checks the account.
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
    submitted: bool,
}

impl<T> Offload<T> {
    /// The steps of an `Offload`'s poll.
    fn poll(&mut self, cx: &Context<'_>) -> Poll<T> {
        let mut progress = self.awaited.poll(cx.waker());
        if let Progress::Waiting = progress {
            POLLED.with(|polled| polled.set(number(&self.job)));
            if self.submitted {
                if let Some(job) = self.pool.scheduler.take_if_stranded(&self.job, is_worker()) {
                    run(job);
                }
                progress = self.awaited.poll(cx.waker());
            } else {
                self.submitted = true;
                self.pool
                    .carry_out(self.pool.scheduler.submit(self.job.clone()));
            }
        }
        match progress {
            Progress::Waiting | Progress::Running => Poll::Pending,
            Progress::Ended(result) => Poll::Ready(result.unwrap()),
        }
    }

    /// Polls it once; who waits later brings another waker.
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

/// Two jobs, of which the first keeps its thread until the second has run.
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
        while let Some(next) = pool.scheduler.grow() {
            assert!(!pool.carry_out(next));
        }
        one.wait();
        two.wait();
        pool.is_left_empty();
    });
}

/// A job that waits for another one, on a pool for one active job.
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
fn an_order_to_help_itself_meets_another_wake_up() {
    check("pool, order and wake-up", 3, || {
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
        let pool = Pool::new(1, 0, 2);
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

/// Two jobs at once, on a system that grants too few threads.
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
        unwanted.awaited.abandon();
        assert_eq!(pool.offload(|| 2).wait(), 2);
        pool.is_left_empty();
        assert!(ran.load(Ordering::Relaxed) <= 1);
    });
}
