//! `Call::wait_with`: when it calls the idle hook, and what the hook may do.

use crate::support::{panic, panics, poll};
use smartasync::{
    Call, LocalBoxCall, Work, block_on, is_async_context, smart, smart_await, smart_fn, smart_sync,
    spawn_local,
};
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::task::Poll;

/// A future that is ready when `ready` returns true. It never wakes its caller.
fn ready_when(ready: impl Fn() -> bool) -> impl Future<Output = ()> {
    poll_fn(move |_| {
        if ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
}

smart_fn!(
    async fn wait_for(events: &Cell<u32>, count: u32) -> u32 {
        ready_when(|| events.get() >= count).await;
        count
    }

    #[maybe_async]
    async fn wait_either(events: &Cell<u32>, count: u32) -> u32 {
        smart_await!(sync => (), async => ready_when(|| events.get() >= count));
        count
    }

    #[boxed]
    async fn wait_boxed(events: &Cell<u32>, count: u32) -> u32 {
        wait_for(events, count).await
    }
);

#[test]
fn the_hook_is_called_after_each_poll_that_is_pending() {
    let events = Cell::new(0);
    let polls = Cell::new(0);
    let call = smart(poll_fn(|_| {
        polls.set(polls.get() + 1);
        if events.get() == 3 {
            Poll::Ready("third")
        } else {
            Poll::Pending
        }
    }));
    assert_eq!(call.wait_with(|| events.set(events.get() + 1)), "third");
    assert_eq!((polls.get(), events.get()), (4, 3));
}

#[test]
fn every_kind_of_call_takes_an_idle_hook() {
    let events = Cell::new(0);
    let count = || events.set(events.get() + 1);
    assert_eq!(wait_for(&events, 2).wait_with(count), 2);
    assert_eq!(wait_boxed(&events, 4).wait_with(count), 4);
    assert_eq!(wait_either(&events, 6).wait_with(count), 6);
    assert_eq!(smart(async { 3 }).wait_with(count), 3);
    assert_eq!(events.get(), 6);
    // Meanwhile the body of the sync function runs on the pool.
    let (sender, receiver) = channel();
    let call = smart_sync(move || receiver.recv().unwrap());
    assert_eq!(call.wait_with(|| _ = sender.send(7)), 7);
}

#[test]
fn a_call_that_was_polled_before_goes_on() {
    fn go_on<W: Work<Output = u32>>(call: Pin<Box<Call<W>>>, events: &Cell<u32>) -> u32 {
        smart(call).wait_with(|| events.set(events.get() + 1))
    }
    let events = Cell::new(0);
    let mut call = Box::pin(wait_for(&events, 2));
    assert!(poll(&mut call).is_pending());
    assert_eq!(go_on(call, &events), 2);

    let mut boxed: Pin<Box<LocalBoxCall<'_, u32>>> = Box::pin(wait_boxed(&events, 5));
    assert!(poll(&mut boxed).is_pending());
    let boxed = *Pin::into_inner(boxed);
    assert_eq!(boxed.wait_with(|| events.set(events.get() + 1)), 5);
}

#[test]
fn the_hook_is_sync_context_and_polls_are_async_context() {
    let events = Cell::new(0);
    let call = smart(async {
        assert!(is_async_context());
        ready_when(|| events.get() == 1).await;
    });
    call.wait_with(|| {
        assert!(!is_async_context());
        events.set(smart(async { 1 }).wait());
    });
}

#[test]
fn tasks_of_the_thread_run_during_the_wait() {
    let done = Rc::new(Cell::new(false));
    let task = spawn_local({
        let done = done.clone();
        async move { done.set(true) }
    });
    let mut idle = 0;
    smart(ready_when(|| done.get())).wait_with(|| idle += 1);
    assert!(idle < 10, "the task had no turn in {idle} polls");
    block_on(task);
}

#[test]
fn wait_with_is_refused_in_async_code() {
    let refused =
        block_on(async { catch_unwind(AssertUnwindSafe(|| smart(async { 1 }).wait_with(|| ()))) });
    let sentence = *refused.unwrap_err().downcast::<String>().unwrap();
    assert!(
        sentence.starts_with("waiting here would block an executor"),
        "{sentence}"
    );
}

#[test]
fn a_panic_of_the_hook_reaches_the_caller_and_the_loop_stays_usable() {
    assert!(panics(|| smart(pending::<()>()).wait_with(|| panic())));
    assert!(!is_async_context());
    assert_eq!(smart(async { 1 }).wait(), 1);
}
