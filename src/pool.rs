//! The threads of the offload pool: when one is started, who counts as active, when one retires.
//!
//! A thread is idle (waits for a job), blocked (its job sleeps in a wait of this crate) or active (everything else). At most `limit`
//! threads take up jobs at once; a blocked one does not count, so another may start in its place, up to a cap. At the cap a blocked
//! thread runs the job that it waits for itself, and no other: an unrelated job on its stack could deadlock on a lock that it holds.

use crate::context::{self, Mark};
use crate::park::{self, BlockingHook, Parker};
use crate::sync::{Arc, Condvar, Mutex, MutexGuard};
use core::cell::{Cell, RefCell};
use core::num::NonZeroUsize;
use std::collections::VecDeque;
use std::string::String;
use std::sync::LazyLock;
use std::time::Duration;
use std::vec::Vec;
use std::{env, thread, thread_local};

/// How long an idle thread waits for a job before it ends.
const KEEP_ALIVE: Duration = Duration::from_secs(1);
/// How many threads there may be beyond the limit of active ones, to stand in for blocked ones.
const STAND_INS: usize = 256;
/// Sets how many jobs may be active at the start.
const LIMIT_VARIABLE: &str = "SMARTASYNC_OFFLOAD_THREADS";

/// Something that a thread of the pool runs. It never panics.
pub(crate) trait Job: Send + Sync {
    fn run(self: Arc<Self>);

    /// Has the job's future polled, if the job still waits: no thread will come for it.
    fn nudge(&self);
}

/// A job in the queue.
struct Queued {
    job: Arc<dyn Job>,
    /// The pool thread that asked for the job, and the number of the job that it ran then.
    owner: Option<(Arc<Worker>, u64)>,
}

struct State {
    queue: VecDeque<Queued>,
    /// How many threads may be active.
    limit: usize,
    threads: usize,
    /// Threads that were asked for and do not run yet. The system may still refuse them.
    starting: usize,
    idle: usize,
    blocked: usize,
}

impl State {
    /// Threads that run a job or are about to look for one.
    fn active(&self) -> usize {
        // INVARIANT: each thread is counted as idle or as blocked at most once.
        self.threads - self.idle - self.blocked
    }

    /// No thread is there, or may come, that would take up the next job.
    fn is_stranded(&self) -> bool {
        self.active() == 0 && self.idle == 0
    }

    fn wants_a_thread(&self) -> bool {
        !self.queue.is_empty() && self.active() < self.limit
    }

    fn may_grow(&self) -> bool {
        self.threads < self.limit + STAND_INS
    }

    /// An active thread may go on with the next job. After blocked ones resumed, or the limit fell, there may be too many.
    fn may_take_a_job(&self) -> bool {
        self.active() <= self.limit
    }

    /// An idle thread ends when it has waited long enough and nobody chose it meanwhile.
    fn should_retire(&self, timed_out: bool) -> bool {
        timed_out && !self.wants_a_thread()
    }
}

struct Pool {
    /// Protects every number and the queue.
    state: Mutex<State>,
    /// Where idle threads wait. Whoever notifies one has taken it off `idle` before it wakes.
    jobs: Condvar,
}

static POOL: LazyLock<Pool> = LazyLock::new(|| Pool {
    state: Mutex::new(State { queue: VecDeque::new(), limit: start_limit(), threads: 0, starting: 0, idle: 0, blocked: 0 }),
    jobs: Condvar::new(),
});

fn start_limit() -> usize {
    match env::var(LIMIT_VARIABLE) {
        Ok(value) => parse_limit(&value),
        Err(_) => thread::available_parallelism().map_or(1, NonZeroUsize::get).saturating_add(4).min(32),
    }
}

fn parse_limit(value: &str) -> usize {
    match value.parse::<NonZeroUsize>() {
        Ok(limit) => limit.get(),
        Err(error) => panic!("the environment variable {LIMIT_VARIABLE} must be a number of threads, at least 1, but is {value:?}: {error}"),
    }
}

/// A thread of the pool, as others see it.
struct Worker {
    seat: Mutex<Seat>,
}

/// Protected by [`Worker::seat`], and changed only while the pool's state is locked.
#[derive(Default)]
struct Seat {
    /// What the thread sleeps on, while it is blocked, and the number of the job that sleeps.
    asleep_on: Option<(Arc<Parker>, u64)>,
    /// The job that the blocked thread is to run itself. With it the thread counts as active.
    order: Option<Arc<dyn Job>>,
}

