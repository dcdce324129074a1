//! Locks and maps under load: crowds of tasks and threads share one run, in time that is linear in
//! their number; what a follower costs in bytes, and that an uncontended call costs none; and that
//! a map gives back what its keys took.
//!
//! ```text
//! cargo test --release --test lock_load -- --ignored --nocapture     # a million followers, with what they cost
//! ```

use crate::support::gate::Gate;
use crate::support::kind::{KINDS, Kind};
use crate::support::{count::Count, poll, yield_once};
use allocation_counter::{AllocationInfo, measure};
use smartasync::{Cancelled, SmartLock, SmartLockMap, block_on, spawn_local};
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// A lock for ever, with a leader that waits for its gate.
struct Led {
    lock: &'static SmartLock<usize>,
    kind: Kind,
    gate: Gate,
    runs: Arc<AtomicUsize>,
}

type BoxCall = Pin<Box<dyn Future<Output = Result<usize, Cancelled>> + Send>>;

impl Led {
    fn new(kind: Kind) -> Self {
        Self {
            lock: Box::leak(Box::default()),
            kind,
            gate: Gate::default(),
            runs: Arc::default(),
        }
    }

    /// A caller that counts its run, waits for the gate and gives 1.
    fn call(&self) -> BoxCall {
        let (lock, gate, runs) = (self.lock, self.gate.clone(), self.runs.clone());
        let run = move || async move {
            runs.fetch_add(1, Relaxed);
            gate.await;
            1
        };
        match self.kind {
            Kind::Once => Box::pin(lock.run_once(run)),
            Kind::Shared => Box::pin(lock.run_shared(run)),
        }
    }

    /// So many callers; they are made, and not polled.
    fn calls(&self, n: usize) -> Vec<BoxCall> {
        (0..n).map(|_| self.call()).collect()
    }

    fn until_followed_by(&self, n: usize) {
        while self.lock.waiters() < n {
            thread::yield_now();
        }
    }

    /// All had one run, and nothing is left.
    fn assert_one_run(&self) {
        assert_eq!(self.runs.load(Relaxed), 1);
        assert_eq!((self.lock.is_running(), self.lock.waiters()), (false, 0));
    }
}

#[test]
fn a_hundred_thousand_tasks_share_one_run() {
    const TASKS: usize = 100_000;
    for kind in KINDS {
        let led = Led::new(kind);
        block_on(async {
            let tasks: Vec<_> = led.calls(TASKS).into_iter().map(spawn_local).collect();
            while led.lock.waiters() < TASKS - 1 {
                yield_once().await;
            }
            led.gate.open();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap();
            }
            assert_eq!(sum, TASKS);
        });
        led.assert_one_run();
    }
}

#[test]
fn two_hundred_threads_and_ten_thousand_tasks_share_one_run() {
    const THREADS: usize = 200;
    const TASKS: usize = 5_000;
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    for kind in KINDS {
        let led = Led::new(kind);
        let on_tokio: Vec<_> = led
            .calls(TASKS)
            .into_iter()
            .map(|call| tokio.spawn(call))
            .collect();
        let on_smol: Vec<_> = led.calls(TASKS).into_iter().map(smol::spawn).collect();
        let start = |call| {
            thread::Builder::new()
                .stack_size(256 * 1024)
                .spawn(|| smartasync::smart(call).wait())
                .unwrap()
        };
        let threads: Vec<_> = led.calls(THREADS).into_iter().map(start).collect();
        led.until_followed_by(2 * TASKS + THREADS - 1);
        led.gate.open();
        assert!(
            threads
                .into_iter()
                .all(|thread| thread.join().unwrap() == Ok(1))
        );
        assert!(
            on_tokio
                .into_iter()
                .all(|task| pollster::block_on(task).unwrap() == Ok(1))
        );
        assert!(
            on_smol
                .into_iter()
                .all(|task| pollster::block_on(task) == Ok(1))
        );
        led.assert_one_run();
    }
}

/// This waker uses the lock when it is woken, which would never end inside it, and counts.
struct UsesLock {
    lock: &'static SmartLock<usize>,
    woken: AtomicUsize,
}

impl Wake for UsesLock {
    fn wake(self: Arc<Self>) {
        let _waiters = self.lock.waiters();
        self.woken.fetch_add(1, Relaxed);
    }
}

