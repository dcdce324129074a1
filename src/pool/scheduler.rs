//! Which of the pool's threads does what: when one is started, who counts as active, when one
//! retires.
//!
//! A thread is idle (waits for a job), blocked (its job sleeps in a wait of this crate) or active
//! (everything else). At most `limit` threads take up jobs at once; a blocked one does not count,
//! so another may start in its place, up to a cap. At the cap a blocked thread runs the job that it
//! waits for itself, and no other: an unrelated job on its stack could deadlock on a lock that it
//! holds. Nor does it where its wait waits for anything else, too: what the job needs might be held
//! by a future that this wait would have to poll.
//!
//! So at the cap all may be blocked, and wait for what a queued job is to do. They may as well wait
//! for the network, and then need no more threads; nobody can tell. Hence, where all have been
//! blocked for [`PATIENCE`], one thread more starts, and so on: jobs that need each other
//! end, if slowly, and a thousand jobs that wait for the network do not make a thousand threads at
//! once. (The pool of .NET does the same.)
//!
//! Nothing here starts a thread or knows on which one it runs, so that a model can check it:
//! callers say both.

use crate::sync::{Arc, Mutex, Ordering, fence, yield_now};
use crate::thread::parker::Parker;
use core::task::Waker;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use std::vec::Vec;

/// How long an idle thread waits for a job before it ends.
const KEEP_ALIVE: Duration = Duration::from_secs(1);
/// How long all are blocked at the cap before one thread more starts.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

/// Something that a thread of the pool runs. It never panics.
pub(crate) trait Job: Send + Sync {
    fn run(self: Arc<Self>);

    /// Has the job's future polled, if the job still waits: no thread will come for it. Says
    /// whether somebody was woken for that.
    fn nudge(&self) -> bool;

    /// Says whether the job has not begun, and its future was polled last by who is woken with this
    /// waker.
    fn is_awaited_by(&self, waker: &Waker) -> bool;
}

/// A number that no other living job has, and that is not 0.
pub(crate) fn number(job: &Arc<dyn Job>) -> usize {
    Arc::as_ptr(job).addr()
}

struct State {
    queue: VecDeque<Arc<dyn Job>>,
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
    /// What the idle threads sleep on. The last one is notified first: its memory is warm still.
    idle: Vec<Arc<Parker>>,
    blocked: usize,
    /// How often a thread was the last to be blocked at the cap. The latest of them watches.
    watches: u64,
}

impl State {
    const fn new(limit: usize, stand_ins: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            limit,
            stand_ins,
            threads: 0,
            starting: 0,
            refused: false,
            waking: 0,
            idle: Vec::new(),
            blocked: 0,
            watches: 0,
        }
    }

    /// Threads that run a job or are about to look for one.
    fn active(&self) -> usize {
        // INVARIANT: each thread is counted as idle or as blocked at most once.
        self.threads - self.idle.len() - self.blocked
    }

    /// No thread is there, or may come, that would take up the next job.
    fn is_stranded(&self) -> bool {
        self.active() == 0 && self.idle.is_empty()
    }

    /// All threads are blocked, and there are so many that no other may start. (The limit may fall,
    /// so it does not count here.)
    fn stands_still(&self) -> bool {
        self.is_stranded() && self.threads >= self.stand_ins
    }

    fn wants_a_thread(&self) -> bool {
        !self.queue.is_empty() && self.active() < self.limit
    }

    /// A thread is on its way to the queue. When it has taken a job, it calls the next one; so of
    /// many jobs that come at once, each thread is called for once, and not each job for a
    /// thread.
    fn has_one_coming(&self) -> bool {
        self.waking > 0 || self.starting > 0
    }

    /// How many threads there may be, unless all stand still. The limit may be any number.
    fn cap(&self) -> usize {
        self.limit.saturating_add(self.stand_ins)
    }

    fn may_grow(&self) -> bool {
        self.threads < self.cap()
    }

    fn grow(&mut self) -> Next {
        self.threads += 1;
        self.starting += 1;
        Next::Spawn
    }

    /// An active thread may go on with the next job. After blocked ones resumed, or the limit fell,
    /// there may be too many.
    fn may_take_a_job(&self) -> bool {
        self.active() <= self.limit
    }

    /// A thread that has waited long enough, and counts as idle still, ends: unless a job came too
    /// late to notify it, or it is all that is left for the next one. Without it, all others
    /// would stand still, and none of them watches, since it was not the last to be blocked. The
    /// limit does not count here: it may fall when the thread is gone.
    fn should_retire(&self) -> bool {
        let last =
            self.blocked > 0 && self.threads == self.blocked + 1 && self.threads > self.stand_ins;
        !self.wants_a_thread() && !last
    }
}

