//! What locks and maps allocate: what a follower costs in bytes, that an uncontended call allocates
//! nothing, and that a map gives back what its keys took.
//!
//! One test takes a gigabyte and is ignored by default. It prints what a follower of a million
//! costs:
//!
//! ```text
//! cargo test --release --test allocations -- --ignored --nocapture
//! ```

use crate::support::gated_lock::{GatedLock, SendCall};
use crate::support::kind::{KINDS, Kind};
use crate::support::{panic, panics, poll, yield_once};
use allocation_counter::{AllocationInfo, measure};
use smartasync::{Cancelled, SmartLock, SmartLockMap};
use std::future::{pending, poll_fn, ready};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

#[test]
fn waking_the_last_caller_of_a_former_crowd_costs_as_much_as_waking_one() {
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

/// What `n` followers allocate while they join the flight and wait.
fn follow(kind: Kind, n: usize) -> AllocationInfo {
    let gated = GatedLock::new(kind);
    let mut leader = gated.call();
    assert!(poll(&mut leader).is_pending());
    let mut followers = gated.calls(n);
    let info = measure(|| {
        assert!(
            followers
                .iter_mut()
                .all(|follower| poll(follower).is_pending())
        )
    });
    assert_eq!(gated.lock.waiters(), n);
    gated.gate.open();
    assert_eq!(poll(&mut leader), Poll::Ready(Ok(1)));
    assert!(
        followers
            .iter_mut()
            .all(|follower| poll(follower) == Poll::Ready(Ok(1)))
    );
    gated.assert_one_run();
    info
}

/// Asserts that a waiting follower holds at most 64 bytes, and prints what it holds. `.ci/run`
/// looks for the text.
fn assert_small(kind: Kind, n: usize) {
    let info = follow(kind, n);
    let each = |bytes| bytes as f64 / n as f64;
    eprintln!(
        "{kind:?}: {:.1} bytes for each of {n} waiting followers, at most {:.1} while they came",
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
    // The first wait of a thread makes its loop, which allocates.
    call_once(1);
    let info = measure(|| call_once(500_000));
    assert_eq!((info.count_total, info.bytes_total), (0, 0));
}

#[test]
fn a_flight_frees_what_its_followers_took() {
    for kind in KINDS {
        let info = measure(|| {
            follow(kind, 1_000);
        });
        // Only the lock stays, because it is leaked.
        let lock = size_of::<SmartLock<usize>>() as i64;
        assert_eq!(info.bytes_current, lock, "{kind:?}");
    }
}

type Map = SmartLockMap<String, usize>;

/// Makes a leader and a follower for each of `n` keys, and calls `end` with them. No key may be
/// left.
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

/// The ways in which calls on keys end, with their names.
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
        ("reset together", |map, calls| {
            map.reset_all();
            drop(calls);
        }),
    ]
}

#[test]
fn keys_that_are_idle_again_hold_no_memory() {
    // Each shard of a map may keep a table with room for a few entries.
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
            // Keys that come and go many times hold nothing either.
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
    let runs_panic = || {
        let calls: [BoxCallOn<'_>; 2] = [
            Box::pin(map.run_once("key".to_owned(), || poll_fn(|_| panic()))),
            Box::pin(map.run_shared("key".to_owned(), || poll_fn(|_| panic()))),
        ];
        for mut call in calls {
            assert!(panics(|| poll(&mut call)));
        }
        assert!(map.is_empty());
    };
    runs_panic();
    let info = measure(|| (0..1_000).for_each(|_| runs_panic()));
    assert_eq!(info.bytes_current, 0);
}

#[test]
fn a_map_holds_no_more_after_a_million_calls() {
    static MAP: OnceLock<SmartLockMap<u32, u32>> = OnceLock::new();
    let map = MAP.get_or_init(SmartLockMap::default);
    let call = |n: u32| {
        (0..n).for_each(|i| assert_eq!(map.run_once(i % 1_000, || ready(i)).wait(), Ok(i)))
    };
    call(1_000);
    let info = measure(|| call(1_000_000));
    assert_eq!(info.bytes_current, 0);
}

/// Ends a flight with `n` followers, and returns how many allocations the end made.
fn end_a_flight(kind: Kind, n: usize, end: impl FnOnce(&GatedLock, &mut SendCall)) -> u64 {
    let gated = GatedLock::new(kind);
    let mut leader = gated.call();
    assert!(poll(&mut leader).is_pending());
    let mut followers = gated.calls(n);
    assert!(
        followers
            .iter_mut()
            .all(|follower| poll(follower).is_pending())
    );
    let info = measure(|| end(&gated, &mut leader));
    assert!(
        followers
            .iter_mut()
            .all(|follower| poll(follower).is_ready())
    );
    info.count_total
}

#[test]
fn the_end_of_a_flight_allocates_no_more_for_many_followers_than_a_list_takes() {
    for kind in KINDS {
        let completed = end_a_flight(kind, 10_000, |gated, leader| {
            gated.gate.open();
            assert!(poll(leader).is_ready());
        });
        let reset = end_a_flight(kind, 10_000, |gated, _| gated.lock.reset());
        // The list of followers may double its room several times.
        assert!(
            completed <= 64 && reset <= 64,
            "{kind:?}: {completed} and {reset} allocations"
        );
    }
}
