//! The operations. Each checks its result.

use crate::support::chains::{async_step, sync_step};
use crate::support::random::Random;
use crate::support::{panic, yield_once};
use crate::{Soak, World};
use futures_lite::future::poll_once;
use smartasync::{
    Call, SmartLock, SmartLockMap, TimedOut, Work, block_on, cached_loops, offload, offload_stats,
    reset_smartasync_cache, set_offload_limit, sleep, smart, smart_await, smart_fn, spawn_local,
};
use std::future::{Future, pending};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Waker};
use std::time::Duration;

pub(crate) static LIVE: AtomicUsize = AtomicUsize::new(0);
pub(crate) static ONCE: LazyLock<SmartLock<Number>> = LazyLock::new(SmartLock::new);
pub(crate) static SHARED: LazyLock<SmartLock<Number>> = LazyLock::new(SmartLock::new);
pub(crate) static MAP: LazyLock<SmartLockMap<u64, Number>> = LazyLock::new(SmartLockMap::new);

/// A number that counts in [`LIVE`] as long as it lives.
#[derive(Debug)]
pub(crate) struct Number(u64);

impl Number {
    fn new(number: u64) -> Self {
        LIVE.fetch_add(1, Relaxed);
        Self(number)
    }
}

impl Clone for Number {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Relaxed);
    }
}

type Operation = fn(&Soak, &World, &mut Random);

/// The operations, and what they are called in the account.
pub(crate) const OPERATIONS: &[(&str, Operation)] = &[
    ("sync function", sync_function),
    ("async function", async_function),
    ("function for both", function_for_both),
    ("chain of sync and async functions", chain),
    ("many jobs at once", many_jobs),
    ("run_once", run_once),
    ("run_shared", run_shared),
    ("lock that is lost", lost_lock),
    ("map of locks", map_of_locks),
    ("time-out", time_out),
    ("time-out of a lock", lock_time_out),
    ("sleep", short_sleep),
    ("cancelled call", cancelled),
    ("panic", panics),
    ("panic in a lock", lock_panics),
    ("panic in a task", task_panics),
    ("local tasks", local_tasks),
    #[cfg(feature = "stream")]
    ("stream", stream),
    ("limit", limit),
    ("reset", reset),
];

smart_fn!(
    fn add(a: Number, b: Number) -> Number {
        Number::new(a.0 + b.0)
    }

    async fn double(number: Number) -> Number {
        yield_once().await;
        Number::new(2 * number.0)
    }

    #[maybe_async]
    #[send]
    async fn double_of_sum(a: Number, b: Number) -> Number {
        let sum = smart_await!(add(a, b));
        smart_await!(double(sum))
    }

    async fn fail(number: Number) -> Number {
        yield_once().await;
        drop(number);
        panic()
    }

    fn fail_on_the_pool(number: Number) -> Number {
        drop(number);
        panic()
    }
);

fn small(random: &mut Random) -> u64 {
    random.below(1_000) as u64
}

fn sync_function(_: &Soak, world: &World, random: &mut Random) {
    let (a, b) = (small(random), small(random));
    let sum = world.finish(random, add(Number::new(a), Number::new(b)));
    assert_eq!(sum.0, a + b);
}

fn async_function(_: &Soak, world: &World, random: &mut Random) {
    let n = small(random);
    assert_eq!(world.finish(random, double(Number::new(n))).0, 2 * n);
}

fn function_for_both(_: &Soak, world: &World, random: &mut Random) {
    let (a, b) = (small(random), small(random));
    let sum = world.finish(random, double_of_sum(Number::new(a), Number::new(b)));
    assert_eq!(sum.0, 2 * (a + b));
}

fn chain(_: &Soak, world: &World, random: &mut Random) {
    let depth = random.below(40) as u32;
    if random.below(2) == 0 {
        assert_eq!(world.finish(random, sync_step(depth)), depth);
    } else {
        assert_eq!(world.finish(random, async_step(depth)), depth);
    }
}

