//! The loops: one per thread, made at first use, used again, and cleared from any thread.
//!
//! What a loop needs to be woken stands in a [`Slot`]. The `thread_local` crate gives each thread a
//! slot of the cache that others can enumerate, so that [`cached_loops`] can count the loops and
//! [`reset_smartasync_cache`] can end them. A slot lasts as long as the process: when its thread
//! has ended, it goes to a later one. Nothing in it names a thread.
//!
//! Beside it a thread has its tasks, which need not be `Send`, in a thread-local of its own, and,
//! in cells without a destructor, what a wait looks at: so a wait costs a few loads and stores.

use crate::context::{self, Nested, Stack};
use crate::executor::{self, Woken};
use crate::level::Level;
use crate::park;
use crate::pool;
use crate::runtime::{self, AlreadyInstalled, Runtime};
use crate::sync::{AtomicBool, Ordering};
use crate::task::Tasks;
use core::cell::{Cell, RefCell};
use core::num::NonZeroU64;
use core::pin::{Pin, pin};
use core::sync::atomic::AtomicU64;
use core::task::{Context, Poll};
use std::boxed::Box;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};
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

/// One slot a thread.
static CACHE: ThreadLocal<Slot> = ThreadLocal::new();

/// Slots beyond those of the cache, which are used again like them.
static SPARES: Mutex<Vec<&'static Slot>> = Mutex::new(Vec::new());

/// Protects what all slots say of themselves. A slot is in the cache before its thread locks this;
/// so either the thread sees the runtime that is being installed, or whoever installs it sees the
/// slot.
static CHANGING: Mutex<()> = Mutex::new(());

fn changing() -> MutexGuard<'static, ()> {
    CHANGING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a thread waits with. It is never freed, but goes to another thread when its owner ends.
struct Slot {
    /// The level of the outermost wait.
    level: Level,
    /// The woken tasks of the loop.
    woken: Woken,
    /// A thread uses it. The `thread_local` crate may give the slot of a thread to another while
    /// the first still ends.
    owned: AtomicBool,
}

impl Slot {
    fn new() -> Self {
        Self {
            level: Level::new(),
            woken: Woken::new(),
            owned: AtomicBool::new(false),
        }
    }

    /// Makes this thread the owner, unless there is one.
    fn claim(&self) -> bool {
        // ORDERING: pairs with the store in `release`: the former owner has done its last with the
        // slot.
        !self.owned.swap(true, Ordering::Acquire)
    }

    fn release(&self) {
        // ORDERING: see `claim`.
        self.owned.store(false, Ordering::Release);
    }
}

/// What a thread knows of its loop, beside the level of its next wait, which `context` knows.
struct Here {
    slot: Cell<Option<&'static Slot>>,
    /// The name of the loop.
    id: Cell<Option<LoopId>>,
    /// The thread has given its slot back, or could not get one any more, and begins no loop from
    /// now on.
    ended: Cell<bool>,
}

thread_local! {
    /// It has no destructor, so it can be read while a thread's other locals are being destroyed.
    static HERE: Here = const { Here { slot: Cell::new(None), id: Cell::new(None), ended: Cell::new(false) } };

    static OWNER: Owner = const { Owner { tasks: RefCell::new(None) } };
}

/// Owns the loop for its thread. The tasks end with it, also where they hold handles of each other.
struct Owner {
    tasks: RefCell<Option<Rc<Tasks>>>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(tasks) = self.tasks.take() {
            tasks.clear();
        }
        context::set_level(None);
        HERE.with(|here| {
            here.id.set(None);
            here.ended.set(true);
            if let Some(slot) = here.slot.take() {
                slot.release();
            }
        });
    }
}

impl Here {
    /// This thread's slot with a loop in it, new if need be; or `None` while the thread's locals
    /// are being destroyed.
    fn start(&self) -> Option<&'static Slot> {
        match self.slot.get() {
            // A loop that left the cache keeps running; it ends when it is idle.
            Some(slot) if slot.level.is_cached() || context::stack().waits() > 0 => Some(slot),
            known => self.begin(known),
        }
    }

    #[cold]
    #[inline(never)]
    fn begin(&self, known: Option<&'static Slot>) -> Option<&'static Slot> {
        let slot = match known {
            Some(slot) => {
                end_tasks();
                if slot.level.is_cached() {
                    // The destructor of a task has waited, and begun a new loop.
                    return Some(slot);
                }
                slot
            }
            None => {
                if self.ended.get() {
                    return None;
                }
                let Some(slot) = claim_slot() else {
                    // A later attempt could succeed, because the `thread_local` crate keeps the
                    // number that it cannot take back: the slot would be this
                    // thread's for good, and a wait that goes on would miss what is woken through
                    // it.
                    self.ended.set(true);
                    return None;
                };
                self.slot.set(Some(slot));
                context::set_level(Some(&slot.level));
                slot
            }
        };
        self.id.set(Some(LoopId::next()));
        let _changing = changing();
        slot.level.set_cached(true, runtime::is_installed());
        Some(slot)
    }
}