/// What has to happen once the state is unlocked: see [`Scheduler::carry_out`].
#[must_use]
pub(crate) enum Next {
    Nothing,
    /// Wake the idle thread that was taken off the list.
    Wake(Arc<Parker>),
    /// Start a thread; it is counted already.
    Spawn,
}

/// The system refused a thread. Where no other will come, these are the jobs that wait for one.
#[must_use]
pub(crate) struct Refused(Vec<Arc<dyn Job>>);

impl Refused {
    /// Has the jobs' futures polled: each then runs its own job. Says whether somebody was woken.
    /// Wakers are user code, which may poll here.
    pub(crate) fn nudge(self) -> bool {
        self.0
            .into_iter()
            .fold(false, |woken, job| job.nudge() | woken)
    }
}

/// The threads of a pool, and the jobs that wait for one.
pub(crate) struct Scheduler {
    /// Protects every number, the queue and the list of the idle.
    state: Mutex<State>,
}

impl Scheduler {
    /// At most `limit` threads are active, and `stand_ins` more there.
    pub(crate) fn new(limit: usize, stand_ins: usize) -> Self {
        Self {
            state: Mutex::new(State::new(limit, stand_ins)),
        }
    }

    /// Queues `job`.
    pub(crate) fn submit(&self, job: Arc<dyn Job>) -> Next {
        let mut state = self.state.lock();
        state.queue.push_back(job);
        Self::find_a_thread(&mut state)
    }

    /// Finds a thread for the queue's next job: an idle one or a new one.
    fn find_a_thread(state: &mut State) -> Next {
        Self::find_a_thread_that_is_there(state).unwrap_or_else(|| {
            if state.may_grow() {
                state.grow()
            } else {
                Next::Nothing
            }
        })
    }

    /// Finds an idle thread for the queue's next job, if it needs one. `None` where there is none.
    fn find_a_thread_that_is_there(state: &mut State) -> Option<Next> {
        if !state.wants_a_thread() || state.has_one_coming() {
            return Some(Next::Nothing);
        }
        let parker = state.idle.pop()?;
        state.waking += 1;
        Some(Next::Wake(parker))
    }

    /// Does what `next` says; `start` starts a thread that [works](Scheduler::work). Says so where the
    /// system refuses it; the caller then [nudges](Refused::nudge).
    pub(crate) fn carry_out(&self, next: Next, start: impl FnOnce() -> bool) -> Option<Refused> {
        match next {
            Next::Nothing => return None,
            Next::Wake(parker) => {
                parker.unpark();
                return None;
            }
            Next::Spawn if start() => return None,
            Next::Spawn => {}
        }
        let mut state = self.state.lock();
        state.threads -= 1;
        state.starting -= 1;
        state.refused = true;
        // One that has become idle meanwhile was not called, since this one was on its way.
        let next = Self::find_a_thread_that_is_there(&mut state);
        let stranded: Vec<_> = if state.is_stranded() {
            state.queue.iter().cloned().collect()
        } else {
            Vec::new()
        };
        drop(state);
        if let Some(Next::Wake(parker)) = next {
            parker.unpark();
        }
        Some(Refused(stranded))
    }