fn many_jobs(_: &Soak, world: &World, random: &mut Random) {
    let n = random.below(50) as u64;
    let call = smart(async move {
        let jobs: Vec<_> = (0..n).map(|n| offload(move || Number::new(n))).collect();
        // All of them are queued before the first one is awaited.
        let mut sum = 0;
        let mut left = Vec::new();
        for mut job in jobs {
            match poll_once(&mut job).await {
                Some(number) => sum += number.0,
                None => left.push(job),
            }
        }
        for job in left {
            sum += job.await.0;
        }
        sum
    });
    assert_eq!(world.finish(random, call), n * n.saturating_sub(1) / 2);
}

/// What a flight of a lock does: it may yield, use the pool, or end at once.
fn flight(way: usize, n: u64) -> impl Future<Output = Number> + Send + 'static {
    let number = Number::new(n);
    async move {
        match way {
            0 => {}
            1 => yield_once().await,
            _ => offload(|| ()).await,
        }
        number
    }
}

/// A flight gives the number of flights that had begun when it began, so a result is no larger than
/// what the caller sees afterwards.
static FLIGHTS: AtomicU64 = AtomicU64::new(0);

fn run_once(_: &Soak, world: &World, random: &mut Random) {
    let way = random.below(3);
    let call = ONCE.run_once(move || flight(way, FLIGHTS.fetch_add(1, Relaxed)));
    // A reset cancels callers.
    if let Ok(number) = world.finish(random, call) {
        assert!(number.0 < FLIGHTS.load(Relaxed));
    }
}

fn run_shared(_: &Soak, world: &World, random: &mut Random) {
    let way = random.below(3);
    let call = SHARED.run_shared(move || flight(way, FLIGHTS.fetch_add(1, Relaxed)));
    if let Ok(number) = world.finish(random, call) {
        assert!(number.0 < FLIGHTS.load(Relaxed));
    }
}

/// A call that is dropped in the middle, be it a leader, a driver or a follower.
fn lost_lock(_: &Soak, _: &World, random: &mut Random) {
    if random.below(2) == 0 {
        poll_and_drop(ONCE.run_once(|| flight(1, FLIGHTS.fetch_add(1, Relaxed))));
    } else {
        poll_and_drop(SHARED.run_shared(|| flight(1, FLIGHTS.fetch_add(1, Relaxed))));
    }
}

fn map_of_locks(_: &Soak, world: &World, random: &mut Random) {
    let (key, way) = (random.below(4) as u64, random.below(3));
    let result = if random.below(2) == 0 {
        world.finish(random, MAP.run_once(key, move || flight(way, 3 * key)))
    } else {
        world.finish(random, MAP.run_shared(key, move || flight(way, 3 * key)))
    };
    if let Ok(number) = result {
        assert_eq!(number.0, 3 * key);
    }
}

/// No time, a short time, or for ever.
fn duration(random: &mut Random) -> Duration {
    [
        Duration::ZERO,
        Duration::from_micros(200),
        Duration::from_millis(1),
        Duration::MAX,
    ][random.below(4)]
}

fn time_out(soak: &Soak, world: &World, random: &mut Random) {
    let (n, time) = (small(random), duration(random));
    if !world.has_timers(soak.scarce) {
        return;
    }
    let number = Number::new(n);
    let call = if random.below(2) == 0 {
        world.finish(random, double(number).timeout(time))
    } else {
        world.finish(random, add(number, Number::new(n)).timeout(time))
    };
    match call {
        Ok(number) => assert_eq!(number.0, 2 * n),
        Err(TimedOut) => assert_ne!(time, Duration::MAX),
    }
    let never = smart(pending::<()>()).timeout(time.min(Duration::from_millis(1)));
    assert_eq!(world.finish(random, never), Err(TimedOut));
}

