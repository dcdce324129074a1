//! Which of the pool's threads does what: when one starts, which jobs it runs, when it ends.
//!
//! A thread is *idle* if it waits for a job, *blocked* if its job sleeps in a wait of this crate, and
//! *active* otherwise. At most `limit` threads take jobs at once. A blocked thread does not count,
//! so another one may start in its place, up to a cap.
//!
//! The limit never stops the program. A thread that waits for a queued job looks from time to time
//! whether the queue still has the same first job. If it had the same one for [`PATIENCE`], and so
//! perhaps for ever, the thread [helps](State::help):
//!
//! 1. If its wait polled one queued job and waits for nothing else, it runs that job itself, on its
//!    own stack. The job would have run there, had it been waited for in the first place.
//! 2. If its wait waits for more, one more thread starts for one of the jobs. A thread that is not
//!    of the pool does this for a single job only, because it has not given up a place.
//! 3. If all threads are blocked at the cap, one more thread starts for the queue.
//!
//! At the cap a pool thread runs its own job without that delay. A thread with a deadline runs no job
//! on its stack. If too many jobs stand on a stack already, a thread starts for the next one at
//! once.
//!
//! Nothing here starts a thread, or knows on which thread it runs: the callers say both. So a model
//! can check it.

use crate::sync::panics::{drop_value, swallow};
use crate::sync::{Arc, Mutex, MutexGuard, Ordering, fence, yield_now};
use crate::thread::parker::Parker;
use core::mem;
use std::boxed::Box;
use std::collections::{BTreeMap, VecDeque};
use std::task::Waker;
use std::time::{Duration, Instant};
use std::vec::Vec;

/// How long an idle thread waits for a job before it ends.
const KEEP_ALIVE: Duration = Duration::from_secs(1);
/// How long the queue has the same first job before those who wait for a job help.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// Something that a thread of the pool runs. It never panics.
pub(crate) trait Job: Send + Sync {
    fn run(&self);

    /// Has the job's future polled, because no thread will come for the job. Returns whether it woke
    /// somebody for that.
    fn nudge(&self) -> bool;

    /// Returns whether the wait with this number polled the job last.
    fn is_polled_by(&self, wait: u64) -> bool;
}

/// What the threads and the jobs of the offload pool do at one moment.
/// [`offload_stats`](crate::offload_stats) returns it.
///
/// Each thread of the pool is active, blocked or idle, so `threads` is the sum of these three.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OffloadStats {
    /// How many jobs wait for a thread.
    pub queued: usize,
    /// How many threads run a job, or are about to take one.
    pub active: usize,
    /// How many threads have a job that waits for a smart call.
    pub blocked: usize,
    /// How many threads wait for a job.
    pub idle: usize,
    /// How many threads the pool has.
    pub threads: usize,
    /// How many threads may be active: see [`set_offload_limit`](crate::set_offload_limit).
    pub limit: usize,
}

#[derive(Default)]
struct State {
    /// The jobs that wait for a thread, each with its ticket, in the order of the tickets.
    queue: VecDeque<(u64, Arc<dyn Job>)>,
    last_ticket: u64,
    /// The first job of the queue, by its ticket, and when a thread first saw it there. `None` after
    /// help, which counts as progress.
    first_seen: Option<(u64, Instant)>,
    /// [`PATIENCE`], but in a model.
    patience: Duration,
    /// How many threads may be active.
    limit: usize,
    /// How many threads there may be beyond `limit`, to stand in for blocked ones.
    stand_ins: usize,
    threads: usize,
    /// Active threads that are on their way to the queue: they were asked for and do not run yet, or
    /// were idle until they were notified. The system may still refuse the former.
    coming: usize,
    /// The system has refused the last thread that was asked for.
    refused: bool,
    /// What the idle threads sleep on. The last one is notified first: its memory is still warm.
    idle: Vec<Arc<Parker>>,
    blocked: usize,
    /// How many jobs run on threads that do not belong to the pool.
    outside: usize,
    /// The wakers of those that wait until the pool is quiet, each with a ticket that no job has.
    watchers: BTreeMap<u64, Waker>,
}

impl State {
    /// The number of threads that run a job or are about to look for one.
    fn active(&self) -> usize {
        // INVARIANT: each thread is counted as idle or as blocked at most once.
        self.threads - self.idle.len() - self.blocked
    }

    /// No thread is there, or about to come, that would take the next job.
    fn is_stranded(&self) -> bool {
        self.threads == self.blocked
    }

