//! The loop of one thread: drives the future that the thread waits for, and the tasks that were spawned on it.
//!
//! A loop has two halves. [`Loop`] stays on its thread: its futures need not be `Send`. [`Shared`] is what other threads may touch: the
//! queue of woken tasks. The cache holds that half.

use crate::context::{self, Mark};
use crate::park::{self, Parker};
use crate::sync::{Arc, AtomicBool, Mutex, Ordering};
use crate::task::Tasks;
use core::cell::{Cell, RefCell};
use core::pin::Pin;
use core::sync::atomic::AtomicU64;
use core::task::{Context, Poll};
use std::task::Waker;
use std::time::Instant;
use std::vec::Vec;

/// Names the loop of one thread; see [`current_loop`](crate::current_loop).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoopId(u64);

impl LoopId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// The half of a loop that other threads may touch.
pub(crate) struct Shared {
    /// Protects the queue that wakers of tasks push to, from any thread.
    woken: Mutex<Woken>,
    /// Set when the loop has left the cache: its thread takes a new one when it next waits.
    retired: AtomicBool,
}

struct Woken {
    tasks: Vec<usize>,
    /// Whom to unpark when a task is woken. It is there only while the loop's thread sleeps.
    sleeper: Option<Arc<Parker>>,
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self { woken: Mutex::new(Woken { tasks: Vec::new(), sleeper: None }), retired: AtomicBool::new(false) }
    }

    pub(crate) fn retire(&self) {
        // ORDERING: Relaxed; the flag is advice, and publishes nothing.
        self.retired.store(true, Ordering::Relaxed);
    }

    #[inline]
    fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Relaxed)
    }

    /// Queues a woken task.
    ///
    /// Not lost: either the push comes before the loop's last look at the queue, in `prepare_to_sleep`, under the same mutex: then it
    /// does not sleep. Or it comes after: then the sleeper is there, and is unparked.
    pub(crate) fn push_woken(&self, task: usize) {
        let mut woken = self.woken.lock();
        woken.tasks.push(task);
        let sleeper = woken.sleeper.take();
        drop(woken);
        if let Some(sleeper) = sleeper {
            sleeper.unpark();
        }
    }

    /// Moves the woken tasks to `ready`.
    pub(crate) fn take_woken(&self, ready: &mut impl Extend<usize>) {
        ready.extend(self.woken.lock().tasks.drain(..));
    }

    /// Says whether `parker` may sleep: no task is woken. Who wakes one from now on unparks it.
    pub(crate) fn prepare_to_sleep(&self, parker: &Arc<Parker>) -> bool {
        let mut woken = self.woken.lock();
        let may_sleep = woken.tasks.is_empty();
        if may_sleep {
            woken.sleeper = Some(parker.clone());
        }
        may_sleep
    }

    pub(crate) fn forget_sleeper(&self) {
        let sleeper = self.woken.lock().sleeper.take();
        drop(sleeper);
    }
}

/// The parker of one wait and its waker. Waits that nest on a thread have one each, so none eats a wake-up of another.
struct Level {
    parker: Arc<Parker>,
    waker: Waker,
}

impl Level {
    fn new() -> Self {
        let parker = Arc::new(Parker::new());
        Self { waker: Waker::from(parker.clone()), parker }
    }
}

/// Counts a running wait until it ends, by return or by panic.
struct Running<'l> {
    on: &'l Loop,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.on.depth.set(self.on.depth.get() - 1);
    }
}

/// A level that a nested wait has borrowed from its loop.
struct Nested<'l> {
    on: &'l Loop,
    level: Option<Level>,
}

impl Drop for Nested<'_> {
    fn drop(&mut self) {
        self.on.spare_levels.borrow_mut().extend(self.level.take());
    }
}

/// The half of a loop that stays on its thread.
pub(crate) struct Loop {
    pub(crate) id: LoopId,
    pub(crate) shared: Arc<Shared>,
    pub(crate) tasks: Tasks,
    /// How many waits run on this loop, one inside the other.
    depth: Cell<usize>,
    /// The level of the outermost wait.
    outermost: Level,
    /// Levels of ended nested waits, for the next ones.
    spare_levels: RefCell<Vec<Level>>,
}

impl Loop {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            id: LoopId::next(),
            tasks: Tasks::new(shared.clone()),
            shared,
            depth: Cell::new(0),
            outermost: Level::new(),
            spare_levels: RefCell::new(Vec::new()),
        }
    }

    /// A loop that left the cache keeps running; it has ended when it is idle.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.shared.is_retired() && self.depth.get() == 0
    }

    /// Polls `future` until it is ready, or gives up at `deadline`; sleeps whenever there is nothing to do, and runs the loop's tasks
    /// in between. A future that is woken all the time does not starve the tasks, nor the tasks it.
    #[inline]
    pub(crate) fn drive<F: Future>(&self, future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
        let depth = self.depth.get();
        self.depth.set(depth + 1);
        let _running = Running { on: self };
        if depth == 0 {
            return self.drive_with(&self.outermost, future, deadline);
        }
        self.drive_nested(future, deadline)
    }

    #[cold]
    fn drive_nested<F: Future>(&self, future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
        let level = self.spare_levels.borrow_mut().pop().unwrap_or_else(Level::new);
        let nested = Nested { on: self, level: Some(level) };
        let Some(level) = &nested.level else { unreachable!("it is given back when it is dropped") };
        self.drive_with(level, future, deadline)
    }

    #[inline]
    fn drive_with<F: Future>(&self, level: &Level, mut future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
        let mut cx = Context::from_waker(&level.waker);
        loop {
            {
                let _polling = context::enter(Mark::Async);
                if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                    return Some(output);
                }
            }
            if !self.wait_for_notification(&level.parker, deadline) {
                return None;
            }
        }
    }

    /// Gives each ready task a turn, then takes the parker's notification, for which it sleeps if it has to. Returns `false` at the
    /// deadline.
    #[inline]
    fn wait_for_notification(&self, parker: &Arc<Parker>, deadline: Option<Instant>) -> bool {
        loop {
            if !self.tasks.is_empty() {
                self.tasks.run_ready();
            }
            // A future that wakes itself in each poll never sleeps, so the deadline comes first.
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return false;
            }
            if parker.take() || self.sleep(parker, deadline) {
                return true;
            }
        }
    }

    /// Sleeps until `parker` is notified, a task is woken or the deadline has come. Says whether the parker was notified.
    #[inline(never)]
    fn sleep(&self, parker: &Arc<Parker>, deadline: Option<Instant>) -> bool {
        if self.tasks.is_empty() {
            return park::park(parker, deadline);
        }
        if self.tasks.has_ready() || !self.shared.prepare_to_sleep(parker) {
            return false;
        }
        let notified = park::park(parker, deadline);
        self.shared.forget_sleeper();
        notified
    }
}
