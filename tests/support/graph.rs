//! Random graphs of smart calls, sync and async, that go through the loops and the pool. Each graph
//! has a known value.

use super::choices::Choices;
use smartasync::{
    SmartLock, allow_blocking, block_on, offload, smart, smart_await, smart_fn, spawn_local,
};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

/// One step of a graph. All but the first two contain other steps and wait for them.
#[derive(Debug)]
pub(crate) enum Node {
    Value(u64),
    Panic,
    /// Gives 7 if the inner step panics.
    Catch(Arc<Node>),
    /// Suspends so many times and wakes itself.
    Yield(usize, Arc<Node>),
    /// Suspends until another thread wakes it.
    Woken(Arc<Node>),
    /// A smart `async fn`.
    Async(Arc<Node>),
    /// A smart `fn`.
    Sync(Arc<Node>),
    /// A `#[maybe_async]` function.
    Either(Arc<Node>),
    Offload(Arc<Node>),
    /// A wait inside a poll.
    Nested(Arc<Node>),
    /// Tasks of the thread. The last one is awaited first.
    Spawn(Vec<Arc<Node>>),
    /// A detached task. Gives 0.
    Detach(Arc<Node>),
    /// Steps that one future polls in turn.
    Join(Vec<Arc<Node>>),
    /// Polled once and dropped. Gives 0.
    Drop(Arc<Node>),
    /// Run on a lock by two callers, one of them on the pool. Gives the sum.
    Coalesce(Arc<Node>),
}

use Node::{
    Async, Catch, Coalesce, Detach, Drop as Dropped, Either, Join, Nested, Offload, Panic, Spawn,
    Sync, Value, Woken, Yield,
};

/// How many steps a graph has at most.
const STEPS: usize = 40;

/// How many [`Coalesce`] steps may contain each other. Each of them doubles the runs of a step that
/// panics inside it, so this number bounds the time that a graph takes. With more of them the pool
/// could reach its cap, where it is slow.
const COALESCES: usize = 6;

impl Node {
    /// Makes the graph that the choices describe.
    pub(crate) fn choose(choices: &mut impl Choices) -> Arc<Self> {
        Self::choose_one(choices, &mut STEPS.clone(), 0)
    }

    fn choose_one(choices: &mut impl Choices, steps: &mut usize, coalesces: usize) -> Arc<Self> {
        *steps = steps.saturating_sub(1);
        let kind = if *steps == 0 {
            None
        } else {
            choices.choose(32)
        };
        let Some(kind) = kind else {
            return Arc::new(Value(1));
        };
        let mut some = |choices: &mut _| {
            let count = Choices::choose(choices, 4).unwrap_or(0);
            (0..count)
                .map(|_| Self::choose_one(choices, steps, coalesces))
                .collect()
        };
        Arc::new(match kind {
            0..2 => Spawn(some(choices)),
            2..5 => Join(some(choices)),
            5 => Panic,
            6 => Value(choices.choose(256).unwrap_or(0) as u64),
            kind => {
                let turns = if kind == 7 {
                    choices.choose(4).unwrap_or(0)
                } else {
                    1
                };
                let coalesces = coalesces + usize::from(kind == 28);
                let inner = Self::choose_one(choices, steps, coalesces);
                match kind {
                    7 | 8 => Yield(turns, inner),
                    9..12 => Woken(inner),
                    12..15 => Async(inner),
                    15..18 => Sync(inner),
                    18..20 => Either(inner),
                    20..23 => Offload(inner),
                    23..25 => Nested(inner),
                    25 => Detach(inner),
                    26 | 27 => Dropped(inner),
                    28 if coalesces <= COALESCES => Coalesce(inner),
                    _ => Catch(inner),
                }
            }
        })
    }