fn lock_time_out(soak: &Soak, world: &World, random: &mut Random) {
    let (way, time) = (random.below(3), duration(random));
    if !world.has_timers(soak.scarce) {
        return;
    }
    let call = ONCE.run_once(move || flight(way, FLIGHTS.fetch_add(1, Relaxed)));
    let _ended = world.finish(random, call.timeout(time));
    let call = SHARED.run_shared(move || flight(way, FLIGHTS.fetch_add(1, Relaxed)));
    let _ended = world.finish(random, call.timeout(time));
}

fn short_sleep(soak: &Soak, world: &World, random: &mut Random) {
    if world.has_timers(soak.scarce) {
        let time = Duration::from_micros(random.below(1_000) as u64);
        world.finish(random, sleep(time));
    }
}

fn poll_and_drop<W: Work>(call: Call<W>) {
    let mut call = Box::pin(call);
    let _progress = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}

fn cancelled(_: &Soak, _: &World, random: &mut Random) {
    let number = Number::new(1);
    match random.below(3) {
        0 => poll_and_drop(add(number, Number::new(2))),
        1 => poll_and_drop(double(number)),
        _ => drop(double(number)),
    }
}

fn is_panic<T>(act: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(act)).is_err()
}

fn panics(_: &Soak, world: &World, random: &mut Random) {
    assert!(is_panic(|| world.finish(random, fail(Number::new(1)))));
    assert!(is_panic(
        || world.finish(random, fail_on_the_pool(Number::new(1)))
    ));
}

/// The leader panics. Its followers lead again, with closures of their own.
fn lock_panics(_: &Soak, world: &World, random: &mut Random) {
    let number = Number::new(0);
    let call = ONCE.run_once(move || async move {
        yield_once().await;
        drop(number);
        panic()
    });
    // If it follows, it gets the value of the leader.
    let _caught = is_panic(|| world.finish(random, call));
}

fn task_panics(_: &Soak, world: &World, _: &mut Random) {
    if let World::Own = world {
        let number = Number::new(0);
        let task = async move {
            yield_once().await;
            drop(number);
            panic()
        };
        // The task starts inside a wait, so that no reset of the cache cancels it.
        assert!(is_panic(|| block_on(async { spawn_local(task).await })));
    }
}

fn local_tasks(_: &Soak, world: &World, random: &mut Random) {
    let World::Own = world else { return };
    let n = random.below(200) as u64;
    let sum = block_on(async {
        let tasks: Vec<_> = (0..n)
            .map(|n| spawn_local(async move { double(Number::new(n)).await }))
            .collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.0;
        }
        sum
    });
    assert_eq!(sum, n * n.saturating_sub(1));
}

#[cfg(feature = "stream")]
fn stream(_: &Soak, world: &World, random: &mut Random) {
    use futures_lite::StreamExt;
    use smartasync::smart_iter;

    let (n, taken) = (random.below(100) as u64, random.below(100));
    let read_ahead = NonZeroUsize::MIN.saturating_add(random.below(8));
    let items = smart_iter((0..n).map(Number::new), read_ahead);
    let sum: u64 = if random.below(2) == 0 && matches!(world, World::Own) {
        items.into_iter().take(taken).map(|number| number.0).sum()
    } else {
        let call = smart(async move {
            let mut items = items.take(taken);
            let mut sum = 0;
            while let Some(number) = items.next().await {
                sum += number.0;
            }
            sum
        });
        world.finish(random, call)
    };
    let n = n.min(taken as u64);
    assert_eq!(sum, n * n.saturating_sub(1) / 2);
}

fn limit(_: &Soak, _: &World, random: &mut Random) {
    set_offload_limit(NonZeroUsize::MIN.saturating_add(random.below(8)));
    let stats = offload_stats();
    assert!(
        stats.active <= stats.threads && stats.limit <= 8,
        "{stats:?}"
    );
}

fn reset(_: &Soak, _: &World, random: &mut Random) {
    match random.below(4) {
        0 => reset_smartasync_cache(),
        1 => ONCE.reset(),
        2 => SHARED.reset(),
        _ => MAP.reset_all(),
    }
    assert!(cached_loops() < 10_000);
}