/// A slot of the cache for this thread. Not for one whose locals are being destroyed.
fn claim_slot() -> Option<&'static Slot> {
    // The thread's number in the cache is a thread-local of the `thread_local` crate, which panics
    // if that is destroyed already. It can be so where a thread waits for the first time in the
    // destructor of a local.
    let slot = catch_unwind(|| CACHE.get_or(Slot::new)).ok()?;
    // The owner gives the slot back. It is younger than the number, so where locals are destroyed
    // in the reverse order of their making, the slot is free before the number is another
    // thread's.
    OWNER.try_with(|_| ()).ok()?;
    Some(if slot.claim() { slot } else { claim_spare() })
}

/// A slot for a thread whose own is still in use by the one that had its number before: locals were
/// destroyed in another order.
#[cold]
fn claim_spare() -> &'static Slot {
    let mut spares = SPARES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(&spare) = spares.iter().find(|spare| spare.claim()) {
        return spare;
    }
    let spare: &'static Slot = Box::leak(Box::new(Slot::new()));
    spare.claim();
    spares.push(spare);
    spare
}

/// Calls `f` for each slot that there is.
fn for_each_slot(mut f: impl FnMut(&Slot)) {
    CACHE.iter().for_each(&mut f);
    SPARES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .for_each(|spare| f(spare));
}

/// Drops the tasks of a loop that has ended. They are user code, so nothing is borrowed.
fn end_tasks() {
    let tasks = OWNER.try_with(|owner| owner.tasks.take());
    if let Some(tasks) = tasks.ok().flatten() {
        tasks.clear();
    }
}

/// The tasks of this thread's loop, or `None` while the thread's locals are being destroyed.
pub(crate) fn tasks() -> Option<Rc<Tasks>> {
    let slot = HERE.with(Here::start)?;
    OWNER
        .try_with(|owner| {
            owner
                .tasks
                .borrow_mut()
                .get_or_insert_with(|| new_tasks(slot))
                .clone()
        })
        .ok()
}

#[cold]
#[inline(never)]
fn new_tasks(slot: &'static Slot) -> Rc<Tasks> {
    Rc::new(Tasks::new(&slot.woken))
}

/// The tasks of the loop that runs, if there were ever any.
pub(crate) fn running_tasks() -> Option<Rc<Tasks>> {
    OWNER
        .try_with(|owner| owner.tasks.borrow().clone())
        .ok()
        .flatten()
}

/// Gives each task that is ready a turn.
#[inline(never)]
pub(crate) fn run_ready_tasks() {
    if let Some(tasks) = running_tasks() {
        tasks.run_ready();
    }
}

/// Drives `future` on this thread's loop, in whatever way the thread is to wait, without asking
/// whether it may block.
#[cold]
#[inline(never)]
pub(crate) fn drive<F: Future>(future: F, deadline: Option<Instant>) -> Option<F::Output> {
    let Some(runtime) = runtime::installed() else {
        return drive_here(pin!(future), deadline);
    };
    let (mut future, mut driven) = (Some(future), None);
    runtime.around_wait(&mut || {
        // Taken, so that what is left of it is dropped inside the runtime, too.
        if let Some(future) = future.take() {
            driven = Some(drive_here(pin!(future), deadline));
        }
    });
    driven.expect("the installed Runtime's `around_wait` returned without calling `wait`")
}

/// Drives inside a wait that runs, or on a loop that may be new.
fn drive_here<F: Future>(future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
    let before = context::stack();
    if let Some(Nested { level, .. }) = &Nested::begin() {
        park::forget_job();
        return executor::drive(level, before, future, deadline);
    }
    let slot = HERE.with(Here::start);
    let _waiting = context::begin_wait();
    let fresh;
    let level = match slot {
        Some(slot) => &slot.level,
        // The thread is ending.
        None => {
            fresh = Level::new();
            &fresh
        }
    };
    park::forget_job();
    executor::drive(level, before, future, deadline)
}

