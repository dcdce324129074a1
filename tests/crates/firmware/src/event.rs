//! What the interrupts of the board bring, as futures.

use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::task::{Poll, Waker};
use critical_section::Mutex;

/// The timer of the board.
pub static TICK: Event = Event::new();
/// The interrupt that [`board::raise`](crate::board::raise) raises.
pub static RAISED: Event = Event::new();
/// Whether an interrupt came since [`take_interrupted`] was called last.
static INTERRUPTED: Mutex<Cell<bool>> = Mutex::new(Cell::new(false));

/// Something that an interrupt brings, again and again.
pub struct Event(Mutex<RefCell<State>>);

struct State {
    count: u32,
    polls: u32,
    waker: Option<Waker>,
}

impl Event {
    const fn new() -> Self {
        Self(Mutex::new(RefCell::new(State {
            count: 0,
            polls: 0,
            waker: None,
        })))
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        critical_section::with(|cs| f(&mut self.0.borrow_ref_mut(cs)))
    }

    /// The interrupt calls this.
    pub fn happen(&self) {
        critical_section::with(|cs| INTERRUPTED.borrow(cs).set(true));
        let waker = self.with(|state| {
            state.count += 1;
            state.waker.take()
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// How often it has happened.
    pub fn count(&self) -> u32 {
        self.with(|state| state.count)
    }

    /// How many polls of [`next`](Event::next) there were since this was called last.
    pub fn take_polls(&self) -> u32 {
        self.with(|state| core::mem::take(&mut state.polls))
    }

    /// Spins until it happens.
    pub fn spin(&self) {
        let before = self.count();
        while self.count() == before {}
    }

    /// Waits until it happens after the first poll.
    pub async fn next(&self) {
        let before = self.count();
        poll_fn(|cx| {
            self.with(|state| {
                state.polls += 1;
                if state.count != before {
                    return Poll::Ready(());
                }
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            })
        })
        .await;
    }
}

/// Whether an interrupt came since the last call.
pub fn take_interrupted() -> bool {
    critical_section::with(|cs| INTERRUPTED.borrow(cs).replace(false))
}
