//! `SmartLockMap`: the callers of a key share one run, different keys do not wait for each other,
//! and a key leaves the map with its last caller.

use crate::callers::ok;
use crate::map::gates::{Gate, Map, bystander, leaked};
use crate::shared::jobs::Caller;
use crate::support::kind::{KINDS, Kind};
use smartasync::{Cancelled, SmartLockMap};
use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

// Keys.

#[test]
fn callers_of_a_key_share_one_run_and_other_keys_run_beside_it() {
    for kind in KINDS {
        let map = leaked();
        let (one, two) = (Gate::default(), Gate::default());
        let mut leader = one.caller(map, "one", kind).wait_for_its_turn();
        let mut followers = KINDS.map(|kind| bystander(map, "one", kind).wait_for_its_turn());
        let mut other = two.caller(map, "two", kind).wait_for_its_turn();
        assert_eq!((map.len(), map.is_empty()), (2, false));
        two.open(2);
        assert_eq!((other.poll(), map.len()), (ok(2), 1));
        one.open(1);
        assert_eq!(leader.poll(), ok(1));
        assert!(followers.iter().all(|follower| follower.wakes() > 0));
        assert!(
            followers
                .iter_mut()
                .all(|follower| follower.poll() == ok(1))
        );
        assert_eq!((map.len(), map.is_empty()), (0, true));
    }
}

#[test]
fn threads_and_tasks_coalesce_on_a_key() {
    let map = leaked();
    let gate = Gate::default();
    let leader = gate.caller(map, "key", Kind::Shared).wait_for_its_turn();
    let registered = Arc::new(AtomicUsize::new(0));
    let follow = |kind| {
        let (mut caller, registered) = (bystander(map, "key", kind), registered.clone());
        let mut first = true;
        poll_fn(move |cx| {
            let result = caller.call.as_mut().poll(cx);
            registered.fetch_add(usize::from(first), Relaxed);
            first = false;
            result
        })
    };
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let tasks = KINDS.map(|kind| (tokio.spawn(follow(kind)), smol::spawn(follow(kind))));
    let threads = KINDS.map(|kind| {
        let follower = follow(kind);
        thread::spawn(move || smartasync::smart(follower).wait())
    });
    while registered.load(Relaxed) < 6 {
        thread::yield_now();
    }
    drop(leader);
    gate.open(7);
    for thread in threads {
        assert_eq!(thread.join().unwrap(), Ok(7));
    }
    for (on_tokio, on_smol) in tasks {
        assert_eq!(
            (
                pollster::block_on(on_tokio).unwrap(),
                pollster::block_on(on_smol)
            ),
            (Ok(7), Ok(7))
        );
    }
    assert_eq!(map.len(), 0);
}

#[test]
fn different_keys_run_at_the_same_time() {
    const KEYS: usize = 8;
    let map = SmartLockMap::new();
    // Each run waits for all other runs.
    let all_run = Barrier::new(KEYS);
    thread::scope(|scope| {
        for key in 0..KEYS {
            let (map, all_run) = (&map, &all_run);
            scope.spawn(move || {
                let run = || async move {
                    all_run.wait();
                    key
                };
                assert_eq!(map.run_once(key, run).wait(), Ok(key));
            });
        }
    });
    assert_eq!(map.len(), 0);
}

#[test]
fn inside_a_run_its_own_key_is_a_re_entry_and_another_key_is_not() {
    let map = leaked();
    let key = |name: &str| name.to_owned();
    let once = map.run_once(key("one"), || async {
        assert!(
            map.run_once(key("one"), || ready(1))
                .await
                .unwrap_err()
                .is_reentrant()
        );
        map.run_shared(key("two"), || ready(2)).await.unwrap()
    });
    assert_eq!(once.wait(), Ok(2));
    let shared = map.run_shared(key("one"), move || async move {
        assert!(
            map.run_shared("one".to_owned(), || ready(1))
                .await
                .unwrap_err()
                .is_reentrant()
        );
        assert_eq!(map.len(), 1);
        map.run_once("two".to_owned(), || ready(2)).await.unwrap()
    });
    assert_eq!(shared.wait(), Ok(2));
    assert_eq!(map.len(), 0);
}

// When a key leaves the map.

#[test]
fn a_call_that_is_never_polled_does_not_enter_the_map() {
    for kind in KINDS {
        let map = leaked();
        let call = bystander(map, "key", kind);
        assert_eq!(map.len(), 0);
        drop(call);
        assert_eq!(map.len(), 0);
    }
}

#[test]
fn a_key_leaves_the_map_when_its_calls_are_ready() {
    for kind in KINDS {
        let (map, gate) = (leaked(), Gate::default());
        let mut leader = gate.caller(map, "key", kind).wait_for_its_turn();
        let mut follower = bystander(map, "key", kind).wait_for_its_turn();
        gate.open(1);
        assert_eq!((leader.poll(), map.len()), (ok(1), 1));
        assert_eq!((follower.poll(), map.len()), (ok(1), 0));
        // The old calls do not count for the next flight of the key.
        let next_gate = Gate::default();
        let mut next = next_gate.caller(map, "key", kind).wait_for_its_turn();
        drop(leader);
        drop(follower);
        assert_eq!(map.len(), 1);
        next_gate.open(2);
        assert_eq!((next.poll(), map.len()), (ok(2), 0));
    }
}