    fn wants_a_thread(&self) -> bool {
        !self.queue.is_empty() && self.active() < self.limit
    }

    /// There are fewer threads than the cap. The limit may be any number.
    fn may_grow(&self) -> bool {
        self.threads < self.limit.saturating_add(self.stand_ins)
    }

    /// An active thread may take the next job. After a blocked one has resumed, or the limit was
    /// lowered, there may be too many active ones.
    fn may_take_a_job(&self) -> bool {
        self.active() <= self.limit
    }

    /// A thread that has waited long enough, and still counts as idle, may end. It stays if a job
    /// came too late to notify it, or if all other threads are blocked and no other could start.
    fn should_retire(&self) -> bool {
        let is_last = self.threads == self.blocked + 1 && self.blocked >= self.stand_ins.max(1);
        !is_last && !self.wants_a_thread()
    }

    /// Asks for a thread that begins with the job that has this ticket, or with any if it is 0.
    fn grow(&mut self, ticket: u64) -> Next {
        self.threads += 1;
        self.coming += 1;
        Next::Spawn(ticket)
    }

    /// Finds a thread for the queue's next job, if the job needs one: an idle thread, or a new one.
    ///
    /// If a thread is on its way, that one calls the next when it has taken a job. So many jobs that
    /// come at once do not each look for a thread.
    fn find_a_thread(&mut self) -> Option<Next> {
        if self.coming > 0 || !self.wants_a_thread() {
            return None;
        }
        if let Some(parker) = self.idle.pop() {
            self.coming += 1;
            return Some(Next::Wake(parker));
        }
        self.may_grow().then(|| self.grow(0))
    }

    /// Takes the job with this ticket out of the queue, if it is there.
    fn take(&mut self, ticket: u64) -> Option<Arc<dyn Job>> {
        let found = self.queue.binary_search_by_key(&ticket, |(it, _)| *it);
        self.queue.remove(found.ok()?).map(|(_, job)| job)
    }

    /// Returns whether the queue has had the same first job for so long that threads should help.
    fn is_stalled(&mut self) -> bool {
        let Some((first, _)) = self.queue.front() else {
            return false;
        };
        match self.first_seen {
            Some((seen, since)) if seen == *first => since.elapsed() >= self.patience,
            _ => {
                self.first_seen = Some((*first, Instant::now()));
                false
            }
        }
    }

    /// Helps a job that the sleeper waits for, as the rules above say.
    fn help(&mut self, sleeper: &Sleeper<'_>, stalled: bool) -> Option<Next> {
        let queue = self.queue.iter();
        let mut polled = queue.filter(|(_, job)| job.is_polled_by(sleeper.wait));
        let ticket = polled.next()?.0;
        let may_run = polled.next().is_none() && !sleeper.has_deadline;
        if may_run && !sleeper.is_deep && sleeper.waits_for_one_thing() {
            self.first_seen = None;
            self.outside += usize::from(!sleeper.is_worker);
            return self.take(ticket).map(Next::Run);
        }
        let may_exceed = sleeper.is_worker || may_run;
        if may_exceed && stalled || may_run && sleeper.is_deep {
            self.first_seen = None;
            return Some(self.grow(ticket));
        }
        None
    }

    /// Unlocks the state after a change that may have made the pool quiet, and wakes those that wait
    /// for that. They look for themselves.
    fn unlock(mut state: MutexGuard<'_, Self>) {
        if state.watchers.is_empty() || !state.queue.is_empty() {
            return;
        }
        let watchers = mem::take(&mut state.watchers);
        drop(state);
        for waker in watchers.into_values() {
            // The code on this thread has nothing to do with that waker.
            swallow(|| waker.wake());
        }
    }
}

/// A thread that is about to sleep in a wait.
pub(crate) struct Sleeper<'p> {
    pub(crate) parker: &'p Arc<Parker>,
    /// The number of its wait, or 0 if that polled no job.
    pub(crate) wait: u64,
    pub(crate) is_worker: bool,
    pub(crate) has_deadline: bool,
    /// Too many jobs stand on its stack for one more.
    pub(crate) is_deep: bool,
    /// It counts as blocked.
    pub(crate) is_blocked: bool,
}

