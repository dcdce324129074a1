//! The cache of loops: one per thread, made at first use, used again, and cleared from any thread.
//!
//! A thread finds its own loop in a thread-local. The cache proper holds the halves that are `Send`, so that [`cached_loops`] can count
//! them and [`reset_smartasync_cache`] can drop them: the `thread_local` crate gives each thread a slot that others can enumerate. It keeps
//! a slot's value when its thread ends and hands it to a later thread. Nothing in [`Shared`] names a thread, so a recycled half
//! wakes the thread that uses it now.

use crate::context;
use crate::executor::{Loop, LoopId, Shared};
use crate::runtime;
use crate::sync::{Arc, Mutex};
use core::cell::RefCell;
use core::pin::{Pin, pin};
use std::panic::catch_unwind;
use std::rc::Rc;
use std::thread_local;
use std::time::Instant;
use thread_local::ThreadLocal;

/// One slot a thread. Each mutex protects whether the slot's loop is in the cache.
static CACHE: ThreadLocal<Mutex<Option<Arc<Shared>>>> = ThreadLocal::new();

thread_local! {
    static CURRENT: RefCell<Option<Owner>> = const { RefCell::new(None) };
}

/// Owns a loop for its thread. Its tasks end with it, also where they hold handles of each other.
struct Owner(Rc<Loop>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.tasks.clear();
    }
}

/// Calls `f` with this thread's loop, or returns `None` while the thread's locals are being destroyed.
#[inline]
pub(crate) fn with_current<T>(f: impl FnOnce(&Rc<Loop>) -> T) -> Option<T> {
    let found = CURRENT.try_with(|current| {
        // INVARIANT: only an ended loop is ever replaced, so nobody borrows the cell for writing while a loop runs.
        let mut on = current.borrow();
        if on.as_ref().is_none_or(|owner| owner.0.has_ended()) {
            drop(on);
            replace(current);
            on = current.borrow();
        }
        on.as_ref().map(|owner| f(&owner.0))
    });
    found.ok().flatten()
}

/// A loop for one use, where none can be kept.
pub(crate) fn temporary() -> Rc<Loop> {
    Rc::new(Loop::new(Arc::new(Shared::new())))
}

/// Puts a new loop in place of none, or of one that has ended. Takes over the half that an ended thread left in the slot.
#[cold]
#[inline(never)]
fn replace(current: &RefCell<Option<Owner>>) {
    // The thread's number in the cache is a thread-local of the `thread_local` crate, which panics if that is destroyed already. It can be so
    // where a thread waits for the first time in the destructor of a local. Then the loop is in no cache.
    let slot = catch_unwind(|| CACHE.get_or_default()).ok();
    let shared = match slot {
        Some(slot) => slot.lock().get_or_insert_with(|| Arc::new(Shared::new())).clone(),
        None => Arc::new(Shared::new()),
    };
    let ended = current.replace(Some(Owner(Rc::new(Loop::new(shared)))));
    // Dropped while nothing is borrowed: its tasks are user code.
    drop(ended);
}

/// Drives `future` on this thread's loop, inside the installed runtime, without asking whether this thread may block.
#[inline]
pub(crate) fn drive<F: Future>(future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
    match runtime::installed() {
        None => drive_here(future, deadline),
        Some(runtime) => drive_inside(runtime, future, deadline),
    }
}

#[inline]
fn drive_here<F: Future>(mut future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
    match with_current(|on| on.drive(future.as_mut(), deadline)) {
        Some(driven) => driven,
        None => temporary().drive(future, deadline),
    }
}

#[cold]
fn drive_inside<F: Future>(runtime: &dyn runtime::Runtime, mut future: Pin<&mut F>, deadline: Option<Instant>) -> Option<F::Output> {
    let mut driven = None;
    runtime.around_wait(&mut || {
        if driven.is_none() {
            driven = Some(drive_here(future.as_mut(), deadline));
        }
    });
    driven.expect("the installed Runtime's `around_wait` returned without calling `wait`")
}

/// Waits for `future` on this thread's loop and returns its output. What [`smart`](crate::smart)`(future).wait()` does, for when no
/// [`Call`](crate::Call) is at hand.
///
/// # Blocking
///
/// Parks this thread until the future is ready. Meanwhile the thread's [tasks](crate::spawn_local) run.
///
/// # Panics
///
/// In async code (see [`is_async_context`](crate::is_async_context)), and where the future panics; the loop stays usable.
///
/// # Examples
///
/// ```
/// assert_eq!(smartasync::block_on(async { 1 + 1 }), 2);
/// ```
#[track_caller]
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    context::refuse_in_async();
    wait_for(future.into_future())
}

/// Drives `future` to its end, without asking whether this thread may block.
#[inline]
pub(crate) fn wait_for<F: Future>(future: F) -> F::Output {
    let Some(output) = drive(pin!(future), None) else { unreachable!("there is no deadline") };
    output
}

/// The loop that this thread has, or `None` until its first wait on a future or its first [`spawn_local`](crate::spawn_local).
///
/// It stays the same until the cache is [reset](reset_smartasync_cache), and no two threads ever have the same.
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
    let current = CURRENT.try_with(|current| {
        let current = current.borrow();
        current.as_ref().filter(|owner| !owner.0.has_ended()).map(|owner| owner.0.id)
    });
    current.ok().flatten()
}

/// How many loops are in the cache, over all threads. The loop of an ended thread counts until a later thread takes it over or the
/// cache is reset.
///
/// # Examples
///
/// ```
/// smartasync::block_on(async {});
/// assert_eq!(smartasync::cached_loops(), 1);
/// ```
#[must_use]
pub fn cached_loops() -> usize {
    CACHE.iter().filter(|slot| slot.lock().is_some()).count()
}

/// Drops every idle loop of every thread from the cache. A running loop keeps running and leaves the cache. Call it between tests.
///
/// The next wait on a thread makes a new loop. Tasks of a dropped loop are dropped on their own thread: at once on this one, elsewhere
/// when that thread next uses its loop, or ends.
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
    for slot in CACHE.iter() {
        let cached = slot.lock().take();
        if let Some(shared) = cached {
            shared.retire();
        }
    }
    let ended = CURRENT.try_with(|current| {
        let has_ended = current.borrow().as_ref().is_some_and(|owner| owner.0.has_ended());
        if has_ended { current.take() } else { None }
    });
    // Dropped while nothing is borrowed: its tasks are user code.
    drop(ended);
}
