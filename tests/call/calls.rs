//! `Call`: it is lazy, a future on every runtime, and `Send` exactly where its body is. Also what
//! it says when it is misused.

use crate::support::is_send::{IsSend, NotSend};
use futures_lite::future::{poll_once, yield_now, zip};
use smartasync::{
    BoxCall, Call, LocalBoxCall, Work, block_on, is_async_context, smart, smart_await, smart_fn,
    smart_sync,
};
use std::cell::Cell;
use std::future::{Ready, pending, ready};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

smart_fn!(
    async fn count_async(runs: Arc<AtomicUsize>) -> usize {
        runs.fetch_add(1, Ordering::Relaxed)
    }

    fn count_sync(runs: Arc<AtomicUsize>) -> usize {
        runs.fetch_add(1, Ordering::Relaxed)
    }

    #[maybe_async]
    async fn count_either(runs: Arc<AtomicUsize>) -> usize {
        smart_await!(count_async(runs))
    }

    #[boxed]
    async fn count_boxed(runs: Arc<AtomicUsize>) -> usize {
        runs.fetch_add(1, Ordering::Relaxed)
    }

    #[wraps(counting)]
    async fn count_wrapped(runs: Arc<AtomicUsize>) -> usize;
);

/// Counts when the function is called, not when its future is polled.
fn counting(runs: Arc<AtomicUsize>) -> Ready<usize> {
    ready(runs.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn nothing_runs_before_the_first_poll_or_wait() {
    macro_rules! check {
        ($($function:ident)+) => {$(
            let runs = Arc::new(AtomicUsize::new(0));
            let (waited, awaited) = ($function(runs.clone()), $function(runs.clone()));
            drop($function(runs.clone()));
            assert_eq!(runs.load(Ordering::Relaxed), 0, stringify!($function));
            assert_eq!(waited.wait(), 0);
            assert_eq!(block_on(awaited), 1);
            assert_eq!(Arc::strong_count(&runs), 1);
        )+};
    }
    check!(count_async count_sync count_either count_boxed count_wrapped);
}

smart_fn!(
    async fn holds_rc_across_an_await(n: u32) -> u32 {
        let shared = Rc::new(n);
        yield_now().await;
        *shared
    }

    async fn drops_rc_before_an_await(n: u32) -> u32 {
        let n = {
            let shared = Rc::new(n);
            *shared
        };
        yield_now().await;
        n
    }

    async fn generic<T>(value: T) -> T {
        yield_now().await;
        value
    }

    fn sync_with_rc_inside(n: u32) -> u32 {
        *Rc::new(n)
    }

    #[maybe_async]
    async fn either_with_rc(n: u32) -> u32 {
        let shared = Rc::new(n);
        smart_await!(yield_now());
        *shared
    }

    #[maybe_async]
    async fn either_generic<T>(value: T) -> T {
        smart_await!(yield_now());
        value
    }

    #[maybe_async]
    async fn either_rc_in_the_sync_side(n: u32) -> u32 {
        smart_await!(sync => *Rc::new(n), async => async { n })
    }

    #[boxed]
    async fn boxed(n: u32) -> u32 {
        n
    }

    #[boxed]
    #[send]
    async fn boxed_send(n: u32) -> u32 {
        n
    }

    async fn borrows_cell(cell: &Cell<u32>) -> u32 {
        cell.get()
    }
);

#[test]
fn a_call_is_send_exactly_where_its_body_is() {
    assert!(!IsSend(&holds_rc_across_an_await(1)).is_send());
    assert!(IsSend(&drops_rc_before_an_await(1)).is_send());
    assert!(IsSend(&generic(1)).is_send());
    assert!(!IsSend(&generic(Rc::new(1))).is_send());
    assert!(IsSend(&sync_with_rc_inside(1)).is_send());
    assert!(!IsSend(&either_with_rc(1)).is_send());
    assert!(IsSend(&either_generic(1)).is_send());
    assert!(!IsSend(&either_generic(Rc::new(1))).is_send());
    assert!(IsSend(&either_rc_in_the_sync_side(1)).is_send());
    assert!(!IsSend(&boxed(1)).is_send());
    assert!(IsSend(&boxed_send(1)).is_send());
    assert!(!IsSend(&borrows_cell(&Cell::new(1))).is_send());
    assert!(IsSend(&smart(async { 1 })).is_send());
    assert!(!IsSend(&smart(holds_rc_across_an_await(1))).is_send());
    assert!(IsSend(&smart_sync(|| 1)).is_send());
}

#[test]
fn calls_are_send_and_unpin_at_compile_time() {
    const fn send<T: Send>(call: T) -> T {
        call
    }
    const fn unpin<T: Unpin>(call: T) -> T {
        call
    }
    drop(send(drops_rc_before_an_await(1)));
    drop(send(generic("text")));
    drop(send(boxed_send(1)));
    drop(unpin(sync_with_rc_inside(1)));
    drop(unpin(boxed(1)));
    drop(unpin(boxed_send(1)));
}

smart_fn!(
    async fn add_async(a: u32, b: &str) -> usize {
        yield_now().await;
        a as usize + b.len()
    }

    fn add_sync(a: u32, b: &'static str) -> usize {
        a as usize + b.len()
    }

    #[maybe_async]
    async fn add_either(a: u32, b: &'static str) -> usize {
        smart_await!(add_async(a, b)) + smart_await!(add_sync(0, ""))
    }
);

#[test]
fn a_call_is_spawned_on_tokio() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (one, two, three) = (
            tokio::spawn(add_async(1, "a")),
            tokio::spawn(add_sync(2, "a")),
            tokio::spawn(add_either(3, "a")),
        );
        let sums = tokio::join!(one, two, three, add_async(4, "a"), add_sync(5, "a"));
        assert_eq!(
            (
                sums.0.unwrap(),
                sums.1.unwrap(),
                sums.2.unwrap(),
                sums.3,
                sums.4
            ),
            (2, 3, 4, 5, 6)
        );
    });
}