impl Sleeper<'_> {
    /// Returns whether the wait waits for one thing only, so that running a job on its stack keeps
    /// nothing else waiting.
    ///
    /// One owner of the parker is its level, one the waker there, and one whatever the wait waits
    /// for. If there are more owners, it waits for several things. Nobody polls anything with this
    /// waker while the thread is here, so there is no new owner. If an owner has woken the thread and
    /// has gone since, the parker is notified.
    fn waits_for_one_thing(&self) -> bool {
        let owners = Arc::strong_count(self.parker);
        // ORDERING: Acquire pairs with the decrement of an owner that has gone: it has woken the
        // thread before.
        fence(Ordering::Acquire);
        owners == 3 && !self.parker.is_notified()
    }
}

/// What has to happen once the state is unlocked: see [`Scheduler::carry_out`].
pub(crate) enum Next {
    /// Wake the idle thread that was taken off the list.
    Wake(Arc<Parker>),
    /// Start a thread, which is counted already. It begins with the job that has this ticket, also
    /// beyond the limit. With 0, or if that job has gone, it looks for one.
    Spawn(u64),
    /// Run this job on the thread that was about to sleep.
    Run(Arc<dyn Job>),
}

/// The threads of a pool, and the jobs that wait for one.
pub(crate) struct Scheduler {
    /// Protects every number, the queue, the list of idle threads and the watchers.
    state: Mutex<State>,
    /// Starts a thread that [works](Scheduler::work) on the job with this ticket. Returns whether the
    /// system grants it.
    start: Box<dyn Fn(u64) -> bool + Send + Sync>,
}

