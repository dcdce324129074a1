//! The loops: each thread has one, made by its first wait, used again by the next, and cleared from
//! any thread.
//!
//! What others need of a loop stands in its [`LoopSlot`]. The `thread_local` crate gives each thread
//! a slot that other threads can enumerate, so that [`cached_loops`] can count the loops. A slot
//! lasts as long as the process. When its thread has ended, a later thread gets it, so nothing in it
//! names a thread.
//!
//! The tasks of a loop need not be `Send`, so they stand in a thread-local of their own,
//! [`OWNED_TASKS`]. Its destructor ends the loop with its thread. What each wait looks at stands in
//! [`THIS`], which has no destructor.

use crate::executor::level::Level;
use crate::executor::ready::Inbox;
use crate::executor::tasks::{self, Tasks};
use crate::executor::timers::Timers;
use crate::pool;
use crate::sync::{AtomicBool, Ordering};
use crate::thread::context::{self, Scope, Stack, Waiting};
use crate::thread::runtime::{self, AlreadyInstalled, Runtime};
use core::cell::{Cell, RefCell};
use core::num::NonZeroU64;
use core::sync::atomic::{AtomicU64, AtomicUsize};
use std::boxed::Box;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread_local;
use std::time::Instant;
use std::vec::Vec;
use thread_local::ThreadLocal;

/// Names the loop of one thread; see [`current_loop`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoopId(NonZeroU64);

impl LoopId {
    fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(NonZeroU64::MIN.saturating_add(LAST.fetch_add(1, Ordering::Relaxed)))
    }
}

/// The slots of all threads, but for those in [`EXTRA_SLOTS`].
static CACHE: ThreadLocal<LoopSlot> = ThreadLocal::new();

/// The slots of threads whose slot in [`CACHE`] another thread still uses. The lock also protects
/// the status of every slot: a slot is in one of the two before its status changes. So either its
/// thread sees the runtime that is being installed, or whoever installs it sees the slot.
static EXTRA_SLOTS: Mutex<Vec<&'static LoopSlot>> = Mutex::new(Vec::new());

