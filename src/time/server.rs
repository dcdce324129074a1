//! The thread that serves the timers of other executors.

use crate::executor::timers::{Timer, Timers};
use crate::sync::Mutex;
use crate::thread::parker::Parker;
use core::panic::Location;
use core::task::Waker;
use core::time::Duration;
use std::string::String;
use std::sync::LazyLock;
use std::thread;
use std::time::Instant;

/// How long the thread stays after its last timer. It looks at the timers that often, so a timer that
/// is due later needs no notification.
const KEEP_ALIVE: Duration = Duration::from_secs(1);

static SERVER: LazyLock<Server> = LazyLock::new(Server::new);

/// Timers, and what serves them. It starts no thread itself, so a model can check it.
pub(crate) struct Server {
    timers: Timers,
    /// What the thread sleeps on.
    parker: Parker,
    /// Protects what the thread does.
    ///
    /// No timer is forgotten. A caller adds its timer, and then looks here. Either it meets the
    /// thread in a sleep that ends too late, or awake: then it notifies the thread, which looks at
    /// the timers again. Or it meets the thread in a sleep that ends early enough, after which the
    /// thread looks. Or it meets no thread, and starts one: a thread goes only if it finds, with this
    /// mutex held, that no timer was added since it last looked.
    thread: Mutex<Activity>,
}

/// What the thread of a [`Server`] does.
#[derive(Clone, Copy)]
enum Activity {
    /// There is no thread.
    Gone,
    /// The thread looks at the timers, or is about to.
    Awake,
    /// The thread sleeps, and then looks at the timers.
    Asleep { until: Instant },
}

impl Server {
    pub(crate) fn new() -> Self {
        Self {
            timers: Timers::new(),
            parker: Parker::new(),
            thread: Mutex::new(Activity::Gone),
        }
    }

    /// Adds a timer. If there is no thread, `start` starts one, which calls
    /// [`serve`](Server::serve). Returns `None` if it cannot.
    pub(crate) fn add(
        &'static self,
        at: Instant,
        waker: Waker,
        start: impl FnOnce() -> bool,
    ) -> Option<Timer> {
        let (timer, is_first) = self.timers.add(at, waker);
        // The caller of an earlier timer takes care of this one too.
        if is_first && !self.tell_thread(at, start) {
            // Callers that came meanwhile rely on this one. They will try for themselves.
            self.timers.wake_all();
            return None;
        }
        Some(timer)
    }

    /// Sees to it that the thread looks at the timers before `at`. Returns `false` if there is none.
    fn tell_thread(&self, at: Instant, start: impl FnOnce() -> bool) -> bool {
        let mut thread = self.thread.lock();
        match *thread {
            Activity::Asleep { until } if until <= at => return true,
            Activity::Asleep { .. } | Activity::Awake => {
                drop(thread);
                self.parker.unpark();
                return true;
            }
            Activity::Gone => *thread = Activity::Awake,
        }
        drop(thread);
        let has_started = start();
        if !has_started {
            *self.thread.lock() = Activity::Gone;
        }
        has_started
    }

    /// Wakes each timer when it is due, until there is none for [`KEEP_ALIVE`].
    pub(crate) fn serve(&self) {
        loop {
            let added = self.timers.added();
            let next = self.timers.wake_due();
            let latest = Instant::now() + KEEP_ALIVE;
            let until = next.map_or(latest, |next| next.min(latest));
            *self.thread.lock() = Activity::Asleep { until };
            let notified = self.parker.sleep_until(Some(until));
            let mut thread = self.thread.lock();
            let is_idle = next.is_none() && !notified && self.timers.added() == added;
            *thread = if is_idle {
                Activity::Gone
            } else {
                Activity::Awake
            };
            if is_idle {
                return;
            }
        }
    }
}

/// The timers that the thread serves.
pub(crate) fn timers() -> &'static Timers {
    &SERVER.timers
}

/// Adds a timer for a caller at this place.
pub(crate) fn add(at: Instant, waker: Waker, caller: &Location<'_>) -> Timer {
    let start = || {
        let thread = thread::Builder::new().name(String::from("smartasync-timer"));
        thread.spawn(|| SERVER.serve()).is_ok()
    };
    SERVER.add(at, waker, start).unwrap_or_else(|| {
        panic!(
            "a timer needs a thread here, and the system refuses to start one: wait for the call at \
             {caller} with `.wait()` or in `block_on`, or use the timer of your runtime"
        )
    })
}
