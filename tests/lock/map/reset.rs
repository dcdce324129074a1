//! `SmartLockMap::reset`: it takes a key's flight out of the map. However that flight ends, it does
//! not affect a newer flight of the key.

use crate::callers::{cancelled, ok};
use crate::map::gates::{Gate, bystander, leaked};
use crate::shared::jobs::Caller;
use crate::support::count::Count;
use crate::support::kind::{KINDS, Kind};
use smartasync::SmartLockMap;
use std::borrow::Borrow;
use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Wake, Waker};

#[test]
fn followers_are_cancelled_and_a_leader_keeps_its_result() {
    for kind in KINDS {
        let (map, gate, other_gate) = (leaked(), Gate::default(), Gate::default());
        let mut leader = gate.caller(map, "key", kind).wait_for_its_turn();
        let mut follower = bystander(map, "key", kind).wait_for_its_turn();
        let mut other = other_gate.caller(map, "other", kind).wait_for_its_turn();
        let mut other_follower = bystander(map, "other", kind).wait_for_its_turn();
        // A map with `String` keys takes a `str`.
        map.reset("none");
        assert_eq!(map.len(), 2);
        map.reset("key");
        assert_eq!(
            (map.len(), follower.wakes(), other_follower.wakes()),
            (1, 1, 0)
        );
        assert!(cancelled(follower.poll()));
        assert_eq!(map.run_shared("key".to_owned(), || ready(9)).wait(), Ok(9));
        gate.open(1);
        assert_eq!(leader.poll(), ok(1));
        other_gate.open(2);
        assert_eq!(
            (other.poll(), other_follower.poll(), map.len()),
            (ok(2), ok(2), 0)
        );
    }
}

/// The ways in which an old flight may end.
#[derive(Clone, Copy)]
enum End {
    Done,
    Dropped,
    Panicked,
    /// A cancelled follower is polled.
    Followed,
}

#[test]
fn however_an_old_flight_ends_the_newer_flight_of_its_key_stays() {
    for (kind, newer_kind) in
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(old, new)| (KINDS[old], KINDS[new]))
    {
        for end in [End::Done, End::Dropped, End::Panicked, End::Followed] {
            let (map, old_gate, gate) = (leaked(), Gate::default(), Gate::default());
            let explodes = Arc::new(Count::default());
            let (fuse, run) = (explodes.clone(), old_gate.run());
            let run = async move {
                let value = run.await;
                if fuse.0.load(Relaxed) > 0 {
                    resume_unwind(Box::new("quiet"));
                }
                value
            };
            let mut old = match kind {
                Kind::Once => Caller::new(map.run_once("key".to_owned(), || run)),
                Kind::Shared => Caller::new(map.run_shared("key".to_owned(), || run)),
            }
            .wait_for_its_turn();
            let mut old_follower = bystander(map, "key", kind).wait_for_its_turn();
            map.reset("key");
            assert_eq!(map.len(), 0);

            let mut newer = gate.caller(map, "key", newer_kind).wait_for_its_turn();
            match end {
                End::Done => {
                    old_gate.open(1);
                    assert_eq!(old.poll(), ok(1));
                }
                End::Panicked => {
                    explodes.0.store(1, Relaxed);
                    old_gate.open(1);
                    assert!(catch_unwind(AssertUnwindSafe(|| old.poll())).is_err());
                }
                End::Dropped => {}
                End::Followed => assert!(cancelled(old_follower.poll())),
            }
            drop(old);
            drop(old_follower);
            // The newer flight still takes followers.
            assert_eq!(map.len(), 1);
            let mut follower = bystander(map, "key", newer_kind).wait_for_its_turn();
            assert_eq!(map.len(), 1);
            gate.open(2);
            assert_eq!(
                (newer.poll(), follower.poll(), map.len()),
                (ok(2), ok(2), 0)
            );
        }
    }
}

#[test]
fn a_reset_of_a_key_without_callers_left_does_nothing() {
    for kind in KINDS {
        let map = leaked();
        let gate = Gate::default();
        drop(gate.caller(map, "key", kind).wait_for_its_turn());
        map.reset("key");
        assert_eq!(map.len(), 0);
        assert_eq!(map.run_once("key".to_owned(), || ready(1)).wait(), Ok(1));
    }
}

#[test]
fn reset_all_reaches_every_key() {
    let map: &'static SmartLockMap<usize, usize> = Box::leak(Box::default());
    let mut leaders = Vec::new();
    let mut followers = Vec::new();
    for key in 0..1_000 {
        leaders.push(Caller::new(map.run_shared(key, pending)).wait_for_its_turn());
        followers.push(
            Caller::new(map.run_shared(key, || async { unreachable!("this call follows") }))
                .wait_for_its_turn(),
        );
    }
    assert_eq!(map.len(), 1_000);
    map.reset_all();
    assert_eq!(map.len(), 0);
    assert!(
        followers
            .iter_mut()
            .all(|follower| cancelled(follower.poll()))
    );
    assert!(leaders.iter_mut().all(|leader| leader.poll().is_pending()));
    assert_eq!(map.run_once(1, || ready(1)).wait(), Ok(1));
    drop(leaders);
    map.reset_all();
    assert_eq!(map.len(), 0);
}

#[test]
fn all_keys_are_reset_when_a_waker_panics() {
    struct Bomb;
    impl Wake for Bomb {
        fn wake(self: Arc<Self>) {
            resume_unwind(Box::new("quiet"));
        }
    }
    let map: &'static SmartLockMap<usize, usize> = Box::leak(Box::default());
    let mut leaders = Vec::new();
    let mut followers = Vec::new();
    for key in 0..200 {
        leaders.push(Caller::new(map.run_once(key, pending)).wait_for_its_turn());
        let mut bad = Caller::new(map.run_once(key, pending));
        assert!(
            bad.call
                .as_mut()
                .poll(&mut Context::from_waker(&Waker::from(Arc::new(Bomb))))
                .is_pending()
        );
        leaders.push(bad);
        followers.push(Caller::new(map.run_once(key, pending)).wait_for_its_turn());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| map.reset_all())).is_err());
    assert_eq!(map.len(), 0);
    assert!(
        followers
            .iter_mut()
            .all(|follower| follower.wakes() == 1 && cancelled(follower.poll()))
    );
}

#[test]
fn a_run_that_resets_its_own_key_is_detached_from_the_map() {
    let map = leaked();
    for kind in KINDS {
        let body = move || async move {
            map.reset("key");
            assert_eq!(map.len(), 0);
            futures_lite::future::yield_now().await;
            // This call leads a flight of its own, so it is no re-entry.
            map.run_shared("key".to_owned(), || ready(5)).await.unwrap()
        };
        let answer = match kind {
            Kind::Once => map.run_once("key".to_owned(), body).wait(),
            Kind::Shared => map.run_shared("key".to_owned(), body).wait(),
        };
        assert_eq!((answer, map.len()), (Ok(5), 0));
    }
}

#[test]
fn reset_takes_any_borrowed_form_of_a_key() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Id(u32);
    impl Borrow<u32> for Id {
        fn borrow(&self) -> &u32 {
            &self.0
        }
    }
    let map: &'static SmartLockMap<Id, usize> = Box::leak(Box::default());
    let leader = Caller::new(map.run_once(Id(1), pending)).wait_for_its_turn();
    map.reset(&2);
    assert_eq!(map.len(), 1);
    map.reset(&1);
    assert_eq!(map.len(), 0);
    drop(leader);
    let bytes = SmartLockMap::<Vec<u8>, usize>::new();
    bytes.reset(b"slice".as_slice());
}
