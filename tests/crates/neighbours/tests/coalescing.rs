//! What `SmartLock` and its peers do when the caller that runs goes away. The guide's chapter on
//! coalescing has these answers as a table.

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, poll_fn};
use moka::future::Cache as Moka;
use neighbours::within;
use quick_cache::sync::Cache as QuickCache;
use smartasync::{SmartLock, smart};
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use tokio::sync::OnceCell;

/// A library that lets concurrent callers share one run.
trait Peer: Send + Sync + 'static {
    /// Calls with `work`, which this caller runs if it leads. An error is 0.
    fn call(self: &Arc<Self>, work: BoxFuture<'static, u32>) -> BoxFuture<'static, u32>;
}

struct RunOnce(SmartLock<u32>);
struct RunShared(SmartLock<u32>);

impl Peer for RunOnce {
    fn call(self: &Arc<Self>, work: BoxFuture<'static, u32>) -> BoxFuture<'static, u32> {
        let this = self.clone();
        Box::pin(async move { this.0.run_once(|| work).await.unwrap_or(0) })
    }
}

impl Peer for RunShared {
    fn call(self: &Arc<Self>, work: BoxFuture<'static, u32>) -> BoxFuture<'static, u32> {
        let this = self.clone();
        Box::pin(async move { this.0.run_shared(|| work).await.unwrap_or(0) })
    }
}

impl Peer for QuickCache<(), u32> {
    fn call(self: &Arc<Self>, work: BoxFuture<'static, u32>) -> BoxFuture<'static, u32> {
        let this = self.clone();
        Box::pin(async move {
            let work = work.map(Ok::<_, Infallible>);
            this.get_or_insert_async(&(), work).await.unwrap()
        })
    }
}

impl Peer for Moka<(), u32> {
    fn call(self: &Arc<Self>, work: BoxFuture<'static, u32>) -> BoxFuture<'static, u32> {
        let this = self.clone();
        Box::pin(async move { this.get_with((), work).await })
    }
}

impl Peer for OnceCell<u32> {
    fn call(self: &Arc<Self>, work: BoxFuture<'static, u32>) -> BoxFuture<'static, u32> {
        let this = self.clone();
        Box::pin(async move { *this.get_or_init(|| work).await })
    }
}

type Clones = Mutex<Option<Shared<BoxFuture<'static, u32>>>>;

impl Peer for Clones {
    fn call(self: &Arc<Self>, work: BoxFuture<'static, u32>) -> BoxFuture<'static, u32> {
        Box::pin(self.lock().unwrap().get_or_insert(work.shared()).clone())
    }
}

/// Is pending three times, then calls `then`.
fn later(then: impl FnOnce() -> u32 + Send + 'static) -> BoxFuture<'static, u32> {
    let mut polls = 0;
    let pending = poll_fn(move |cx| {
        polls += 1;
        cx.waker().wake_by_ref();
        if polls > 3 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    Box::pin(pending.map(|()| then()))
}

/// The result after at most ten polls, or `None` if the call waits on.
fn finish(call: &mut BoxFuture<'static, u32>) -> Option<u32> {
    (0..10).find_map(|_| poll_once(call))
}

fn poll_once(call: &mut BoxFuture<'static, u32>) -> Option<u32> {
    match call.poll_unpin(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[derive(Debug, PartialEq)]
enum Waiter {
    RunsItsOwn,
    GoesOnWithTheSame,
    Waits,
    Panics,
    GetsAnError,
}
use Waiter::{GetsAnError, GoesOnWithTheSame, Panics, RunsItsOwn, Waits};

/// What the second caller got: the value of the leader is 1, its own is 2.
fn waiter(result: thread::Result<Option<u32>>) -> Waiter {
    match result {
        Ok(Some(0)) => GetsAnError,
        Ok(Some(1)) => GoesOnWithTheSame,
        Ok(Some(2)) => RunsItsOwn,
        Ok(None) => Waits,
        other => {
            assert!(other.is_err(), "{other:?}");
            Panics
        }
    }
}

#[derive(Debug, PartialEq)]
struct Seen {
    dropped: Waiter,
    panicked: Waiter,
    not_polled: Waiter,
    from_inside: Waiter,
    keeps_the_value: bool,
}

fn seen<P: Peer>(new: impl Fn() -> P) -> Seen {
    // A leader that was polled once, and a caller that came after it.
    let both = |leader: BoxFuture<'static, u32>| {
        let peer = Arc::new(new());
        let (mut first, mut second) = (peer.call(leader), peer.call(later(|| 2)));
        assert_eq!(
            (poll_once(&mut first), poll_once(&mut second)),
            (None, None)
        );
        (first, second)
    };
    let finish_second = |mut second| catch_unwind(AssertUnwindSafe(|| finish(&mut second)));

    let (first, second) = both(later(|| 1));
    drop(first);
    let dropped = waiter(finish_second(second));

    let (mut first, second) = both(later(|| panic!("the leader panics")));
    assert!(catch_unwind(AssertUnwindSafe(|| finish(&mut first))).is_err());
    let panicked = waiter(finish_second(second));

    let (_first, second) = both(later(|| 1));
    let not_polled = waiter(finish_second(second));

    let peer = Arc::new(new());
    let inner = peer.clone();
    let mut outer = peer.call(Box::pin(async move { inner.call(later(|| 2)).await }));
    let from_inside = waiter(Ok(finish(&mut outer)));

    let peer = Arc::new(new());
    assert_eq!(finish(&mut peer.call(later(|| 1))), Some(1));
    let keeps_the_value = finish(&mut peer.call(later(|| 2))) == Some(1);
    Seen {
        dropped,
        panicked,
        not_polled,
        from_inside,
        keeps_the_value,
    }
}

#[test]
fn each_peer_does_what_the_table_says() {
    let table = |dropped, panicked, not_polled, from_inside, keeps_the_value| Seen {
        dropped,
        panicked,
        not_polled,
        from_inside,
        keeps_the_value,
    };
    let run_once = table(RunsItsOwn, RunsItsOwn, Waits, GetsAnError, false);
    assert_eq!(seen(|| RunOnce(SmartLock::new())), run_once);
    let run_shared = table(
        GoesOnWithTheSame,
        RunsItsOwn,
        GoesOnWithTheSame,
        GetsAnError,
        false,
    );
    assert_eq!(seen(|| RunShared(SmartLock::new())), run_shared);
    let cache = || table(RunsItsOwn, RunsItsOwn, Waits, Waits, true);
    assert_eq!(seen(|| QuickCache::new(9)), cache());
    assert_eq!(seen(|| Moka::new(9)), cache());
    assert_eq!(seen(OnceCell::new), cache());
    let clones = table(GoesOnWithTheSame, Panics, GoesOnWithTheSame, Waits, true);
    assert_eq!(seen(Clones::default), clones);
}

#[test]
fn quick_cache_coalesces_threads_and_tasks_as_the_lock_does() {
    within(60, || {
        let cache = Arc::new(QuickCache::new(9));
        let mut leader = cache.call(later(|| 1));
        assert_eq!(poll_once(&mut leader), None);
        let follower = cache.clone();
        let follower = thread::spawn(move || {
            follower
                .get_or_insert_with(&(), || Ok::<_, Infallible>(2))
                .unwrap()
        });
        assert_eq!(smart(leader).wait(), 1);
        assert_eq!(follower.join().unwrap(), 1);
    });
}
