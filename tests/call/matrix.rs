//! Where a body runs, and what a call costs, for each kind of function and each kind of caller:
//!
//! | caller \ function | `async fn`           | `fn`              | `#[maybe_async] async fn` |
//! |-------------------|----------------------|-------------------|---------------------------|
//! | `.wait()`         | here, on a loop      | here, directly    | here, no future, no loop  |
//! | `.await`          | here, in the poll    | on a pool thread  | here, in the poll         |
//!
//! "Here" is the thread of the caller.

use smartasync::{block_on, current_loop, is_async_context, smart_await, smart_fn, spawn_local};
use std::borrow::Borrow;
use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use std::task::{Context, Poll};
use std::thread::{self, ThreadId};

/// Where a body ran: its thread, and its context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ran {
    thread: ThreadId,
    in_a_poll: bool,
    on_a_loop: bool,
}

fn ran() -> Ran {
    Ran {
        thread: thread::current().id(),
        in_a_poll: is_async_context(),
        on_a_loop: current_loop().is_some(),
    }
}

/// Runs `f` on a thread that never had a loop.
fn on_fresh_thread<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(f).join().unwrap())
}

/// A future that counts its polls and is ready in the second one.
struct Counted<'a> {
    polls: &'a Cell<usize>,
}

impl Future for Counted<'_> {
    type Output = &'static str;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<&'static str> {
        self.polls.set(self.polls.get() + 1);
        if self.polls.get() < 2 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready("async")
    }
}

smart_fn!(
    async fn asynchronous() -> Ran {
        futures_lite::future::yield_now().await;
        ran()
    }

    fn synchronous() -> Ran {
        ran()
    }

    #[maybe_async]
    async fn either(polls: &Cell<usize>) -> (Ran, &'static str) {
        let side = smart_await!(sync => "sync", async => Counted { polls });
        (ran(), side)
    }

    #[maybe_async]
    async fn either_calling_sync() -> (Ran, Ran) {
        (ran(), smart_await!(synchronous()))
    }
);

#[test]
fn an_async_fn_that_is_waited_for_runs_here_on_the_loop() {
    on_fresh_thread(|| {
        let here = thread::current().id();
        assert_eq!(
            asynchronous().wait(),
            Ran {
                thread: here,
                in_a_poll: true,
                on_a_loop: true
            }
        );
        assert!(current_loop().is_some());
    });
}

#[test]
fn an_async_fn_that_is_awaited_runs_here_in_the_callers_poll() {
    on_fresh_thread(|| {
        let here = thread::current().id();
        let expected = Ran {
            thread: here,
            in_a_poll: true,
            on_a_loop: false,
        };
        // Another executor polls the call, so this crate makes no loop.
        assert_eq!(pollster::block_on(asynchronous()), expected);
        assert_eq!(futures_lite::future::block_on(asynchronous()), expected);
        assert_eq!(current_loop(), None);
    });
}

#[test]
fn a_sync_fn_that_is_waited_for_runs_here_and_makes_no_loop() {
    on_fresh_thread(|| {
        let here = thread::current().id();
        assert_eq!(
            synchronous().wait(),
            Ran {
                thread: here,
                in_a_poll: false,
                on_a_loop: false
            }
        );
        assert_eq!(current_loop(), None);
    });
}

#[test]
fn a_sync_fn_that_is_awaited_runs_on_another_thread() {
    on_fresh_thread(|| {
        let there = pollster::block_on(synchronous());
        assert_ne!(there.thread, thread::current().id());
        assert!(!there.in_a_poll);
        assert_eq!(current_loop(), None);
    });
}

#[test]
fn a_maybe_async_fn_that_is_waited_for_runs_here_without_future_and_loop() {
    on_fresh_thread(|| {
        let here = thread::current().id();
        let polls = Cell::new(0);
        assert_eq!(
            either(&polls).wait(),
            (
                Ran {
                    thread: here,
                    in_a_poll: false,
                    on_a_loop: false
                },
                "sync"
            )
        );
        assert_eq!(polls.get(), 0);
        assert_eq!(current_loop(), None);
    });
}

#[test]
fn a_maybe_async_fn_that_is_awaited_runs_here_in_the_callers_poll() {
    on_fresh_thread(|| {
        let here = thread::current().id();
        let polls = Cell::new(0);
        assert_eq!(
            pollster::block_on(either(&polls)),
            (
                Ran {
                    thread: here,
                    in_a_poll: true,
                    on_a_loop: false
                },
                "async"
            )
        );
        assert_eq!(polls.get(), 2);
    });
}

#[test]
fn a_nested_sync_call_is_made_directly_in_the_sync_copy_and_offloaded_in_the_async_copy() {
    on_fresh_thread(|| {
        let here = thread::current().id();
        let (outer, inner) = either_calling_sync().wait();
        assert_eq!(
            (outer.thread, inner.thread, current_loop()),
            (here, here, None)
        );
        let (outer, inner) = pollster::block_on(either_calling_sync());
        assert_eq!(outer.thread, here);
        assert_ne!(inner.thread, here);
    });
}

smart_fn!(
    /// Blocks until a number comes. Returns the number and the thread of the body.
    fn blocks_until(received: Receiver<u32>) -> (u32, ThreadId) {
        (received.recv().unwrap(), thread::current().id())
    }
);

