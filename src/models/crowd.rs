//! Flights with three threads, and flights in a map. The models check hand-overs among followers
//! that are dropped, shared futures that several callers drive, and map entries that are added and
//! removed.

use super::flight::{Event, Lock, yield_once};
use super::{check, poll_once, wait_for};
use crate::lock::inner::Core;
use crate::lock::run;
use crate::lock::{Cancelled, SmartLockMap};
use crate::sync::{Arc, Ordering};
use core::future::{pending, poll_fn, ready};
use loom::sync::atomic::AtomicUsize;
use loom::thread;
use std::boxed::Box;
use std::vec::Vec;

#[test]
fn of_two_followers_of_a_lost_leader_one_may_go_and_the_other_leads() {
    check("lost leader, two followers", 3, || {
        let lock: Lock = Arc::new(Core::new());
        let mut leader = Box::pin(run::run_once(&*lock, pending::<usize>));
        assert!(poll_once(leader.as_mut()).is_pending());
        let theirs = lock.clone();
        let goes = thread::spawn(move || {
            let mut call = Box::pin(run::run_once(&*theirs, pending::<usize>));
            // The call follows, is chosen or leads. It is dropped in each of these roles.
            assert!(poll_once(call.as_mut()).is_pending());
        });
        let theirs = lock.clone();
        let stays = thread::spawn(move || {
            assert_eq!(wait_for(run::run_once(&*theirs, || ready(2))).unwrap(), 2)
        });
        drop(leader);
        goes.join().unwrap();
        stays.join().unwrap();
        assert!(!lock.is_running() && lock.waiters() == 0);
    });
}

/// Runs on the lock a future that is ready in its second poll.
fn run_shared(lock: &Core<usize>, starts: &Arc<AtomicUsize>, value: usize) -> usize {
    let starts = starts.clone();
    let run = move || async move {
        starts.fetch_add(1, Ordering::Relaxed);
        yield_once().await;
        value
    };
    wait_for(run::run_shared(lock, run)).unwrap()
}

fn shared_callers(threads: usize, preemptions: usize) {
    check("shared callers", preemptions, move || {
        let lock: Lock = Arc::new(Core::new());
        let starts = Arc::new(AtomicUsize::new(0));
        let others: Vec<_> = (1..threads)
            .map(|value| {
                let (lock, starts) = (lock.clone(), starts.clone());
                thread::spawn(move || assert!(run_shared(&lock, &starts, value) < 3))
            })
            .collect();
        assert!(run_shared(&lock, &starts, 0) < 3);
        for other in others {
            other.join().unwrap();
        }
        let starts = starts.load(Ordering::Relaxed);
        assert!(1 <= starts && starts <= threads);
        assert!(!lock.is_running() && lock.waiters() == 0);
    });
}

#[test]
fn two_callers_drive_a_shared_future_to_its_end() {
    shared_callers(2, 4);
}

#[test]
fn three_callers_drive_a_shared_future_to_its_end() {
    shared_callers(3, 2);
}

/// Makes a call whose future waits for the event.
fn shared_until<'l>(
    lock: &'l Core<usize>,
    event: &Arc<Event>,
    value: usize,
) -> impl Future<Output = Result<usize, Cancelled>> + use<'l> {
    let event = event.clone();
    run::run_shared(lock, move || async move {
        poll_fn(|cx| event.poll(cx)).await;
        value
    })
}

#[test]
fn a_driver_that_goes_leaves_its_future_to_the_others() {
    check("shared, driver dropped", 3, || {
        let lock: Lock = Arc::new(Core::new());
        let event = Arc::new(Event::default());
        let (theirs, their_event) = (lock.clone(), event.clone());
        let goes = thread::spawn(move || {
            let _polled = poll_once(Box::pin(shared_until(&theirs, &their_event, 1)).as_mut());
        });
        let (theirs, their_event) = (lock.clone(), event.clone());
        let stays = thread::spawn(move || {
            assert!(wait_for(shared_until(&theirs, &their_event, 2)).is_ok())
        });
        event.happen();
        goes.join().unwrap();
        stays.join().unwrap();
    });
}

#[test]
fn a_reset_leaves_a_shared_future_to_its_driver_and_frees_the_other() {
    check("shared, reset", 3, || {
        let lock: Lock = Arc::new(Core::new());
        let event = Arc::new(Event::default());
        let mut driver = Box::pin(shared_until(&lock, &event, 1));
        assert!(poll_once(driver.as_mut()).is_pending());
        let theirs = lock.clone();
        let other = thread::spawn(move || {
            // There are three cases: the call follows and is cancelled, it was the last driver and
            // keeps the future, or it comes later and starts its own future.
            let result = wait_for(run::run_shared(&*theirs, || ready(2)));
            assert!(matches!(result, Ok(1 | 2) | Err(_)));
        });
        let resetting = lock.clone();
        let reset = thread::spawn(move || resetting.reset());
        event.happen();
        assert!(matches!(wait_for(driver), Ok(1) | Err(_)));
        other.join().unwrap();
        reset.join().unwrap();
        assert!(!lock.is_running() && lock.waiters() == 0);
    });
}

type Map = Arc<SmartLockMap<u8, usize>>;

fn run_on_key(map: &Map, value: usize) -> Result<usize, Cancelled> {
    wait_for(map.run_once(1, || async move {
        yield_once().await;
        value
    }))
}

#[test]
fn the_last_caller_of_a_key_removes_it_whoever_comes_meanwhile() {
    check("map, two callers", 3, || {
        let map: Map = Arc::default();
        let theirs = map.clone();
        let other = thread::spawn(move || assert!(run_on_key(&theirs, 1).is_ok()));
        assert!(run_on_key(&map, 2).is_ok());
        other.join().unwrap();
        assert!(map.is_empty());
    });
}

#[test]
fn a_reset_of_a_key_never_removes_the_newer_flight() {
    check("map, reset", 2, || {
        let map: Map = Arc::default();
        let mut old = Box::pin(map.run_once(1, pending::<usize>));
        assert!(poll_once(old.as_mut()).is_pending());
        let theirs = map.clone();
        let reset = thread::spawn(move || theirs.reset(&1));
        let theirs = map.clone();
        let newer = thread::spawn(move || {
            // There are three cases: the call follows the old leader and is cancelled, it takes
            // over from the old leader, or it leads a flight of its own beside the old one.
            let result = run_on_key(&theirs, 2);
            assert!(matches!(result, Ok(2) | Err(_)));
        });
        drop(old);
        reset.join().unwrap();
        newer.join().unwrap();
        assert!(map.is_empty());
    });
}

#[test]
fn who_goes_and_who_comes_meet_in_one_flight_of_the_key() {
    check("map, dropped and newcomer", 3, || {
        let map: Map = Arc::default();
        let active = Arc::new(AtomicUsize::new(0));
        let theirs = map.clone();
        let goes = thread::spawn(move || {
            let _polled = poll_once(Box::pin(theirs.run_once(1, pending::<usize>)).as_mut());
        });
        let (theirs, their_active) = (map.clone(), active.clone());
        let run = move |map: &Map, active: Arc<AtomicUsize>| {
            wait_for(map.run_once(1, || async move {
                assert_eq!(
                    active.fetch_add(1, Ordering::Relaxed),
                    0,
                    "two flights of one key"
                );
                yield_once().await;
                active.fetch_sub(1, Ordering::Relaxed);
                1
            }))
        };
        let other = thread::spawn(move || assert!(run(&theirs, their_active).is_ok()));
        assert!(run(&map, active).is_ok());
        goes.join().unwrap();
        other.join().unwrap();
        assert!(map.is_empty());
    });
}