    /// The value of the graph, or `None` if it panics.
    pub(crate) fn value(&self) -> Option<u64> {
        match self {
            Value(value) => Some(*value),
            Panic => None,
            Catch(inner) => Some(inner.value().unwrap_or(7)),
            Yield(_, inner)
            | Woken(inner)
            | Async(inner)
            | Sync(inner)
            | Either(inner)
            | Offload(inner)
            | Nested(inner) => Some(inner.value()? + 1),
            Spawn(inner) | Join(inner) => inner.iter().map(|one| one.value()).sum(),
            Detach(_) | Dropped(_) => Some(0),
            Coalesce(inner) => Some(2 * inner.value()?),
        }
    }
}

smart_fn!(
    async fn by_async(node: &Arc<Node>) -> u64 {
        run(node).await
    }

    fn by_sync(node: &Arc<Node>) -> u64 {
        run_here(node)
    }

    #[maybe_async]
    async fn by_either(node: &Arc<Node>) -> u64 {
        smart_await!(sync => run_here(node), async => run(node))
    }
);

/// How many runs have begun and have neither ended nor been dropped.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

struct Alive;

impl Alive {
    fn new() -> Self {
        ALIVE.fetch_add(1, SeqCst);
        Self
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, SeqCst);
    }
}

/// Blocks until no run is left. Dropped jobs of the pool run to their end.
pub(crate) fn until_nothing_runs() {
    while ALIVE.load(SeqCst) > 0 {
        thread::yield_now();
    }
}

/// The panic of a graph, without the panic hook, so that nothing is printed.
fn panic() -> ! {
    resume_unwind(Box::new("graph"))
}

/// Replaces the panic of a graph by 7, and resumes any other panic.
fn caught(result: thread::Result<u64>) -> u64 {
    result.unwrap_or_else(|payload| {
        if payload.downcast_ref() == Some(&"graph") {
            7
        } else {
            resume_unwind(payload)
        }
    })
}

/// Runs a graph in sync code.
pub(crate) fn run_here(node: &Arc<Node>) -> u64 {
    let _alive = Alive::new();
    match &**node {
        Value(value) => *value,
        Panic => panic(),
        Catch(inner) => caught(catch_unwind(AssertUnwindSafe(|| run_here(inner)))),
        Async(inner) => by_async(inner).wait() + 1,
        Sync(inner) => by_sync(inner).wait() + 1,
        Either(inner) => by_either(inner).wait() + 1,
        Offload(inner) => smart(offloaded(inner)).wait() + 1,
        Nested(inner) => run_here(inner) + 1,
        Yield(..) | Woken(_) | Spawn(_) | Detach(_) | Join(_) | Dropped(_) | Coalesce(_) => {
            block_on(run(node))
        }
    }
}

fn offloaded(node: &Arc<Node>) -> smartasync::Offload<u64> {
    let node = node.clone();
    offload(move || run_here(&node))
}

type Run = Pin<Box<dyn Future<Output = u64>>>;

/// Runs a graph in async code.
pub(crate) fn run(node: &Arc<Node>) -> Run {
    let node = node.clone();
    Box::pin(async move {
        let _alive = Alive::new();
        match &*node {
            Value(value) => *value,
            Panic => panic(),
            Catch(inner) => caught(caught_in_polls(run(inner)).await),
            Yield(times, inner) => {
                yields(*times).await;
                run(inner).await + 1
            }
            Woken(inner) => {
                woken_from_elsewhere().await;
                run(inner).await + 1
            }
            Async(inner) => by_async(inner).await + 1,
            Sync(inner) => by_sync(inner).await + 1,
            Either(inner) => by_either(inner).await + 1,
            Offload(inner) => offloaded(inner).await + 1,
            Nested(inner) => allow_blocking(|| run_here(inner)) + 1,
            Spawn(inner) => {
                let tasks: Vec<_> = inner.iter().map(|one| spawn_local(run(one))).collect();
                let mut sum = 0;
                for task in tasks.into_iter().rev() {
                    sum += task.await;
                }
                sum
            }
            Detach(inner) => {
                spawn_local(run(inner)).detach();
                0
            }
            Join(inner) => join(inner.iter().map(run).collect()).await,
            Dropped(inner) => {
                let mut inner = run(inner);
                poll_fn(|cx| {
                    drop(catch_unwind(AssertUnwindSafe(|| inner.as_mut().poll(cx))));
                    Poll::Ready(())
                })
                .await;
                0
            }
            Coalesce(inner) => coalesce(inner).await,
        }
    })
}