impl Scheduler {
    /// At most `limit` threads are active, and `stand_ins` more are there. Waiting threads help
    /// after `patience`.
    pub(crate) fn new(
        limit: usize,
        stand_ins: usize,
        patience: Duration,
        start: impl Fn(u64) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            state: Mutex::new(State {
                limit,
                stand_ins,
                patience,
                ..State::default()
            }),
            start: Box::new(start),
        }
    }

    /// Queues `job`, and sees to it that a thread takes it. Returns its ticket.
    pub(crate) fn submit(&self, job: Arc<dyn Job>) -> u64 {
        let mut state = self.state.lock();
        state.last_ticket += 1;
        let ticket = state.last_ticket;
        state.queue.push_back((ticket, job));
        let next = state.find_a_thread();
        drop(state);
        self.carry_out(next);
        ticket
    }

    /// Takes a job back that is still in the queue.
    pub(crate) fn remove(&self, ticket: u64) -> Option<Arc<dyn Job>> {
        let mut state = self.state.lock();
        let job = state.take(ticket);
        State::unlock(state);
        job
    }

    /// Takes a queued job back if no thread will come for it: it is to run where it is polled, which
    /// may be `on_a_worker`.
    pub(crate) fn take_if_stranded(&self, ticket: u64, on_a_worker: bool) -> Option<Arc<dyn Job>> {
        let mut state = self.state.lock();
        if !state.refused || state.threads - state.blocked > usize::from(on_a_worker) {
            return None;
        }
        let job = state.take(ticket)?;
        state.outside += usize::from(!on_a_worker);
        Some(job)
    }

    /// A job has ended on a thread that does not belong to the pool.
    pub(crate) fn end_outside(&self) {
        let mut state = self.state.lock();
        state.outside -= 1;
        State::unlock(state);
    }

    /// Does what `next` says.
    ///
    /// If the system refuses a thread, and no other will come, this has the futures of all queued
    /// jobs polled: each then runs its own job. Wakers are user code, which may poll on this thread.
    /// Returns `None` if nothing was refused, and otherwise whether it woke somebody.
    pub(crate) fn carry_out(&self, next: Option<Next>) -> Option<bool> {
        match next? {
            Next::Wake(parker) => parker.unpark(),
            Next::Spawn(ticket) if !(self.start)(ticket) => {
                return Some(self.do_without_a_thread());
            }
            _ => {}
        }
        None
    }

    fn do_without_a_thread(&self) -> bool {
        let mut state = self.state.lock();
        state.threads -= 1;
        state.coming -= 1;
        state.refused = true;
        let (mut idle, mut stranded) = (None, VecDeque::new());
        if state.is_stranded() {
            stranded.clone_from(&state.queue);
        } else if !state.idle.is_empty() {
            // It became idle meanwhile, and was not called because the new thread was on its way.
            idle = state.find_a_thread();
        }
        State::unlock(state);
        self.carry_out(idle);
        let nudge = |woken, (_, job): (_, Arc<dyn Job>)| job.nudge() | woken;
        stranded.into_iter().fold(false, nudge)
    }

    /// The life of a thread that was started: it runs the job with this ticket, if it is still
    /// queued, and then jobs of the queue, until it has waited for one in vain.
    pub(crate) fn work(&self, ticket: u64, run: impl Fn(Arc<dyn Job>)) {
        let parker = Arc::new(Parker::new());
        let mut state = self.state.lock();
        state.coming -= 1;
        state.refused = false;
        let mut job = state.take(ticket);
        loop {
            if job.is_none() && state.may_take_a_job() {
                job = state.queue.pop_front().map(|(_, job)| job);
            }
            if let Some(job) = job.take() {
                let next = state.find_a_thread();
                drop(state);
                // This thread is active, so no job is stranded.
                self.carry_out(next);
                run(job);
                state = self.state.lock();
                continue;
            }
            state.idle.push(parker.clone());
            State::unlock(state);
            let notified = parker.park(Some(Instant::now() + KEEP_ALIVE));
            if !notified {
                // For a model, which has no clock and could try this for ever.
                yield_now();
            }
            state = self.state.lock();
            let is_this = |idle: &Arc<Parker>| Arc::ptr_eq(idle, &parker);
            // If the thread was chosen when its time was up, the notification comes later, and ends
            // a later sleep too early.
            match state.idle.iter().position(is_this) {
                None => state.coming -= 1,
                Some(at) => {
                    let retires = !notified && state.should_retire();
                    state.idle.remove(at);
                    if retires {
                        state.threads -= 1;
                        return;
                    }
                }
            }
        }
    }

    /// A thread is about to sleep in a wait. Returns what is to happen first, and whether the thread
    /// is to look again, by calling this once more, after [`PATIENCE`].
    ///
    /// Unless it is to run a job, a pool thread counts as blocked until it [resumes](Self::resume).
    pub(crate) fn block(&self, sleeper: &mut Sleeper<'_>) -> (Option<Next>, bool) {
        let mut state = self.state.lock();
        let at_the_cap = sleeper.is_worker && state.idle.is_empty() && !state.may_grow();
        let waits_for_a_job = sleeper.wait != 0 && !state.queue.is_empty();
        let stalled = (waits_for_a_job || at_the_cap) && state.is_stalled();
        let mut next = None;
        if waits_for_a_job && (stalled || at_the_cap) {
            next = state.help(sleeper, stalled);
        }
        let blocks = sleeper.is_worker && !matches!(next, Some(Next::Run(_)));
        let was_blocked = mem::replace(&mut sleeper.is_blocked, blocks);
        state.blocked = state.blocked + usize::from(blocks) - usize::from(was_blocked);
        // The last one to block at the cap looks for all.
        let stands_still = at_the_cap && state.is_stranded();
        if next.is_none() && stands_still && stalled {
            state.first_seen = None;
            next = Some(state.grow(0));
        }
        let next = next.or_else(|| state.find_a_thread());
        (next, waits_for_a_job || stands_still)
    }

    /// A pool thread has slept. It goes on even if that makes one active thread too many, because
    /// its job may hold locks.
    pub(crate) fn resume(&self, sleeper: &Sleeper<'_>) {
        if sleeper.is_blocked {
            self.state.lock().blocked -= 1;
        }
    }

    /// Sets the limit, and finds a thread if it has risen. That thread calls the next one.
    pub(crate) fn set_limit(&self, limit: usize) {
        let mut state = self.state.lock();
        state.limit = limit;
        let next = state.find_a_thread();
        drop(state);
        self.carry_out(next);
    }

    pub(crate) fn stats(&self) -> OffloadStats {
        let state = self.state.lock();
        OffloadStats {
            queued: state.queue.len(),
            active: state.active(),
            blocked: state.blocked,
            idle: state.idle.len(),
            threads: state.threads,
            limit: state.limit,
        }
    }

    /// Returns whether no job is queued and none runs, apart from the caller's own: they stand on
    /// `own` of the pool's threads, or are `own` jobs on a thread outside the pool. If there are
    /// others, this leaves `waker` under `ticket`, which is 0 at first.
    pub(crate) fn is_quiet(&self, own: usize, ticket: &mut u64, waker: &Waker) -> bool {
        // Cloning and dropping a waker is user code, so the lock is free meanwhile.
        let waker = waker.clone();
        let mut state = self.state.lock();
        // A thread counts until it is idle.
        if state.queue.is_empty() && state.threads - state.idle.len() + state.outside <= own {
            return true;
        }
        if *ticket == 0 {
            state.last_ticket += 1;
            *ticket = state.last_ticket;
        }
        let stale = state.watchers.insert(*ticket, waker);
        drop(state);
        drop(stale);
        false
    }

    /// Drops the waker that [`is_quiet`](Self::is_quiet) has left.
    pub(crate) fn unwatch(&self, ticket: u64) {
        let waker = self.state.lock().watchers.remove(&ticket);
        drop_value(waker);
    }

    /// The numbers of threads, of those that are on their way, idle and blocked, and of queued jobs.
    #[cfg(all(test, smartasync_model))]
    pub(crate) fn counts(&self) -> [usize; 5] {
        let state = self.state.lock();
        [
            state.threads,
            state.coming,
            state.idle.len(),
            state.blocked,
            state.queue.len(),
        ]
    }
}