/// How long it takes to serve so many followers, or to cancel them, when they wait already. Each is
/// woken once, outside the lock.
fn time_to_end(
    kind: Kind,
    n: usize,
    end: impl Fn(&Led, &mut BoxCall, &mut Context<'_>),
) -> Duration {
    let led = Led::new(kind);
    let uses_lock = Arc::new(UsesLock {
        lock: led.lock,
        woken: AtomicUsize::new(0),
    });
    let waker = Waker::from(uses_lock.clone());
    let mut cx = Context::from_waker(&waker);
    let mut leader = led.call();
    assert!(
        leader
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    let mut followers = led.calls(n);
    assert!(
        followers
            .iter_mut()
            .all(|follower| follower.as_mut().poll(&mut cx).is_pending())
    );
    let since = Instant::now();
    end(&led, &mut leader, &mut cx);
    let time = since.elapsed();
    assert!(uses_lock.woken.load(Relaxed) >= n);
    assert!(
        followers
            .iter_mut()
            .all(|follower| follower.as_mut().poll(&mut cx).is_ready())
    );
    time
}

#[test]
fn serving_and_cancelling_take_time_in_proportion_to_the_followers() {
    const FEW: usize = 10_000;
    let complete = |led: &Led, leader: &mut BoxCall, cx: &mut Context<'_>| {
        led.gate.open();
        assert!(leader.as_mut().poll(cx).is_ready());
    };
    let reset = |led: &Led, _: &mut BoxCall, _: &mut Context<'_>| led.lock.reset();
    for kind in KINDS {
        for end in [
            &complete as &dyn Fn(&Led, &mut BoxCall, &mut Context<'_>),
            &reset,
        ] {
            // The machine may be busy with something else once, but hardly each time.
            let best = |n| (0..5).map(|_| time_to_end(kind, n, end)).min().unwrap();
            let (few, many) = (best(FEW), best(16 * FEW));
            assert!(
                many < 100 * few,
                "{FEW} took {few:?}, and 16 times as many {many:?}: quadratic would be 256 times as long"
            );
        }
    }
}

#[test]
fn each_of_a_crowd_is_woken_with_the_future_unless_it_has_left() {
    const CROWD: usize = 10_000;
    let led = Led::new(Kind::Shared);
    let mut leader = led.call();
    assert!(poll(&mut leader).is_pending());
    let woken = Arc::new(Count::default());
    let waker = Waker::from(woken.clone());
    let mut followers = led.calls(CROWD);
    for follower in &mut followers {
        assert!(
            follower
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
    }
    let mut at = 0;
    followers.retain(|_| {
        at += 1;
        at % 3 != 0
    });
    led.gate.open();
    assert_eq!(woken.0.load(Relaxed), followers.len());
}

#[test]
fn the_last_of_a_crowd_is_woken_at_the_cost_of_one() {
    const CROWD: usize = 10_000;
    let lock = SmartLock::<usize>::new();
    let wakes_itself = |cx: &mut Context<'_>| {
        cx.waker().wake_by_ref();
        Poll::Pending
    };
    let mut calls: Vec<_> = (0..CROWD)
        .map(|_| Box::pin(lock.run_shared(|| poll_fn(wakes_itself))))
        .collect();
    assert!(calls.iter_mut().all(|call| poll(call).is_pending()));
    let mut last = calls.pop().unwrap();
    drop(calls);
    assert!(lock.is_running());
    let info = measure(|| assert!((0..100).all(|_| poll(&mut last).is_pending())));
    assert!(
        info.bytes_max < 1024,
        "{} bytes for one waker",
        info.bytes_max
    );
}

/// How long it takes so many newcomers to lead and to be lost, while as many followers sleep, and
/// none that is woken is polled.
fn time_to_lose_leaders(n: usize) -> Duration {
    let lock = SmartLock::<usize>::new();
    let call = || {
        let mut call = Box::pin(lock.run_once(pending));
        assert!(poll(&mut call).is_pending());
        call
    };
    let leader = call();
    let followers: Vec<_> = (0..n).map(|_| call()).collect();
    drop(leader);
    let since = Instant::now();
    (0..2 * n).for_each(|_| drop(call()));
    let time = since.elapsed();
    assert_eq!(lock.waiters(), followers.len());
    time
}

#[test]
fn lost_leaders_do_not_look_at_each_woken_follower() {
    const FEW: usize = 1_000;
    let best = |n| (0..5).map(|_| time_to_lose_leaders(n)).min().unwrap();
    let (few, many) = (best(FEW), best(16 * FEW));
    assert!(
        many < 100 * few,
        "{FEW} took {few:?}, and 16 times as many {many:?}: quadratic would be 256 times as long"
    );
}

/// What so many followers allocate, while they come and wait.
fn follow(kind: Kind, n: usize) -> AllocationInfo {
    let led = Led::new(kind);
    let mut leader = led.call();
    assert!(poll(&mut leader).is_pending());
    let mut followers = led.calls(n);
    let info = measure(|| {
        assert!(
            followers
                .iter_mut()
                .all(|follower| poll(follower).is_pending())
        )
    });
    assert_eq!(led.lock.waiters(), n);
    led.gate.open();
    assert_eq!(poll(&mut leader), Poll::Ready(Ok(1)));
    assert!(
        followers
            .iter_mut()
            .all(|follower| poll(follower) == Poll::Ready(Ok(1)))
    );
    led.assert_one_run();
    info
}

fn assert_small(kind: Kind, n: usize) {
    let info = follow(kind, n);
    let each = |bytes| bytes as f64 / n as f64;
    eprintln!(
        "{kind:?}: {:.1} bytes for each of {n} waiting followers, {:.1} at most while they came",
        each(info.bytes_current as u64),
        each(info.bytes_max)
    );
    assert!(
        info.bytes_current <= 64 * n as i64,
        "{kind:?}: {} bytes for {n} followers",
        info.bytes_current
    );
}

#[test]
fn a_waiting_follower_takes_at_most_64_bytes() {
    for kind in KINDS {
        assert_small(kind, 100_000);
    }
}

#[test]
#[ignore = "takes a gigabyte and some seconds"]
fn a_million_followers_take_at_most_64_bytes_each() {
    for kind in KINDS {
        assert_small(kind, 1_000_000);
    }
}

#[test]
fn a_million_uncontended_calls_allocate_nothing() {
    let lock = SmartLock::new();
    let call_once = |n| {
        for i in 0..n {
            assert_eq!(lock.run_once(|| ready(i)).wait(), Ok(i));
            let suspended = lock.run_once(|| async {
                yield_once().await;
                i
            });
            assert_eq!(suspended.wait(), Ok(i));
        }
    };
    // A thread's first wait makes its loop.
    call_once(1);
    let info = measure(|| call_once(500_000));
    assert_eq!((info.count_total, info.bytes_total), (0, 0));
}

#[test]
fn what_followers_took_is_given_back() {
    for kind in KINDS {
        let info = measure(|| {
            follow(kind, 1_000);
        });
        // The lock itself, which is leaked.
        let lock = size_of::<SmartLock<usize>>() as i64;
        assert_eq!(info.bytes_current, lock, "{kind:?}");
    }
}

type Map = SmartLockMap<String, usize>;

/// Uses so many keys at once: a leader and a follower of each.
fn use_keys(map: &Map, kind: Kind, n: usize, end: impl Fn(&Map, Vec<[BoxCallOn<'_>; 2]>)) {
    let call = |key: usize| -> BoxCallOn<'_> {
        match kind {
            Kind::Once => Box::pin(map.run_once(key.to_string(), pending)),
            Kind::Shared => Box::pin(map.run_shared(key.to_string(), pending)),
        }
    };
    let mut calls: Vec<_> = (0..n).map(|key| [call(key), call(key)]).collect();
    assert!(
        calls
            .iter_mut()
            .flatten()
            .all(|call| poll(call).is_pending())
    );
    assert_eq!(map.len(), n);
    end(map, calls);
    assert!(map.is_empty());
}

type BoxCallOn<'m> = Pin<Box<dyn Future<Output = Result<usize, Cancelled>> + 'm>>;

type End = fn(&Map, Vec<[BoxCallOn<'_>; 2]>);

/// How calls on keys end.
fn ends() -> [(&'static str, End); 4] {
    [
        ("dropped", |_, calls| drop(calls)),
        ("dropped, the followers first", |_, calls| {
            calls
                .into_iter()
                .for_each(|[leader, follower]| drop((follower, leader)))
        }),
        ("reset", |map, calls| {
            (0..calls.len()).for_each(|key| map.reset(key.to_string().as_str()));
            drop(calls);
        }),
        ("all reset", |map, calls| {
            map.reset_all();
            drop(calls);
        }),
    ]
}

#[test]
fn keys_that_are_idle_again_hold_no_memory() {
    // Each of a map's shards may keep a table of so many entries.
    const ROOM: i64 = 64 * 32 * (size_of::<(u64, String, usize, Vec<()>)>() as i64 + 2);
    for kind in KINDS {
        for (how, end) in ends() {
            let map = Map::default();
            let info = measure(|| use_keys(&map, kind, 20_000, end));
            assert!(
                info.bytes_max > 20 * ROOM as u64,
                "{how}: {} bytes at most",
                info.bytes_max
            );
            assert!(
                info.bytes_current <= ROOM,
                "{how}: {} bytes left, {kind:?}",
                info.bytes_current
            );
            // Nothing of what comes and goes stays.
            let info = measure(|| (0..20).for_each(|_| use_keys(&map, kind, 100, end)));
            assert!(
                info.bytes_current <= ROOM,
                "{how}: {} bytes more, {kind:?}",
                info.bytes_current
            );
        }
    }
}

#[test]
fn a_key_whose_runs_panic_holds_no_memory() {
    let map = Map::default();
    let panics = || {
        let calls: [BoxCallOn<'_>; 2] = [
            Box::pin(map.run_once("key".to_owned(), || poll_fn(|_| crate::support::panic()))),
            Box::pin(map.run_shared("key".to_owned(), || poll_fn(|_| crate::support::panic()))),
        ];
        for mut call in calls {
            assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut call))).is_err());
        }
        assert!(map.is_empty());
    };
    panics();
    let info = measure(|| (0..1_000).for_each(|_| panics()));
    assert_eq!(info.bytes_current, 0);
}

#[test]
fn an_idle_map_answers_a_million_calls_and_holds_what_it_held() {
    static MAP: OnceLock<SmartLockMap<u32, u32>> = OnceLock::new();
    let map = MAP.get_or_init(SmartLockMap::default);
    let call = |n: u32| {
        (0..n).for_each(|i| assert_eq!(map.run_once(i % 1_000, || ready(i)).wait(), Ok(i)))
    };
    call(1_000);
    let info = measure(|| call(1_000_000));
    assert_eq!(info.bytes_current, 0);
}