thread_local! {
    static WORKER: RefCell<Option<Arc<Worker>>> = const { RefCell::new(None) };
    /// The number of the job that this pool thread runs. Jobs that a blocked thread runs itself have numbers of their own.
    static JOB: Cell<u64> = const { Cell::new(0) };
    static LAST_JOB: Cell<u64> = const { Cell::new(0) };
}

/// What has to happen once the state is unlocked.
enum Next {
    Nothing,
    /// Start a thread; it is counted already.
    Spawn,
    /// Wake the blocked thread that was ordered to run its own job.
    Unpark(Arc<Parker>),
}

impl Pool {
    /// Finds a thread for the queue's next job: an idle one, a new one or, at the cap, the blocked one that waits for a job.
    fn find_a_thread(&self, state: &mut State) -> Next {
        if !state.wants_a_thread() {
            return Next::Nothing;
        }
        if state.idle > 0 && self.jobs.notify_one() {
            state.idle -= 1;
            return Next::Nothing;
        }
        if state.may_grow() {
            state.threads += 1;
            state.starting += 1;
            return Next::Spawn;
        }
        Self::order_a_rescue(state)
    }

    /// Orders the blocked owner of a queued job to run it itself, if it still sleeps in the job that asked for it.
    fn order_a_rescue(state: &mut State) -> Next {
        for at in 0..state.queue.len() {
            let Some((owner, job)) = &state.queue[at].owner else { continue };
            let job = *job;
            let mut seat = owner.seat.lock();
            let Some((parker, _)) = seat.asleep_on.take_if(|(_, sleeping)| *sleeping == job) else { continue };
            drop(seat);
            let Some(Queued { job, owner: Some((owner, _)) }) = state.queue.remove(at) else { unreachable!("it was there") };
            owner.seat.lock().order = Some(job);
            state.blocked -= 1;
            return Next::Unpark(parker);
        }
        Next::Nothing
    }

    /// Does what `next` says. Where the system refuses a thread and no other will come, has the queued jobs' futures polled: each then runs
    /// its own job.
    fn carry_out(&'static self, next: Next) {
        match next {
            Next::Nothing => {}
            Next::Unpark(parker) => parker.unpark(),
            Next::Spawn => {
                let thread = thread::Builder::new().name(String::from("smartasync-offload"));
                if thread.spawn(|| self.work()).is_ok() {
                    return;
                }
                let mut state = self.state.lock();
                state.threads -= 1;
                state.starting -= 1;
                // As at the cap, a blocked thread may help itself.
                let next = Self::order_a_rescue(&mut state);
                let stranded: Vec<_> = if state.is_stranded() { state.queue.iter().map(|queued| queued.job.clone()).collect() } else { Vec::new() };
                drop(state);
                if let Next::Unpark(parker) = next {
                    parker.unpark();
                }
                for job in stranded {
                    job.nudge();
                }
            }
        }
    }

    /// The life of a pool thread.
    fn work(&self) {
        let worker = Arc::new(Worker { seat: Mutex::default() });
        WORKER.set(Some(worker));
        park::set_blocking_hook(Some(BlockingHook { before_park, after_park }));
        let mut state = self.state.lock();
        state.starting -= 1;
        loop {
            if state.may_take_a_job() {
                if let Some(Queued { job, owner }) = state.queue.pop_front() {
                    MutexGuard::unlocked(&mut state, || {
                        drop(owner);
                        run(job);
                    });
                    continue;
                }
            }
            state.idle += 1;
            let timed_out = self.jobs.wait_for(&mut state, KEEP_ALIVE).timed_out();
            if timed_out {
                state.idle -= 1;
            }
            if state.should_retire(timed_out) {
                state.threads -= 1;
                break;
            }
        }
        drop(state);
        // From here on the thread is no pool thread, also where the destructor of one of its locals waits.
        park::set_blocking_hook(None);
        WORKER.take();
    }
}

/// Runs a job as sync code, whatever stands on this thread's stack.
fn run(job: Arc<dyn Job>) {
    let _sync_code = context::enter(Mark::Blocking);
    let number = LAST_JOB.get() + 1;
    LAST_JOB.set(number);
    let outer = JOB.replace(number);
    job.run();
    JOB.set(outer);
}

/// Queues `job` and sees to it that a thread takes it up.
pub(crate) fn submit(job: Arc<dyn Job>) {
    let pool = &*POOL;
    let worker = WORKER.try_with(|worker| worker.borrow().clone()).ok().flatten();
    let owner = worker.map(|worker| (worker, JOB.get()));
    let mut state = pool.state.lock();
    state.queue.push_back(Queued { job, owner });
    let next = pool.find_a_thread(&mut state);
    drop(state);
    pool.carry_out(next);
}

