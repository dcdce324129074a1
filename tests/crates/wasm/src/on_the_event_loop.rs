//! An awaited call on the event loop of the host: the host brings an event, the event wakes the
//! call, and the waker asks the host for the next poll.

use crate::host;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use smartasync::{smart_await, smart_fn};

/// What is shared with the host. There is one thread.
struct Shared {
    call: RefCell<Option<Pin<Box<dyn Future<Output = i32>>>>>,
    event: Cell<Option<i32>>,
    waker: RefCell<Option<Waker>>,
}

// SAFETY: a module without shared memory runs on one thread.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared {
    call: RefCell::new(None),
    event: Cell::new(None),
    waker: RefCell::new(None),
};

struct Schedule;

impl Wake for Schedule {
    fn wake(self: Arc<Self>) {
        host::schedule();
    }
}

smart_fn!(
    /// The next event that the host brings.
    async fn event() -> i32 {
        poll_fn(|cx| {
            if let Some(value) = SHARED.event.take() {
                return Poll::Ready(value);
            }
            *SHARED.waker.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    #[maybe_async]
    async fn two_events() -> i32 {
        smart_await!(event()) * 10 + smart_await!(event())
    }
);

/// Makes the call. Nothing of it runs yet.
#[unsafe(no_mangle)]
extern "C" fn begin() {
    *SHARED.call.borrow_mut() = Some(Box::pin(two_events()));
}

/// Polls the call. Returns its output, or -1 while it is pending.
#[unsafe(no_mangle)]
extern "C" fn poll() -> i32 {
    let waker = Waker::from(Arc::new(Schedule));
    let mut call = SHARED.call.borrow_mut();
    let begun = call.as_mut().expect("the host calls `begin` first");
    match begun.as_mut().poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(output) => {
            *call = None;
            output
        }
        Poll::Pending => -1,
    }
}

/// Brings an event.
#[unsafe(no_mangle)]
extern "C" fn bring(value: i32) {
    SHARED.event.set(Some(value));
    let waker = SHARED.waker.borrow_mut().take();
    if let Some(waker) = waker {
        waker.wake();
    }
}