#[test]
fn a_call_runs_on_smol_pollster_and_futures_lite() {
    let both = || zip(add_sync(1, "a"), zip(add_async(2, "b"), add_either(3, "c")));
    let expected = (2, (3, 4));
    assert_eq!(smol::block_on(both()), expected);
    assert_eq!(
        smol::block_on(async { smol::spawn(both()).await }),
        expected
    );
    assert_eq!(pollster::block_on(both()), expected);
    assert_eq!(futures_lite::future::block_on(both()), expected);
    assert_eq!(block_on(both()), expected);
}

#[test]
fn a_call_is_waited_for_on_another_thread() {
    let call = add_async(1, "a");
    assert_eq!(thread::spawn(move || call.wait()).join().unwrap(), 2);
}

#[test]
fn a_call_has_a_debug_form() {
    assert_eq!(format!("{:?}", add_async(1, "a")), "Call { .. }");
    assert_eq!(format!("{:?}", boxed(1)), "Call { .. }");
    let refused = block_on(async { smart_sync(|| 1).try_wait().unwrap_err() });
    assert_eq!(format!("{refused:?}"), "WaitError { call: Call { .. } }");
}

#[test]
fn try_wait_runs_in_sync_code_and_gives_the_call_back_in_async_code() {
    let runs = Arc::new(AtomicUsize::new(0));
    assert_eq!(count_either(runs.clone()).try_wait().unwrap(), 0);
    block_on(async {
        let refused = count_sync(runs.clone()).try_wait().unwrap_err();
        assert!(refused.to_string().contains(".await"), "{refused}");
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert_eq!(refused.into_call().await, 1);
    });
}

#[test]
fn wait_in_async_code_panics_and_names_the_ways_out() {
    let refused = block_on(async { catch_unwind(AssertUnwindSafe(|| add_sync(1, "a").wait())) });
    let payload = refused.unwrap_err();
    let message = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap();
    for way_out in [".await", "sync smart function", "allow_blocking"] {
        assert!(message.contains(way_out), "{message}");
    }
}

#[test]
fn a_partly_polled_call_that_is_unpin_can_be_waited_for() {
    let (start, begin) = std::sync::mpsc::channel::<u32>();
    smart_fn!(
        fn receive(begin: std::sync::mpsc::Receiver<u32>) -> u32 {
            begin.recv().unwrap()
        }

        #[boxed]
        async fn counted(polls: &Cell<u32>) -> u32 {
            polls.set(polls.get() + 1);
            yield_now().await;
            polls.set(polls.get() + 1);
            polls.get()
        }
    );
    // The first poll has sent the sync function to the pool. The wait waits for it there.
    let mut call = receive(begin);
    assert!(block_on(poll_once(&mut call)).is_none());
    start.send(3).unwrap();
    assert_eq!(call.wait(), 3);

    let polls = Cell::new(0);
    let mut call = counted(&polls);
    assert!(block_on(poll_once(&mut call)).is_none());
    assert_eq!(call.wait(), 2);
}

