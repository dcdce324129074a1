//! Which of the pool's threads does what: when one starts, which jobs it runs, when it ends.
//!
//! A thread is *idle* if it waits for a job, *blocked* if its job sleeps in a wait of this crate, and
//! *active* otherwise. At most `limit` threads take jobs at once. A blocked thread does not count,
//! so another one may start in its place, up to a cap.
//!
//! The limit never stops the program. A thread that waits for a queued job looks from time to time
//! whether jobs leave the queue. If none did for [`PATIENCE`], and so perhaps none ever will, the
//! thread [helps](State::help):
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

use crate::sync::{Arc, Mutex, Ordering, fence, yield_now};
use crate::thread::parker::Parker;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use std::vec::Vec;

/// How long an idle thread waits for a job before it ends.
const KEEP_ALIVE: Duration = Duration::from_secs(1);
/// How long no job leaves the queue before those who wait for one help.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// Something that a thread of the pool runs. It never panics.
pub(crate) trait Job: Send + Sync {
    fn run(self: Arc<Self>);

    /// Has the job's future polled, if the job has not begun, because no thread will come for it.
    /// Returns whether it woke somebody for that.
    fn nudge(&self) -> bool;

    /// Returns whether the job has not begun, and the wait with this number polled it last.
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

struct State {
    /// The jobs that wait for a thread, each with its ticket, in the order of the tickets.
    queue: VecDeque<(u64, Arc<dyn Job>)>,
    last_ticket: u64,
    /// How many jobs have left the queue. Help for a job counts too.
    moves: u64,
    /// How many threads may be active.
    limit: usize,
    /// How many threads there may be beyond `limit`, to stand in for blocked ones.
    stand_ins: usize,
    threads: usize,
    /// Threads that were asked for and do not run yet. The system may still refuse them.
    starting: usize,
    /// The system has refused the last one.
    refused: bool,
    /// Threads that were idle until they were notified, and have not looked yet. They count as
    /// active.
    waking: usize,
    /// What the idle threads sleep on. The last one is notified first: its memory is still warm.
    idle: Vec<Arc<Parker>>,
    blocked: usize,
}

impl State {
    const fn new(limit: usize, stand_ins: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            last_ticket: 0,
            moves: 0,
            limit,
            stand_ins,
            threads: 0,
            starting: 0,
            refused: false,
            waking: 0,
            idle: Vec::new(),
            blocked: 0,
        }
    }

    /// The number of threads that run a job or are about to look for one.
    fn active(&self) -> usize {
        // INVARIANT: each thread is counted as idle or as blocked at most once.
        self.threads - self.idle.len() - self.blocked
    }

    /// No thread is there, or about to come, that would take the next job.
    fn is_stranded(&self) -> bool {
        self.active() == 0 && self.idle.is_empty()
    }

    fn wants_a_thread(&self) -> bool {
        !self.queue.is_empty() && self.active() < self.limit
    }

    /// A thread is on its way to the queue. When it has taken a job, it calls the next thread. So
    /// many jobs that come at once do not each look for a thread.
    fn has_one_coming(&self) -> bool {
        self.waking > 0 || self.starting > 0
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
        let is_last =
            self.blocked > 0 && self.threads == self.blocked + 1 && self.threads > self.stand_ins;
        !self.wants_a_thread() && !is_last
    }

    fn grow(&mut self, handed: Option<(u64, Arc<dyn Job>)>) -> Next {
        self.threads += 1;
        self.starting += 1;
        Next::Spawn(handed)
    }

    /// Finds a thread for the queue's next job: an idle one, or a new one.
    fn find_a_thread(&mut self) -> Next {
        match self.find_an_idle_thread() {
            Some(next) => next,
            None if self.may_grow() => self.grow(None),
            None => Next::Nothing,
        }
    }

    /// Finds an idle thread for the queue's next job, if the job needs one. `None` if no thread is
    /// idle.
    fn find_an_idle_thread(&mut self) -> Option<Next> {
        if !self.wants_a_thread() || self.has_one_coming() {
            return Some(Next::Nothing);
        }
        let parker = self.idle.pop()?;
        self.waking += 1;
        Some(Next::Wake(parker))
    }

    fn take(&mut self, at: usize) -> Option<(u64, Arc<dyn Job>)> {
        self.moves += 1;
        self.queue.remove(at)
    }

    fn position(&self, ticket: u64) -> Option<usize> {
        self.queue
            .binary_search_by_key(&ticket, |(ticket, _)| *ticket)
            .ok()
    }

    /// Helps a job that the sleeper waits for, as the rules above say. `stalled`: no job has left the
    /// queue for [`PATIENCE`].
    fn help(&mut self, sleeper: &Sleeper<'_>, stalled: bool) -> Option<Next> {
        let polled = |(_, job): &(u64, Arc<dyn Job>)| job.is_polled_by(sleeper.wait);
        let first = self.queue.iter().position(polled)?;
        let is_single = !self.queue.iter().skip(first + 1).any(polled);
        if is_single && sleeper.room == Room::OnThisStack && sleeper.waits_for_one_thing() {
            return self.take(first).map(|(_, job)| Next::Run(job));
        }
        let needs_a_stack = is_single && sleeper.room == Room::OnANewStack;
        let may_exceed = sleeper.is_worker || (is_single && sleeper.room != Room::None);
        if needs_a_stack || (stalled && may_exceed) {
            let handed = self.take(first);
            return Some(self.grow(handed));
        }
        None
    }
}