    /// The life of a thread that was started: runs jobs until it has waited for one in vain.
    /// `start` starts another one.
    pub(crate) fn work(&self, run: impl Fn(Arc<dyn Job>), start: impl Fn() -> bool) {
        let parker = Arc::new(Parker::new());
        let mut state = self.state.lock();
        state.starting -= 1;
        state.refused = false;
        loop {
            if state.may_take_a_job() {
                if let Some(job) = state.queue.pop_front() {
                    let next = Self::find_a_thread(&mut state);
                    drop(state);
                    // This thread is active, so no job is stranded.
                    let _refused = self.carry_out(next, &start);
                    run(job);
                    state = self.state.lock();
                    continue;
                }
            }
            state.idle.push(parker.clone());
            drop(state);
            let notified = parker.park(Some(Instant::now() + KEEP_ALIVE));
            state = self.state.lock();
            if !notified {
                if let Some(place) = state
                    .idle
                    .iter()
                    .position(|idle| Arc::ptr_eq(idle, &parker))
                {
                    let retires = state.should_retire();
                    state.idle.remove(place);
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

    /// Takes the queued `job` back, if no thread will come for it: it is to be run where it is
    /// awaited, which may be `on_a_worker`.
    pub(crate) fn take_if_stranded(
        &self,
        job: &Arc<dyn Job>,
        on_a_worker: bool,
    ) -> Option<Arc<dyn Job>> {
        let mut state = self.state.lock();
        if !state.refused || state.active() > usize::from(on_a_worker) || !state.idle.is_empty() {
            return None;
        }
        let place = state
            .queue
            .iter()
            .position(|queued| Arc::ptr_eq(queued, job))?;
        state.queue.remove(place)
    }

    /// The job on this thread is about to sleep on `parker`, until `waker` wakes it, and has polled
    /// the job with the number `polled`: its place is free. With the number of a watch, it is
    /// to [look](Scheduler::look) after [`PATIENCE`]. Where no thread can come for the job that it waits
    /// for, and it waits for nothing else, that job comes back, to be run here.
    pub(crate) fn block(
        &self,
        parker: &Arc<Parker>,
        waker: &Waker,
        polled: usize,
    ) -> Result<(Next, Option<u64>), Arc<dyn Job>> {
        // One owner of the parker is its level, one the waker there, and one whatever the thread
        // waits for. Where there are more, it waits for several things. Nobody polls
        // anything with this waker while the thread sleeps, so that stays as it is. That the one is
        // a job that has kept the waker is not enough: an earlier wait of the thread may
        // have left it there, and locks may have been taken since. Nor is a single owner
        // left where another one has just woken the thread.
        let owners = Arc::strong_count(parker);
        // ORDERING: whoever was an owner and has woken the thread has done that before it went,
        // with a decrement that releases.
        fence(Ordering::Acquire);
        let waits_for_one = owners == 3 && !parker.is_notified();
        let mut state = self.state.lock();
        if waits_for_one && polled != 0 && state.idle.is_empty() && !state.may_grow() {
            let place = state
                .queue
                .iter()
                .position(|job| number(job) == polled && job.is_awaited_by(waker));
            if let Some(job) = place.and_then(|place| state.queue.remove(place)) {
                return Err(job);
            }
        }
        state.blocked += 1;
        let next = Self::find_a_thread(&mut state);
        let watch = state.stands_still().then(|| {
            state.watches += 1;
            state.watches
        });
        Ok((next, watch))
    }

    /// The thread that was the last to be blocked has waited for [`PATIENCE`]. Says what is to
    /// happen, and whether the thread is to look again.
    pub(crate) fn look(&self, watch: u64) -> (Next, bool) {
        let mut state = self.state.lock();
        if watch != state.watches || !state.stands_still() {
            // Another one watches, or is to, when it is the last to be blocked.
            return (Next::Nothing, false);
        }
        if state.queue.is_empty() {
            (Next::Nothing, true)
        } else {
            (state.grow(), true)
        }
    }

    /// The job on this thread was woken. It goes on even if that makes one active thread too many:
    /// it may hold locks.
    pub(crate) fn resume(&self) {
        self.state.lock().blocked -= 1;
    }

    pub(crate) fn set_limit(&self, limit: usize) {
        self.state.lock().limit = limit;
    }

    /// Finds one more thread, after the limit has risen. `None` when there is no more use for one,
    /// or no more to be had.
    pub(crate) fn grow(&self) -> Option<Next> {
        let mut state = self.state.lock();
        let before = state.active();
        let next = Self::find_a_thread(&mut state);
        (state.active() > before).then_some(next)
    }

    /// Threads, and those of them that are starting, idle and blocked, and jobs that wait.
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
            fn is_awaited_by(&self, _waker: &Waker) -> bool {
                false
            }
        }
        let queue = (0..queued)
            .map(|_| Arc::new(Nothing) as Arc<dyn Job>)
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
        let refused = scheduler.carry_out(Next::Spawn, || false);
        assert!(refused.is_some_and(|refused| refused.0.is_empty()));
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