/// One task of a single-threaded executor awaits a sync function that blocks. This function is
/// another task, which unblocks it. The test would hang if the sync function blocked the executor.
async fn unblock(send: Sender<u32>) {
    futures_lite::future::yield_now().await;
    send.send(7).unwrap();
}

fn check((received, there): (u32, ThreadId)) {
    assert_eq!(received, 7);
    assert_ne!(there, thread::current().id());
}

#[test]
fn an_awaited_sync_fn_does_not_block_our_own_loop() {
    let (send, receive) = channel();
    block_on(async {
        let other = spawn_local(unblock(send));
        check(blocks_until(receive).await);
        other.await;
    });
}

#[test]
fn an_awaited_sync_fn_does_not_block_a_current_thread_tokio() {
    let (send, receive) = channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let other = tokio::spawn(unblock(send));
        check(blocks_until(receive).await);
        other.await.unwrap();
    });
}

#[test]
fn an_awaited_sync_fn_does_not_block_a_local_smol_executor() {
    let (send, receive) = channel();
    let executor = smol::LocalExecutor::new();
    pollster::block_on(executor.run(async {
        let other = executor.spawn(unblock(send));
        check(blocks_until(receive).await);
        other.await;
    }));
}

/// A value that counts its clones.
#[derive(Debug)]
struct CountsClones {
    clones: Arc<AtomicUsize>,
}

impl CountsClones {
    fn new() -> Self {
        Self {
            clones: Arc::default(),
        }
    }

    fn clones(&self) -> usize {
        self.clones.load(Ordering::Relaxed)
    }
}

impl Clone for CountsClones {
    fn clone(&self) -> Self {
        self.clones.fetch_add(1, Ordering::Relaxed);
        Self {
            clones: self.clones.clone(),
        }
    }
}

smart_fn!(
    fn look_at(value: &CountsClones) -> bool {
        value.clones() < 2
    }

    fn take(value: CountsClones) -> CountsClones {
        value
    }

    async fn look_at_async(value: &CountsClones) -> usize {
        value.clones()
    }

    #[maybe_async]
    async fn look_at_either(value: &CountsClones) -> bool {
        smart_await!(look_at(value))
    }
);

impl CountsClones {
    smart_fn!(
        fn look(&self, other: &CountsClones) -> usize {
            self.clones() + other.clones()
        }

        fn look_from_arc(self: &Arc<Self>) -> usize {
            self.clones()
        }
    );
}

#[test]
fn wait_clones_no_argument() {
    let (one, two) = (CountsClones::new(), CountsClones::new());
    assert!(look_at(&one).wait());
    assert_eq!(one.look(&two).wait(), 0);
    assert!(look_at_either(&one).wait());
    assert_eq!(
        take(two).wait().clones()
            + one.clones()
            + Arc::new(CountsClones::new()).look_from_arc().wait(),
        0
    );
}

#[test]
fn await_clones_each_borrowed_argument_once() {
    let (one, two, three) = (
        CountsClones::new(),
        CountsClones::new(),
        CountsClones::new(),
    );
    assert!(block_on(look_at(&one)));
    assert_eq!(block_on(two.look(&three)), 2);
    assert_eq!([one.clones(), two.clones(), three.clones()], [1; 3]);
}

#[test]
fn await_clones_no_owned_or_shared_argument_and_none_of_an_async_fn() {
    let one = CountsClones::new();
    assert_eq!(block_on(look_at_async(&one)), 0);
    assert_eq!(block_on(take(one)).clones(), 0);
    let shared = Arc::new(CountsClones::new());
    assert_eq!(block_on(shared.look_from_arc()), 0);
}

#[test]
fn a_call_that_is_dropped_clones_nothing() {
    let one = CountsClones::new();
    drop(look_at(&one));
    assert_eq!(one.clones(), 0);
}

static TO_OWNED: AtomicUsize = AtomicUsize::new(0);

/// A borrowed type whose owned form is another type.
struct Borrowed(u32);

struct Owned(Borrowed);

impl Borrow<Borrowed> for Owned {
    fn borrow(&self) -> &Borrowed {
        &self.0
    }
}

impl ToOwned for Borrowed {
    type Owned = Owned;

    fn to_owned(&self) -> Owned {
        TO_OWNED.fetch_add(1, Ordering::Relaxed);
        Owned(Self(self.0))
    }
}

smart_fn!(
    fn read(borrowed: &Borrowed) -> (u32, usize) {
        (borrowed.0, TO_OWNED.load(Ordering::Relaxed))
    }
);

#[test]
fn an_argument_travels_as_its_owned_form() {
    assert_eq!(read(&Borrowed(5)).wait(), (5, 0));
    assert_eq!(block_on(read(&Borrowed(5))), (5, 1));
}

#[test]
fn an_async_fn_may_hold_a_value_that_is_not_send() {
    smart_fn!(
        async fn with_rc(shared: Rc<Cell<u32>>) -> ThreadId {
            futures_lite::future::yield_now().await;
            shared.set(1);
            thread::current().id()
        }
    );
    let shared = Rc::new(Cell::new(0));
    assert_eq!(with_rc(shared.clone()).wait(), thread::current().id());
    assert_eq!(shared.get(), 1);
}