/// Where a thread that is about to sleep may run the job that it waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// On its stack.
    OnThisStack,
    /// On the stack of a new thread, because its own stack is full of jobs.
    OnANewStack,
    /// Nowhere: its wait has a deadline.
    None,
}

/// A thread that is about to sleep in a wait.
pub(crate) struct Sleeper<'p> {
    pub(crate) parker: &'p Arc<Parker>,
    /// The number of its wait, or 0 if that polled no job.
    pub(crate) wait: u64,
    pub(crate) is_worker: bool,
    pub(crate) room: Room,
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
#[must_use]
pub(crate) enum Next {
    Nothing,
    /// Wake the idle thread that was taken off the list.
    Wake(Arc<Parker>),
    /// Start a thread, which is counted already. It begins with this job, if there is one.
    Spawn(Option<(u64, Arc<dyn Job>)>),
    /// Run this job on the thread that was about to sleep.
    Run(Arc<dyn Job>),
}

/// The system refused a thread. If no other will come, these are the jobs that wait for one.
#[must_use]
pub(crate) struct Refused {
    stranded: Vec<Arc<dyn Job>>,
    /// The thread was to begin with a job, which is in the queue again.
    pub(crate) was_handed_a_job: bool,
}

impl Refused {
    /// Has the jobs' futures polled: each then runs its own job. Returns whether it woke somebody.
    /// Wakers are user code, which may poll on this thread.
    pub(crate) fn nudge(self) -> bool {
        self.stranded
            .into_iter()
            .fold(false, |woken, job| job.nudge() | woken)
    }
}

/// The threads of a pool, and the jobs that wait for one.
pub(crate) struct Scheduler {
    /// Protects every number, the queue and the list of idle threads.
    state: Mutex<State>,
}

impl Scheduler {
    /// At most `limit` threads are active, and `stand_ins` more are there.
    pub(crate) fn new(limit: usize, stand_ins: usize) -> Self {
        Self {
            state: Mutex::new(State::new(limit, stand_ins)),
        }
    }

    /// Queues `job`. Returns its ticket.
    pub(crate) fn submit(&self, job: Arc<dyn Job>) -> (u64, Next) {
        let mut state = self.state.lock();
        state.last_ticket += 1;
        let ticket = state.last_ticket;
        state.queue.push_back((ticket, job));
        (ticket, state.find_a_thread())
    }

    /// Takes a job back that is still in the queue.
    pub(crate) fn remove(&self, ticket: u64) -> Option<Arc<dyn Job>> {
        let mut state = self.state.lock();
        let at = state.position(ticket)?;
        state.queue.remove(at).map(|(_, job)| job)
    }

    /// Takes a queued job back if no thread will come for it: it is to run where it is polled, which
    /// may be `on_a_worker`.
    pub(crate) fn take_if_stranded(&self, ticket: u64, on_a_worker: bool) -> Option<Arc<dyn Job>> {
        let mut state = self.state.lock();
        if !state.refused || state.active() > usize::from(on_a_worker) || !state.idle.is_empty() {
            return None;
        }
        let at = state.position(ticket)?;
        state.take(at).map(|(_, job)| job)
    }

    /// Does what `next` says. `start` starts a thread that [works](Scheduler::work). If the system
    /// refuses it, the caller [nudges](Refused::nudge).
    pub(crate) fn carry_out(
        &self,
        next: Next,
        start: impl FnOnce(Option<Arc<dyn Job>>) -> bool,
    ) -> Option<Refused> {
        let handed = match next {
            Next::Spawn(handed) => handed,
            Next::Wake(parker) => {
                parker.unpark();
                return None;
            }
            Next::Nothing | Next::Run(_) => return None,
        };
        if start(handed.as_ref().map(|(_, job)| job.clone())) {
            return None;
        }
        let mut state = self.state.lock();
        state.threads -= 1;
        state.starting -= 1;
        state.refused = true;
        let was_handed_a_job = handed.is_some();
        if let Some((ticket, job)) = handed {
            let at = state.queue.partition_point(|(before, _)| *before < ticket);
            state.queue.insert(at, (ticket, job));
        }
        // A thread that became idle meanwhile was not called, because this one was on its way.
        let next = state.find_an_idle_thread();
        let stranded = if state.is_stranded() {
            state.queue.iter().map(|(_, job)| job.clone()).collect()
        } else {
            Vec::new()
        };
        drop(state);
        if let Some(Next::Wake(parker)) = next {
            parker.unpark();
        }
        Some(Refused {
            stranded,
            was_handed_a_job,
        })
    }