/// [`drive`] to the end, but it panics in async code. With as few steps as can be where a wait
/// inside another one need not sleep.
#[inline(never)]
#[track_caller]
fn drive_if_allowed<F: Future>(future: F) -> F::Output {
    let Some(nested) = Nested::begin_usual() else {
        context::refuse_in_async();
        return drive_to_the_end(future);
    };
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(&nested.level.waker))
    {
        Poll::Ready(output) => output,
        Poll::Pending => sleep_and_drive(&nested, future),
    }
}

#[inline(never)]
fn drive_to_the_end<F: Future>(future: F) -> F::Output {
    to_the_end(drive(future, None))
}

/// Goes on after a first poll.
#[inline(never)]
fn sleep_and_drive<F: Future>(nested: &Nested, future: Pin<&mut F>) -> F::Output {
    park::forget_job();
    let before = context::stack().around_wait();
    // A thread of the pool polls once more instead: what it polls from here on is noted as what it
    // waits for.
    if !pool::is_worker() {
        executor::wait_for_notification(nested.level, before, None);
    }
    to_the_end(executor::drive(nested.level, before, future, None))
}

/// Waits for `future` on this thread's loop and returns its output. What
/// [`smart`](crate::smart)`(future).wait()` does, for when no [`Call`](crate::Call) is at hand.
///
/// # Blocking
///
/// Parks this thread until the future is ready. Meanwhile the thread's [tasks](crate::spawn_local)
/// run.
///
/// # Panics
///
/// In async code (see [`is_async_context`](crate::is_async_context)), and where the future panics;
/// the loop stays usable.
///
/// # Examples
///
/// ```
/// assert_eq!(smartasync::block_on(async { 1 + 1 }), 2);
/// ```
#[inline]
#[track_caller]
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let future = future.into_future();
    match context::begin_usual_wait() {
        Some((level, _waiting)) => {
            to_the_end(executor::drive(level, Stack::NOTHING, pin!(future), None))
        }
        None => drive_if_allowed(future),
    }
}

/// [`block_on`] for a caller that knows that this thread may block.
#[inline]
pub(crate) fn wait_for<F: Future>(future: F) -> F::Output {
    match context::begin_usual_wait() {
        Some((level, _waiting)) => {
            to_the_end(executor::drive(level, Stack::NOTHING, pin!(future), None))
        }
        None => drive_to_the_end(future),
    }
}

/// The output of a future that was driven without a deadline.
#[inline]
fn to_the_end<T>(driven: Option<T>) -> T {
    match driven {
        Some(output) => output,
        None => unreachable!("there is no deadline"),
    }
}

/// Installs `runtime` for the whole process. It stays for good.
///
/// # Errors
///
/// [`AlreadyInstalled`] if a runtime was installed before; the first one stays.
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
    let runtime = Box::new(runtime);
    let set = {
        let _changing = changing();
        let set = runtime::set(runtime);
        if set.is_ok() {
            // Each thread has to look at it from now on.
            for_each_slot(|slot| slot.level.set_cached(slot.level.is_cached(), true));
        }
        set
    };
    // A refused runtime is dropped here, where the mutex is free: its destructor, or a thread that
    // it waits for, may begin a loop.
    set.map_err(|_refused| AlreadyInstalled(()))
}

/// The loop that this thread has, or `None` until its first wait on a future or its first
/// [`spawn_local`](crate::spawn_local).
///
/// It stays the same until the cache is [reset](reset_smartasync_cache), and no two threads ever
/// have the same.
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
    HERE.with(|here| match here.slot.get() {
        // It has left the cache; while it runs, it is there all the same.
        Some(slot) if !slot.level.is_cached() && context::stack().waits() == 0 => None,
        _ => here.id.get(),
    })
}

/// How many loops are in the cache, over all threads. The loop of an ended thread counts until a
/// later thread takes it over or the cache is reset.
///
/// # Examples
///
/// ```
/// smartasync::block_on(async {});
/// assert_eq!(smartasync::cached_loops(), 1);
/// ```
#[must_use]
pub fn cached_loops() -> usize {
    let mut cached = 0;
    for_each_slot(|slot| cached += usize::from(slot.level.is_cached()));
    cached
}

/// Drops every idle loop of every thread from the cache. A running loop keeps running and leaves
/// the cache. Call it between tests.
///
/// The next wait on a thread makes a new loop. Tasks of a dropped loop are dropped on their own
/// thread: at once on this one, elsewhere when that thread next uses its loop, or ends.
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
    {
        let _changing = changing();
        for_each_slot(|slot| slot.level.set_cached(false, false));
    }
    if HERE.with(|here| here.slot.get().is_some()) && context::stack().waits() == 0 {
        end_tasks();
    }
}
