//! A wait, from its beginning to its end: what kind of wait it is, and how it drives its future.
//!
//! Every wait comes through [`wait_until`] or through [`wait`] above it, and is driven by
//! [`drive`]. The usual wait, which is the outermost one of a thread with a loop and without a
//! runtime, begins in [`begin_usual_wait`]. All others begin in [`Wait::begin`].

use crate::executor::level::Level;
use crate::executor::loops::{self, Wait, begin_usual_wait};
use crate::executor::tasks;
use crate::pool;
use crate::sync::panics::Panics;
use crate::thread::context::{self, Stack, allow_blocking};
use crate::thread::runtime::{self, Runtime};
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use std::time::{Duration, Instant};

/// How many waits of a thread may nest before one lets its tasks wait: see [`sleep_alone`].
const DEEPEST: u32 = 64;
/// How long such a wait sleeps before it gives them a turn after all.
const PATIENCE: Duration = Duration::from_millis(100);

/// Waits for `future` on this thread's loop and returns its output.
///
/// It does what [`smart`](crate::smart)`(future).wait()` does, without a [`Call`](crate::Call).
///
/// # Blocking
///
/// Parks this thread until the future is ready. Meanwhile the thread's
/// [tasks](crate::spawn_local) run.
///
/// # Panics
///
/// In async code (see [`is_async_context`](crate::is_async_context)), and if the future panics. The
/// loop stays usable.
///
/// # Examples
///
/// ```
/// assert_eq!(smartasync::block_on(async { 1 + 1 }), 2);
/// ```
#[cfg_attr(not(debug_assertions), inline(always))]
#[track_caller]
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    wait(pin!(Some(future.into_future())), true)
}

/// Waits for the future in `place`. If `asks`, it panics in async code; without, the caller knows
/// that this thread may block.
///
/// The caller has pinned the future, because each function that gets it by value would need stack
/// for another copy. It is an `Option`, so that a wait inside a runtime can drop it there.
#[cfg_attr(not(debug_assertions), inline(always))]
#[track_caller]
pub(crate) fn wait<F: Future>(place: Pin<&mut Option<F>>, asks: bool) -> F::Output {
    let output = match begin_usual_wait() {
        // The future is dropped after that, as sync code.
        Some((level, _scope)) => {
            let future = place.as_pin_mut().expect(NO_FUTURE);
            drive(Some(level), Stack::NOTHING, future, None)
        }
        None => {
            if asks {
                context::refuse_in_async();
            }
            wait_until(place, None)
        }
    };
    output.expect(NO_DEADLINE)
}

const NO_FUTURE: &str = "a wait begins with a future";
const NO_DEADLINE: &str = "a wait without a deadline lasts until the future is ready";

/// Waits for the future in `place`, in whatever way this thread has to wait. Returns `None` if the
/// future is not ready at `deadline`.
#[inline(never)]
pub(crate) fn wait_until<F: Future>(
    place: Pin<&mut Option<F>>,
    deadline: Option<Instant>,
) -> Option<F::Output> {
    match runtime::installed() {
        None => {
            let future = place.as_pin_mut().expect(NO_FUTURE);
            let wait = Wait::begin();
            drive(wait.level, wait.before(), future, deadline)
        }
        Some(runtime) => wait_in_runtime(runtime, place, deadline),
    }
}

#[cold]
fn wait_in_runtime<F: Future>(
    runtime: &dyn Runtime,
    mut place: Pin<&mut Option<F>>,
    deadline: Option<Instant>,
) -> Option<F::Output> {
    let mut driven = None;
    let mut panics = Panics::default();
    let has_returned = panics.catch(|| {
        runtime.around_wait(&mut || {
            let Some(future) = place.as_mut().as_pin_mut() else {
                return;
            };
            let mut panics = Panics::default();
            panics.catch(|| {
                let wait = Wait::begin();
                driven = Some(drive(wait.level, wait.before(), future, deadline));
            });
            // What is left of the future is dropped inside the runtime too.
            panics.catch(|| place.set(None));
            panics.resume();
        });
    });
    if !has_returned {
        // Their destructors may panic too.
        panics.catch(|| place.set(None));
        panics.catch(|| driven = None);
        panics.resume();
    }
    driven.expect("the installed Runtime's `around_wait` returned without calling `wait`")
}

/// Calls `f`, which drops a user's stream. In sync code it does so inside the installed runtime: the
/// stream may need the reactor there. Calls `f` again if the runtime has panicked, perhaps before it
/// called `f`.
#[cfg(feature = "stream")]
#[inline(never)]
pub(crate) fn drop_inside(f: &mut dyn FnMut()) {
    let mut panics = Panics::default();
    if let Some(runtime) = runtime::installed() {
        panics.catch(|| {
            if !context::is_async_context() {
                runtime.around_wait(f);
            }
        });
    }
    panics.catch(f);
    panics.resume();
}