/// Runs the queued `job` here, if no thread will come for it. Its future is polled here, so it waits for nothing else.
pub(crate) fn run_if_stranded(job: &Arc<dyn Job>) {
    let mut state = POOL.state.lock();
    if !state.is_stranded() {
        return;
    }
    let place = state.queue.iter().position(|queued| Arc::ptr_eq(&queued.job, job));
    let stranded = place.and_then(|at| state.queue.remove(at));
    drop(state);
    if let Some(Queued { job, .. }) = stranded {
        run(job);
    }
}

/// The pool thread's job is about to sleep: its place is free.
fn before_park(parker: &Arc<Parker>) {
    let pool = &*POOL;
    let Some(worker) = WORKER.with_borrow(Clone::clone) else { return };
    let mut state = pool.state.lock();
    worker.seat.lock().asleep_on = Some((parker.clone(), JOB.get()));
    state.blocked += 1;
    let next = pool.find_a_thread(&mut state);
    drop(state);
    pool.carry_out(next);
}

/// The pool thread's job was woken. It goes on even if that makes one active thread too many: it may hold locks.
fn after_park() {
    let Some(worker) = WORKER.with_borrow(Clone::clone) else { return };
    let mut state = POOL.state.lock();
    let mut seat = worker.seat.lock();
    seat.asleep_on = None;
    let order = seat.order.take();
    if order.is_none() {
        state.blocked -= 1;
    }
    drop(seat);
    drop(state);
    if let Some(job) = order {
        run(job);
    }
}

/// Sets how many offloaded jobs may be active at once, from now on. Running jobs are not stopped.
///
/// A job that waits for another smart call does not count as active while it waits; when it goes on, there may for a moment be one active
/// job more. The limit starts as min(32, cores + 4), as in Python's `to_thread`, or as what the environment variable
/// `SMARTASYNC_OFFLOAD_THREADS` says.
///
/// # Examples
///
/// ```
/// use std::num::NonZeroUsize;
///
/// smartasync::set_offload_limit(NonZeroUsize::new(8).unwrap());
/// ```
pub fn set_offload_limit(active: NonZeroUsize) {
    let pool = &*POOL;
    pool.state.lock().limit = active.get();
    loop {
        let mut state = pool.state.lock();
        if !state.wants_a_thread() {
            return;
        }
        let before = state.active();
        let next = pool.find_a_thread(&mut state);
        let found = state.active() > before;
        drop(state);
        pool.carry_out(next);
        if !found {
            return;
        }
    }
}

#[cfg(all(test, not(smartasync_model)))]
mod tests {
    use super::*;

    fn state(queued: usize, limit: usize, threads: usize, idle: usize, blocked: usize) -> State {
        struct Nothing;
        impl Job for Nothing {
            fn run(self: Arc<Self>) {}
            fn nudge(&self) {}
        }
        let queue = (0..queued).map(|_| Queued { job: Arc::new(Nothing), owner: None }).collect();
        State { queue, limit, threads, starting: 0, idle, blocked }
    }

    #[test]
    fn a_blocked_thread_makes_room_for_another() {
        assert!(!state(1, 2, 2, 0, 0).wants_a_thread());
        assert!(state(1, 2, 2, 0, 1).wants_a_thread());
        assert!(!state(0, 2, 2, 0, 1).wants_a_thread());
    }

    #[test]
    fn a_thread_retires_when_it_waited_in_vain() {
        assert!(state(0, 2, 2, 1, 0).should_retire(true));
        assert!(!state(0, 2, 2, 1, 0).should_retire(false));
        assert!(!state(1, 2, 2, 1, 0).should_retire(true));
    }

    #[test]
    fn too_many_active_threads_take_no_more_jobs() {
        assert!(state(1, 2, 2, 0, 0).may_take_a_job());
        assert!(!state(1, 2, 3, 0, 0).may_take_a_job());
        assert!(state(1, 2, 3, 0, 1).may_take_a_job());
    }

    #[test]
    fn the_pool_stops_growing_at_the_cap() {
        assert!(state(1, 2, 1 + STAND_INS, 0, 1 + STAND_INS).may_grow());
        assert!(!state(1, 2, 2 + STAND_INS, 0, 2 + STAND_INS).may_grow());
    }

    #[test]
    fn the_limit_is_read_from_a_number() {
        assert_eq!(parse_limit("7"), 7);
        let message = thread::spawn(|| parse_limit("0")).join().unwrap_err();
        assert!(message.downcast_ref::<String>().unwrap().contains("SMARTASYNC_OFFLOAD_THREADS must be a number of threads"));
    }
}