/// Locks the status of every slot.
fn extra_slots() -> MutexGuard<'static, Vec<&'static LoopSlot>> {
    EXTRA_SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `change` with the status of every slot, and keeps what it returns.
fn change_each(change: impl Fn(usize) -> usize) {
    let extra = extra_slots();
    for slot in CACHE.iter().chain(extra.iter().copied()) {
        slot.status.store(
            change(slot.status.load(Ordering::Relaxed)),
            Ordering::Relaxed,
        );
    }
}

// The status of a slot. It is the one place that knows whether a loop is in the cache. It repeats
// that a runtime is installed, so that the usual wait looks at one number.
// ORDERING: Relaxed everywhere. The status says what to look at, and publishes nothing.
/// The loop is in the cache, and no runtime is installed.
const USUAL: usize = 0;
/// The loop is in the cache, and a runtime is installed.
const INSTALLED: usize = 1;
/// There is no loop, or it has left the cache. The thread begins a new one when it next waits with
/// nothing running.
const NOT_CACHED: usize = 2;

/// What a thread waits with. It is never freed, but goes to another thread when its owner ends.
struct LoopSlot {
    /// The level of the outermost wait.
    level: Level,
    /// The woken tasks of the loop.
    inbox: Inbox,
    /// The timers of the futures that the loop polls. The waits of its thread serve them.
    timers: Timers,
    status: AtomicUsize,
    /// A thread uses the slot. If locals are destroyed in an unusual order, the `thread_local` crate
    /// gives the slot of a thread to another one while the first still waits in a destructor.
    owned: AtomicBool,
}

impl LoopSlot {
    fn new() -> Self {
        Self {
            level: Level::new(),
            inbox: Inbox::new(),
            timers: Timers::new(),
            status: AtomicUsize::new(NOT_CACHED),
            owned: AtomicBool::new(false),
        }
    }

    /// Takes the slot for this thread, if no thread uses it.
    fn claim(&self) -> bool {
        // ORDERING: Acquire pairs with the store in `OwnedTasks::drop`: the former owner is done.
        !self.owned.swap(true, Ordering::Acquire)
    }

    fn is_cached(&self) -> bool {
        self.status.load(Ordering::Relaxed) != NOT_CACHED
    }
}

/// What a thread knows of its loop.
struct ThisLoop {
    slot: Cell<Option<&'static LoopSlot>>,
    /// The level of the innermost wait or, between waits, of the next outermost one.
    level: Cell<Option<&'static Level>>,
    id: Cell<Option<LoopId>>,
    /// The thread is ending. It has given its slot back, or could not get one, and begins no loop.
    ended: Cell<bool>,
    /// The loop may have timers.
    has_timers: Cell<bool>,
}

thread_local! {
    static THIS: ThisLoop = const {
        ThisLoop {
            slot: Cell::new(None),
            level: Cell::new(None),
            id: Cell::new(None),
            ended: Cell::new(false),
            has_timers: Cell::new(false),
        }
    };

    static OWNED_TASKS: OwnedTasks = const { OwnedTasks(RefCell::new(None)) };
}

/// Owns the tasks of this thread's loop. They end with the thread, also if they hold handles of each
/// other.
struct OwnedTasks(RefCell<Option<Rc<Tasks>>>);

impl Drop for OwnedTasks {
    fn drop(&mut self) {
        if let Some(tasks) = self.0.take() {
            tasks.clear();
        }
        THIS.with(|this| {
            this.id.set(None);
            this.level.set(None);
            this.ended.set(true);
            if let Some(slot) = this.slot.take() {
                // ORDERING: Release pairs with the swap in `LoopSlot::claim`.
                slot.owned.store(false, Ordering::Release);
            }
        });
    }
}

impl ThisLoop {
    /// This thread's slot, with a loop in it that may be new. `None` if the thread is ending.
    fn start(&self) -> Option<&'static LoopSlot> {
        match self.slot.get() {
            // A loop that left the cache keeps running. It ends when it is idle.
            Some(slot) if slot.is_cached() || context::stack().has_wait() => Some(slot),
            known => self.begin(known),
        }
    }

    #[cold]
    #[inline(never)]
    fn begin(&self, known: Option<&'static LoopSlot>) -> Option<&'static LoopSlot> {
        let slot = match known {
            Some(slot) => {
                end_tasks();
                if slot.is_cached() {
                    // The destructor of a task has waited, and has begun a new loop.
                    return Some(slot);
                }
                slot
            }
            None => {
                let slot = if self.ended.get() { None } else { claim_slot() };
                // A later attempt could succeed, because the `thread_local` crate keeps a number
                // that it cannot take back. Then a wait that runs already would miss what is woken
                // through the slot. So the first failure is final.
                self.ended.set(slot.is_none());
                self.slot.set(slot);
                self.level.set(slot.map(|slot| &slot.level));
                slot?
            }
        };
        self.id.set(Some(LoopId::next()));
        let _locked = extra_slots();
        let status = if runtime::installed().is_some() {
            INSTALLED
        } else {
            USUAL
        };
        slot.status.store(status, Ordering::Relaxed);
        Some(slot)
    }
}

/// A slot for this thread. `None` if the locals of the thread are being destroyed.
fn claim_slot() -> Option<&'static LoopSlot> {
    // The thread's number in the cache is a thread-local of the `thread_local` crate, which panics
    // if that is destroyed already. That happens if a thread waits for the first time in the
    // destructor of a local.
    let slot = catch_unwind(|| CACHE.get_or(LoopSlot::new)).ok()?;
    // This destructor gives the slot back. It is younger than the number, so in the usual order of
    // destruction the slot is free before another thread gets the number.
    OWNED_TASKS.try_with(|_| ()).ok()?;
    if slot.claim() {
        return Some(slot);
    }
    // The order was unusual. A slot of an earlier time like this may be free again.
    let mut extra = extra_slots();
    let free = extra.iter().copied().find(|slot| slot.claim());
    Some(free.unwrap_or_else(|| {
        let new: &LoopSlot = Box::leak(Box::new(LoopSlot::new()));
        new.claim();
        extra.push(new);
        new
    }))
}