/// Polls `future` until it is ready. In between it runs the thread's tasks, and sleeps on `level` if
/// there is nothing to do. Returns `None` if the future is not ready at `deadline`.
///
/// A future that is woken all the time does not starve the tasks, nor the other way round. But a
/// task may begin a nested wait, which may run the next task, so each task could stand on the stack
/// of the one before. Therefore a nested wait polls its future, if that was woken, before it starts
/// another task. Only if the future was woken [too often](Level::patience) in a row do the tasks
/// get a turn.
///
/// The thread counts as async already. Between the polls it counts as it did `before`.
#[inline]
fn drive<F: Future>(
    level: Option<&Level>,
    before: Stack,
    mut future: Pin<&mut F>,
    deadline: Option<Instant>,
) -> Option<F::Output> {
    let own;
    let level = match level {
        Some(level) => level,
        // The thread is ending, and has no loop any more.
        None => {
            own = Level::new();
            &own
        }
    };
    let mut cx = Context::from_waker(&level.waker);
    let mut in_a_row = 0;
    loop {
        // A value that is there at the deadline counts, so one poll begins after it.
        let is_last = is_over(deadline);
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return Some(output);
        }
        if is_last {
            return None;
        }
        // The usual reason to poll again at once: the future has woken itself, and nothing else is
        // to be done.
        if tasks::has_unfinished() || !level.parker.take() {
            wait_for_notification(level, before, deadline, &mut in_a_row);
        }
    }
}

#[inline]
fn is_over(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| deadline <= Instant::now())
}

/// Gives each ready task a turn, wakes the timers that are due, then takes the parker's notification,
/// and sleeps until it comes or the time is up. A nested wait starts no task once it is notified,
/// unless that happened too often `in_a_row`.
#[inline(never)]
fn wait_for_notification(
    level: &Level,
    before: Stack,
    deadline: Option<Instant>,
    in_a_row: &mut u64,
) {
    let mut is_patient = *in_a_row < level.patience();
    if is_patient && level.parker.take() {
        *in_a_row += 1;
        return;
    }
    let _between_polls = context::enter_as(before);
    loop {
        if tasks::has_unfinished() {
            // If the tasks are owed a turn, they get it at any depth.
            if is_patient && level.depth >= DEEPEST && sleep_alone(level, deadline) {
                *in_a_row += 1;
                return;
            }
            is_patient = true;
            *in_a_row = 0;
            if let Some(tasks) = loops::running_tasks() {
                let first = (level.depth > 0).then_some(&*level.parker);
                context::poll_tasks(|| tasks.run_ready(first));
            }
        }
        let timer = loops::wake_timers();
        if level.parker.take() || sleep(level, deadline, timer) || is_over(deadline) {
            return;
        }
    }
}

/// Sleeps without giving the tasks a turn, because so many waits nest that the stack could overflow.
/// Returns whether it took a notification, or the time is up. If not, the future may wait for a task,
/// which therefore gets its turn: that the program goes on matters more than the stack.
#[cold]
fn sleep_alone(level: &Level, deadline: Option<Instant>) -> bool {
    let end = Instant::now() + PATIENCE;
    loop {
        let timer = loops::wake_timers().map_or(end, |timer| timer.min(end));
        if pool::park(&level.parker, deadline, Some(timer)) || is_over(deadline) {
            return true;
        }
        if is_over(Some(end)) {
            return false;
        }
    }
}

/// Sleeps until the parker is notified, a task is woken, a timer is due, or the deadline has come.
/// Returns whether it took a notification.
#[inline(never)]
fn sleep(level: &Level, deadline: Option<Instant>, timer: Option<Instant>) -> bool {
    let tasks = if tasks::has_unfinished() {
        loops::running_tasks()
    } else {
        None
    };
    if tasks
        .as_ref()
        .is_some_and(|tasks| !tasks.prepare_to_sleep(&level.parker))
    {
        return false;
    }
    let notified = pool::park(&level.parker, deadline, timer);
    if let Some(tasks) = tasks {
        tasks.forget_sleeper();
    }
    notified
}

/// Calls `poll` as async code.
#[inline]
pub(crate) fn in_async<T>(poll: impl FnOnce() -> T) -> T {
    let _polling = context::enter_poll();
    poll()
}

/// Waits for the future in `place`, in the sync copy of a `#[maybe_async]` body.
///
/// The code in its polls is a part of that copy, for example an `async` block that calls other
/// functions. So it has the marks of the copy, and may wait. A call that it polls is async code.
pub(crate) fn wait_for_own<F: Future>(place: Pin<&mut Option<F>>) -> F::Output {
    let own = context::stack();
    wait_polling(place, |future, cx| {
        let _own = context::enter_as(own);
        future.poll(cx)
    })
}

/// Waits for the future in `place`. Instead of parking it calls `idle`, which is sync code.
pub(crate) fn wait_with<F: Future>(
    place: Pin<&mut Option<F>>,
    mut idle: impl FnMut(),
) -> F::Output {
    wait_polling(place, |future, cx| {
        let poll = future.poll(cx);
        if poll.is_pending() {
            allow_blocking(&mut idle);
            cx.waker().wake_by_ref();
        }
        poll
    })
}

/// Waits for the future in `place`, which `poll` polls.
fn wait_polling<F: Future>(
    place: Pin<&mut Option<F>>,
    mut poll: impl FnMut(Pin<&mut F>, &mut Context<'_>) -> Poll<F::Output>,
) -> F::Output {
    let mut future = place.as_pin_mut().expect(NO_FUTURE);
    let polls = poll_fn(|cx| poll(future.as_mut(), cx));
    wait(pin!(Some(polls)), false)
}