/// The output of the future, or the payload of its panic.
async fn caught_in_polls(mut future: Run) -> thread::Result<u64> {
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(payload) => Poll::Ready(Err(payload)),
        },
    )
    .await
}

async fn yields(mut times: usize) {
    poll_fn(|cx| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls all runs in turn, and gives the sum of their values.
async fn join(runs: Vec<Run>) -> u64 {
    let mut runs: Vec<_> = runs.into_iter().map(Some).collect();
    let mut sum = 0;
    poll_fn(|cx| {
        for run in &mut runs {
            if let Some(Poll::Ready(value)) = run.as_mut().map(|run| run.as_mut().poll(cx)) {
                sum += value;
                *run = None;
            }
        }
        if runs.iter().all(Option::is_none) {
            Poll::Ready(sum)
        } else {
            Poll::Pending
        }
    })
    .await
}

/// Two callers of a lock share a run. If one of them panics or is dropped, the other takes over.
async fn coalesce(node: &Arc<Node>) -> u64 {
    let lock: Arc<SmartLock<u64>> = Arc::default();
    let (theirs, their_node) = (lock.clone(), node.clone());
    let elsewhere = offload(move || {
        theirs
            .run_once(|| run(&their_node))
            .wait()
            .expect("no step resets the lock")
    });
    let node = node.clone();
    let here = async move {
        lock.run_once(|| run(&node))
            .await
            .expect("no step resets the lock")
    };
    join(vec![Box::pin(elsewhere), Box::pin(here)]).await
}

/// Whether a future was woken, and its waker.
type Bell = Arc<Mutex<(bool, Option<Waker>)>>;

/// A thread that rings the bells that it is sent. It has a name of its own: a thread without one
/// takes over the name of the pool thread that starts it, and tests count the threads with that
/// name.
static RINGER: LazyLock<Mutex<Sender<Bell>>> = LazyLock::new(|| {
    let (sender, bells) = channel::<Bell>();
    let ring = move || {
        for bell in bells {
            let waker = {
                let mut bell = bell.lock().unwrap();
                bell.0 = true;
                bell.1.take()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    };
    thread::Builder::new()
        .name("ringer".into())
        .spawn(ring)
        .expect("the system starts a thread");
    Mutex::new(sender)
});

async fn woken_from_elsewhere() {
    let bell = Bell::default();
    RINGER
        .lock()
        .unwrap()
        .send(bell.clone())
        .expect("the ringer lives as long as the process");
    poll_fn(|cx: &mut Context<'_>| {
        let mut bell = bell.lock().unwrap();
        if bell.0 {
            return Poll::Ready(());
        }
        bell.1 = Some(cx.waker().clone());
        Poll::Pending
    })
    .await;
}

/// Runs a graph once in sync code and once in async code. Asserts that both give its value.
pub(crate) fn check(node: &Arc<Node>) {
    let expected = node.value();
    let here = catch_unwind(AssertUnwindSafe(|| run_here(node)));
    let on_a_loop = catch_unwind(AssertUnwindSafe(|| block_on(run(node))));
    for result in [here, on_a_loop] {
        match (result, expected) {
            (Ok(value), Some(expected)) => assert_eq!(value, expected, "{node:?}"),
            (Err(payload), None) if payload.downcast_ref() == Some(&"graph") => {}
            (Err(payload), _) => resume_unwind(payload),
            (Ok(value), None) => panic!("the graph gave {value} instead of a panic: {node:?}"),
        }
    }
    // Detached tasks are dropped with their loop.
    smartasync::reset_smartasync_cache();
    until_nothing_runs();
}