/// The message of the panic in `run`.
fn panic_of<T>(run: impl FnOnce() -> T) -> String {
    let payload = catch_unwind(AssertUnwindSafe(run)).map(|_| ()).unwrap_err();
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// An `IntoFuture` whose conversion panics.
struct PanicsInto;

impl IntoFuture for PanicsInto {
    type Output = u32;
    type IntoFuture = Ready<u32>;

    fn into_future(self) -> Ready<u32> {
        panic!("into_future panics")
    }
}

#[test]
fn polling_after_a_panic_panics_with_a_sentence() {
    let mut call = pin!(smart(PanicsInto));
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(
        panic_of(|| call.as_mut().poll(&mut cx)),
        "into_future panics"
    );
    let second = panic_of(|| call.as_mut().poll(&mut cx));
    assert!(
        second.contains("`Call`") && second.contains("panicked"),
        "{second}"
    );
}

#[test]
fn waiting_after_a_panic_panics_with_a_sentence() {
    #[derive(Clone)]
    struct Bomb;
    // A clone that panics leaves the call without its arguments.
    struct Clonable;
    impl Clone for Clonable {
        fn clone(&self) -> Self {
            panic!("clone panics")
        }
    }
    smart_fn!(
        fn borrows(bomb: &Clonable, other: &Bomb) -> u32 {
            let (_, _) = (bomb, other);
            1
        }
    );
    let mut call = borrows(&Clonable, &Bomb);
    assert_eq!(panic_of(|| block_on(poll_once(&mut call))), "clone panics");
    let second = panic_of(|| call.wait());
    assert!(
        second.contains("`Call`") && second.contains("panicked"),
        "{second}"
    );
}

#[test]
fn a_panic_of_the_body_resumes_in_the_caller() {
    smart_fn!(
        fn sync_panic(text: &str) -> u32 {
            panic!("sync {text}")
        }

        async fn async_panic(text: &str) -> u32 {
            panic!("async {text}")
        }
    );
    assert_eq!(panic_of(|| sync_panic("one").wait()), "sync one");
    assert_eq!(panic_of(|| block_on(sync_panic("two"))), "sync two");
    assert_eq!(panic_of(|| async_panic("three").wait()), "async three");
    assert_eq!(panic_of(|| block_on(async_panic("four"))), "async four");
    assert!(!is_async_context());
}

/// An `IntoFuture` that counts its conversions.
struct Request(Arc<AtomicUsize>);

impl IntoFuture for Request {
    type Output = usize;
    type IntoFuture = Ready<usize>;

    fn into_future(self) -> Ready<usize> {
        ready(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

#[test]
fn smart_calls_into_future_lazily() {
    let conversions = Arc::new(AtomicUsize::new(0));
    let (waited, awaited) = (
        smart(Request(conversions.clone())),
        smart(Request(conversions.clone())),
    );
    drop(smart(Request(conversions.clone())));
    assert_eq!(conversions.load(Ordering::Relaxed), 0);
    assert_eq!(waited.wait(), 0);
    assert_eq!(block_on(awaited), 1);
}

#[test]
fn smart_sync_runs_on_this_thread_or_on_the_pool() {
    let here = thread::current().id();
    let id = || thread::current().id();
    assert_eq!(smart_sync(id).wait(), here);
    assert_ne!(block_on(smart_sync(id)), here);
    drop(smart_sync(|| panic!("a dropped call runs nothing")));
}

#[test]
fn a_dropped_call_drops_the_future_it_drove() {
    struct Guard(Arc<AtomicUsize>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    smart_fn!(
        async fn forever(guard: Guard) {
            pending::<()>().await;
            drop(guard);
        }
    );
    let drops = Arc::new(AtomicUsize::new(0));
    {
        let mut call = pin!(forever(Guard(drops.clone())));
        assert!(block_on(poll_once(call.as_mut())).is_none());
        assert_eq!(drops.load(Ordering::Relaxed), 0);
    }
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

#[test]
fn boxed_calls_of_one_output_have_one_type() {
    let calls: Vec<BoxCall<'static, u32>> = vec![boxed_send(1), boxed_send(2)];
    assert_eq!(calls.into_iter().map(Call::wait).sum::<u32>(), 3);
    let one: LocalBoxCall<'_, u32> = boxed(1);
    assert_eq!(pollster::block_on(one), 1);
}

#[test]
fn a_generic_call_is_a_future_in_signatures() {
    fn finish<W: Work<Output = usize>>(call: Call<W>) -> usize {
        let mut call = Box::pin(call);
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = Pin::as_mut(&mut call).poll(&mut cx) {
                return output;
            }
            thread::yield_now();
        }
    }
    assert_eq!(
        (
            finish(add_async(1, "a")),
            finish(add_sync(1, "a")),
            finish(add_either(1, "a"))
        ),
        (2, 2, 2)
    );
}

#[test]
fn a_time_out_becomes_an_io_error_of_kind_timed_out() {
    fn read() -> io::Result<u32> {
        Ok(smart(pending::<u32>()).wait_timeout(Duration::ZERO)?)
    }
    let error = read().unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (io::ErrorKind::TimedOut, "the call was not done in time")
    );
}