/// Drops the tasks of a loop that has ended. They are user code, so nothing is borrowed meanwhile.
fn end_tasks() {
    let tasks = OWNED_TASKS.try_with(|owned| owned.0.take());
    if let Some(tasks) = tasks.ok().flatten() {
        tasks.clear();
    }
}

/// Drops the tasks that a job of the pool has left. Without any, their slots stay for the next job.
fn end_unfinished_tasks() {
    if tasks::has_unfinished() {
        end_tasks();
    }
}

/// The tasks of this thread's loop. `None` if the thread is ending.
pub(crate) fn tasks() -> Option<Rc<Tasks>> {
    let slot = THIS.with(ThisLoop::start)?;
    let new = || {
        pool::at_end_of_jobs(end_unfinished_tasks);
        Rc::new(Tasks::new(&slot.inbox))
    };
    OWNED_TASKS
        .try_with(|owned| owned.0.borrow_mut().get_or_insert_with(new).clone())
        .ok()
}

/// The tasks of this thread's loop, if there was ever one.
pub(crate) fn running_tasks() -> Option<Rc<Tasks>> {
    OWNED_TASKS
        .try_with(|owned| owned.0.borrow().clone())
        .ok()
        .flatten()
}

/// The timers of this thread's loop, for a future that is polled with `waker`. `None` if that is not
/// the waker with which the loop polls now: then another executor may block the thread, so that the
/// loop could not serve the timer.
pub(crate) fn own_timers(waker: &Waker) -> Option<&'static Timers> {
    THIS.with(|this| {
        let slot = this.slot.get()?;
        let level = this.level.get()?;
        let is_own = context::stack().has_wait()
            && (level.waker.will_wake(waker)
                || running_tasks().is_some_and(|tasks| tasks.polls_with(waker)));
        this.has_timers.set(this.has_timers.get() || is_own);
        is_own.then_some(&slot.timers)
    })
}

/// Wakes the timers of this thread's loop that are due. Returns when the next one is.
pub(crate) fn wake_timers() -> Option<Instant> {
    THIS.with(|this| {
        if !this.has_timers.get() {
            return None;
        }
        let next = this.slot.get()?.timers.wake_due();
        this.has_timers.set(next.is_some());
        next
    })
}

/// A wait of this thread, outermost or nested. It ends when this is dropped.
pub(crate) struct Wait {
    /// What it sleeps on. `None` if the thread is ending, and has no loop any more.
    pub(crate) level: Option<&'static Level>,
    /// The level that was there before.
    around: Option<&'static Level>,
    waiting: Waiting,
}

impl Wait {
    #[inline]
    pub(crate) fn begin() -> Self {
        THIS.with(|this| {
            let stack = context::stack();
            let (level, around) = if stack.has_wait() {
                let around = this.level.get();
                let level = around.map(Level::inner);
                this.level.set(level);
                (level, around)
            } else {
                let level = this.start().map(|slot| &slot.level);
                (level, level)
            };
            Self {
                level,
                around,
                waiting: context::enter_wait(stack),
            }
        })
    }

    /// What stood on the stack before the wait began.
    #[inline]
    pub(crate) const fn before(&self) -> Stack {
        self.waiting.former
    }
}

impl Drop for Wait {
    #[inline]
    fn drop(&mut self) {
        THIS.with(|this| this.level.set(self.around));
    }
}

/// Begins the usual wait, which lasts until the scope is dropped: nothing stands on the stack, the
/// thread has a loop in the cache, no runtime is installed, and tokio runs no task here.
#[inline]
pub(crate) fn begin_usual_wait() -> Option<(&'static Level, Scope)> {
    let slot = THIS.with(|this| this.slot.get())?;
    let status = slot.status.load(Ordering::Relaxed);
    let scope = context::enter_outermost_wait(status)?;
    // A call into tokio, so it comes last. Other waits do not need it here.
    if context::is_tokio_task() {
        return None;
    }
    Some((&slot.level, scope))
}