#[test]
fn a_key_leaves_the_map_with_the_last_of_its_callers() {
    for kind in KINDS {
        let (map, gate) = (leaked(), Gate::default());
        let leader = gate.caller(map, "key", kind).wait_for_its_turn();
        let followers = [0, 1, 2].map(|_| gate.caller(map, "key", kind).wait_for_its_turn());
        drop(leader);
        assert_eq!(map.len(), 1);
        let [one, two, mut last] = followers;
        drop((one, two));
        assert!(last.poll().is_pending());
        assert_eq!(map.len(), 1);
        drop(last);
        assert_eq!(map.len(), 0);
    }
}

/// Panics without the panic hook, so that nothing is printed.
fn panic() -> ! {
    resume_unwind(Box::new("quiet"))
}

#[test]
fn a_key_leaves_the_map_with_a_run_that_panics() {
    for kind in KINDS {
        let map = leaked();
        let call = match kind {
            Kind::Once => Caller::new(map.run_once("key".to_owned(), || poll_fn(|_| panic()))),
            Kind::Shared => Caller::new(map.run_shared("key".to_owned(), || poll_fn(|_| panic()))),
        };
        assert!(catch_unwind(AssertUnwindSafe(|| smartasync::smart(call.call).wait())).is_err());
        assert_eq!(map.len(), 0);
        let closure = map.run_shared("key".to_owned(), || -> std::future::Ready<usize> {
            panic()
        });
        assert!(catch_unwind(AssertUnwindSafe(|| closure.wait())).is_err());
        assert_eq!(map.len(), 0);
    }
}

#[test]
fn a_delivered_value_keeps_the_key_and_delays_no_newcomer() {
    let (map, gate) = (leaked(), Gate::default());
    let mut leader = gate.caller(map, "key", Kind::Shared).wait_for_its_turn();
    let mut late = bystander(map, "key", Kind::Once).wait_for_its_turn();
    gate.open(1);
    assert_eq!(leader.poll(), ok(1));
    assert_eq!(map.run_once("key".to_owned(), || ready(2)).wait(), Ok(2));
    assert_eq!((late.poll(), map.len()), (ok(1), 0));
}

#[test]
fn a_shared_future_is_dropped_with_its_last_caller_and_its_destructor_may_use_the_key() {
    type Log = Arc<Mutex<Vec<(usize, Result<usize, Cancelled>)>>>;
    struct OnDrop(Map, Log);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            let OnDrop(map, log) = self;
            let before = map.len();
            log.lock()
                .unwrap()
                .push((before, map.run_shared("key".to_owned(), || ready(2)).wait()));
        }
    }
    let (map, log) = (leaked(), Arc::default());
    let on_drop = OnDrop(map, Arc::clone(&log));
    let leader = Caller::new(map.run_shared("key".to_owned(), move || async move {
        let _local = on_drop;
        pending().await
    }))
    .wait_for_its_turn();
    let follower = bystander(map, "key", Kind::Shared).wait_for_its_turn();
    drop(leader);
    assert!(log.lock().unwrap().is_empty());
    drop(follower);
    assert_eq!(*log.lock().unwrap(), [(0, Ok(2))]);
    assert_eq!(map.len(), 0);
    assert_eq!(
        map.run_shared("key".to_owned(), || ready(3)).wait(),
        Ok(3),
        "a new run starts"
    );
}

#[test]
fn a_shared_future_stays_as_long_as_it_has_a_caller() {
    let (map, gate) = (leaked(), Gate::default());
    let mut caller = gate.caller(map, "key", Kind::Shared).wait_for_its_turn();
    for kind in [KINDS, KINDS].concat() {
        let next = bystander(map, "key", kind).wait_for_its_turn();
        drop(caller);
        caller = next;
    }
    gate.open(4);
    assert_eq!((caller.wakes(), caller.poll(), map.len()), (1, ok(4), 0));
}

// Which maps are `Sync`.

#[test]
fn a_map_is_sync_where_its_keys_and_values_are_send() {
    fn assert_sync<T: Send + Sync>(_: &T) {}
    fn assert_send<T: Send>(_: &T) {}
    // The key and the value are not `Sync`.
    let map = SmartLockMap::<(u8, MovesOnly), Cell<usize>>::default();
    assert_sync(&map);
    let call = map.run_shared((1, MovesOnly(Cell::new(0))), || async { Cell::new(1) });
    assert_send(&call);
    assert_eq!(
        thread::scope(|scope| scope.spawn(|| call.wait()).join().unwrap()),
        Ok(Cell::new(1))
    );
    assert_eq!(format!("{map:?}"), "SmartLockMap { len: 0, .. }");
}

/// A key that is `Send` but not `Sync`.
#[derive(Clone, PartialEq, Eq)]
struct MovesOnly(Cell<u8>);

impl std::hash::Hash for MovesOnly {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.get().hash(state);
    }
}