#[cfg(all(test, not(smartasync_model)))]
mod tests {
    use super::*;

    const STAND_INS: usize = 3;

    fn state(queued: usize, limit: usize, threads: usize, idle: usize, blocked: usize) -> State {
        struct Nothing;
        impl Job for Nothing {
            fn run(&self) {}
            fn nudge(&self) -> bool {
                false
            }
            fn is_polled_by(&self, _wait: u64) -> bool {
                false
            }
        }
        let queue = (0..queued)
            .map(|at| (at as u64, Arc::new(Nothing) as Arc<dyn Job>))
            .collect();
        let idle = (0..idle).map(|_| Arc::new(Parker::new())).collect();
        State {
            queue,
            threads,
            idle,
            blocked,
            limit,
            stand_ins: STAND_INS,
            patience: PATIENCE,
            ..State::default()
        }
    }

    #[test]
    fn a_blocked_thread_makes_room_for_another() {
        assert!(!state(1, 2, 2, 0, 0).wants_a_thread());
        assert!(state(1, 2, 2, 0, 1).wants_a_thread());
        assert!(!state(0, 2, 2, 0, 1).wants_a_thread());
    }

    #[test]
    fn a_thread_retires_when_it_waited_in_vain() {
        assert!(state(0, 2, 2, 1, 0).should_retire());
        assert!(!state(1, 2, 2, 1, 0).should_retire());
        assert!(!state(1, 1, 1, 1, 0).should_retire());
        assert!(state(1, 1, 2, 1, 0).should_retire());
    }

    #[test]
    fn the_last_thread_beside_so_many_blocked_ones_stays_whatever_the_limit() {
        for limit in [1, 2, 10] {
            assert!(!state(0, limit, STAND_INS + 1, 1, STAND_INS).should_retire());
            assert!(state(0, limit, STAND_INS, 1, STAND_INS - 1).should_retire());
            assert!(state(0, limit, STAND_INS + 1, 2, STAND_INS - 1).should_retire());
        }
        assert!(
            State {
                stand_ins: 0,
                ..state(0, 1, 1, 1, 0)
            }
            .should_retire()
        );
    }

    #[test]
    fn too_many_active_threads_take_no_more_jobs() {
        assert!(state(1, 2, 2, 0, 0).may_take_a_job());
        assert!(!state(1, 2, 3, 0, 0).may_take_a_job());
        assert!(state(1, 2, 3, 0, 1).may_take_a_job());
    }

    #[test]
    fn a_refused_thread_is_replaced_by_one_that_has_become_idle() {
        let state = State {
            coming: 1,
            ..state(1, 2, 2, 1, 0)
        };
        let idle = state.idle[0].clone();
        let scheduler = Scheduler {
            state: Mutex::new(state),
            start: Box::new(|_| false),
        };
        assert_eq!(scheduler.carry_out(Some(Next::Spawn(0))), Some(false));
        assert!(idle.take());
        let state = scheduler.state.into_inner();
        assert_eq!((state.threads, state.coming, state.idle.len()), (1, 1, 0));
    }

    #[test]
    fn the_pool_stops_growing_at_the_cap() {
        assert!(state(1, 2, 1 + STAND_INS, 0, 1 + STAND_INS).may_grow());
        assert!(!state(1, 2, 2 + STAND_INS, 0, 2 + STAND_INS).may_grow());
    }

    #[test]
    fn a_limit_may_be_any_number() {
        assert!(state(1, usize::MAX, 2 + STAND_INS, 0, 2 + STAND_INS).may_grow());
        assert!(state(0, usize::MAX, 2, 1, 1).should_retire());
    }
}