/// Installs `runtime` for the whole process. It stays for good.
///
/// # Errors
///
/// [`AlreadyInstalled`] if a runtime was installed before. The first one stays.
///
/// # Examples
///
/// ```
/// struct Plain;
/// impl smartasync::Runtime for Plain {}
///
/// assert!(smartasync::install_runtime(Plain).is_ok());
/// assert!(smartasync::install_runtime(Plain).is_err());
/// ```
pub fn install_runtime(runtime: impl Runtime) -> Result<(), AlreadyInstalled> {
    runtime::set(Box::new(runtime)).map_err(|_refused| AlreadyInstalled(()))?;
    change_each(|status| if status == USUAL { INSTALLED } else { status });
    Ok(())
}

/// The loop of this thread. `None` until its first wait on a future or its first
/// [`spawn_local`](crate::spawn_local).
///
/// It stays the same until the cache is [reset](reset_smartasync_cache). No two threads ever have
/// the same loop.
///
/// # Examples
///
/// ```
/// use smartasync::{block_on, current_loop};
///
/// assert_eq!(current_loop(), None);
/// block_on(async {});
/// let first = current_loop();
/// block_on(async {});
/// assert_eq!(current_loop(), first);
/// assert!(first.is_some());
/// ```
#[must_use]
pub fn current_loop() -> Option<LoopId> {
    THIS.with(|this| match this.slot.get() {
        // It has left the cache, but it is there while it runs.
        Some(slot) if !slot.is_cached() && !context::stack().has_wait() => None,
        _ => this.id.get(),
    })
}

/// How many loops are in the cache, over all threads.
///
/// The loop of an ended thread counts until a later thread takes it over or the cache is
/// [reset](reset_smartasync_cache).
///
/// # Examples
///
/// ```
/// smartasync::block_on(async {});
/// assert_eq!(smartasync::cached_loops(), 1);
/// ```
#[must_use]
pub fn cached_loops() -> usize {
    let extra = extra_slots();
    CACHE
        .iter()
        .chain(extra.iter().copied())
        .filter(|slot| slot.is_cached())
        .count()
}

/// Drops every idle loop of every thread from the cache. A running loop keeps running, and leaves
/// the cache. Call it between tests.
///
/// The next wait on a thread makes a new loop. The tasks of a dropped loop are dropped on their own
/// thread: at once on this thread, and on another one when it next uses its loop, or ends.
///
/// # Examples
///
/// ```
/// use smartasync::{block_on, cached_loops, current_loop, reset_smartasync_cache};
///
/// block_on(async {});
/// reset_smartasync_cache();
/// assert_eq!((cached_loops(), current_loop()), (0, None));
/// ```
pub fn reset_smartasync_cache() {
    change_each(|_| NOT_CACHED);
    if THIS.with(|this| this.slot.get().is_some()) && !context::stack().has_wait() {
        end_tasks();
    }
}

#[cfg(all(test, not(smartasync_model)))]
mod tests {
    use super::*;
    use std::{ptr, thread};

    #[test]
    fn threads_whose_slot_is_still_used_share_a_slot_that_everybody_sees() {
        let wait_on_such_a_thread = || {
            let thread = thread::spawn(|| {
                let own = CACHE.get_or(LoopSlot::new);
                assert!(own.claim());
                drop(Wait::begin());
                own.owned.store(false, Ordering::Release);
                let slot = THIS.with(|this| this.slot.get()).unwrap();
                assert!(extra_slots().iter().any(|extra| ptr::eq(*extra, slot)));
                assert!(slot.is_cached());
                slot
            });
            thread.join().unwrap()
        };
        let first = wait_on_such_a_thread();
        assert!(ptr::eq(wait_on_such_a_thread(), first));
    }
}