    /// The life of a thread that was started: it runs the job that was handed to it, and then jobs of
    /// the queue, until it has waited for one in vain. `start` starts another thread.
    pub(crate) fn work(
        &self,
        mut handed: Option<Arc<dyn Job>>,
        run: impl Fn(Arc<dyn Job>),
        start: impl Fn(Option<Arc<dyn Job>>) -> bool,
    ) {
        let parker = Arc::new(Parker::new());
        let mut state = self.state.lock();
        state.starting -= 1;
        state.refused = false;
        loop {
            if handed.is_none() && state.may_take_a_job() && !state.queue.is_empty() {
                handed = state.take(0).map(|(_, job)| job);
            }
            if let Some(job) = handed.take() {
                let next = state.find_a_thread();
                drop(state);
                // This thread is active, so no job is stranded.
                let _refused = self.carry_out(next, &start);
                run(job);
                state = self.state.lock();
                continue;
            }
            state.idle.push(parker.clone());
            drop(state);
            let notified = parker.park(Some(Instant::now() + KEEP_ALIVE));
            state = self.state.lock();
            if !notified {
                let is_this = |idle: &Arc<Parker>| Arc::ptr_eq(idle, &parker);
                if let Some(at) = state.idle.iter().position(is_this) {
                    let retires = state.should_retire();
                    state.idle.remove(at);
                    if retires {
                        state.threads -= 1;
                        return;
                    }
                    drop(state);
                    // For a model, which has no clock and could try this for ever.
                    yield_now();
                    state = self.state.lock();
                    continue;
                }
                // It was chosen at the last moment, and its notification is on the way.
                drop(state);
                parker.park(None);
                state = self.state.lock();
            }
            state.waking -= 1;
        }
    }

    /// A thread is about to sleep in a wait. Returns what is to happen first, and whether the thread
    /// is to look again, by calling this once more, after [`PATIENCE`].
    ///
    /// `stalled` is asked, with the number of jobs that have left the queue, whether none has for
    /// [`PATIENCE`]. Unless it is to run a job, a pool thread counts as blocked until it
    /// [resumes](Self::resume).
    pub(crate) fn block(
        &self,
        sleeper: &mut Sleeper<'_>,
        stalled: impl FnOnce(u64) -> bool,
    ) -> (Next, bool) {
        let mut state = self.state.lock();
        let at_the_cap = sleeper.is_worker && state.idle.is_empty() && !state.may_grow();
        let waits_for_a_job = sleeper.wait != 0 && !state.queue.is_empty();
        let stalled = (waits_for_a_job || at_the_cap) && stalled(state.moves);
        let mut next = None;
        if waits_for_a_job && (stalled || at_the_cap) {
            next = state.help(sleeper, stalled);
        }
        let blocks = sleeper.is_worker && !matches!(next, Some(Next::Run(_)));
        let was_blocked = core::mem::replace(&mut sleeper.is_blocked, blocks);
        state.blocked = state.blocked + usize::from(blocks) - usize::from(was_blocked);
        // The last one to block at the cap looks for all.
        let stands_still = at_the_cap && state.is_stranded();
        let next = match next {
            Some(next) => next,
            None if stands_still && stalled && !state.queue.is_empty() => {
                state.moves += 1;
                state.grow(None)
            }
            None if sleeper.is_worker => state.find_a_thread(),
            None => Next::Nothing,
        };
        (next, waits_for_a_job || stands_still)
    }

    /// A pool thread has slept. It goes on even if that makes one active thread too many, because
    /// its job may hold locks.
    pub(crate) fn resume(&self, sleeper: &Sleeper<'_>) {
        if sleeper.is_blocked {
            self.state.lock().blocked -= 1;
        }
    }

    pub(crate) fn set_limit(&self, limit: usize) {
        self.state.lock().limit = limit;
    }

    /// Finds one more thread, after the limit has risen. `None` if none is needed, or none is to be
    /// had.
    pub(crate) fn grow(&self) -> Option<Next> {
        let mut state = self.state.lock();
        let before = state.active();
        let next = state.find_a_thread();
        (state.active() > before).then_some(next)
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

    /// The numbers of threads, of those that are starting or waking, idle and blocked, and of queued
    /// jobs.
    #[cfg(all(test, smartasync_model))]
    pub(crate) fn counts(&self) -> [usize; 5] {
        let state = self.state.lock();
        [
            state.threads,
            state.starting + state.waking,
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
            fn run(self: Arc<Self>) {}
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
            ..State::new(limit, STAND_INS)
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
            starting: 1,
            ..state(1, 2, 2, 1, 0)
        };
        let idle = state.idle[0].clone();
        let scheduler = Scheduler {
            state: Mutex::new(state),
        };
        let refused = scheduler.carry_out(Next::Spawn(None), |_| false);
        assert!(refused.is_some_and(|refused| refused.stranded.is_empty()));
        assert!(idle.take());
        let state = scheduler.state.into_inner();
        assert_eq!(
            (
                state.threads,
                state.starting,
                state.waking,
                state.idle.len()
            ),
            (1, 0, 1, 0)
        );
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
