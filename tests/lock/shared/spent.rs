//! `SmartLock::run_shared` callers whose own future panicked in another caller. Such a caller is
//! spent: it has no closure left to run. It must not stop other callers from starting again.

use crate::callers::{leaked, ok};
use crate::shared::jobs::{Caller, assert_works};
use crate::shared::turns::Job;
use crate::shared::turns::Turn::{Done, Panic, Sleep};
use crate::support::{panic, panics};
use smartasync::{Cancelled, SmartLock};
use std::future::ready;
use std::sync::Arc;
use std::task::Poll;

/// Whether the result is the error of a spent caller.
fn spent<T>(result: Poll<Result<T, Cancelled>>) -> bool {
    let Poll::Ready(Err(error)) = result else {
        return false;
    };
    assert_eq!(
        error.to_string(),
        "the future that the call had brought panicked in another caller"
    );
    !error.is_reentrant()
}

/// Returns a spent caller, and so many followers.
fn spent_caller(lock: &'static SmartLock<usize>, followers: usize) -> (Caller, Vec<Caller>) {
    let job = Arc::<Job>::default();
    let first = job.caller(lock, vec![Sleep, Panic], 1).wait_for_its_turn();
    let mut driver = job.caller(lock, vec![Done], 2).wait_for_its_turn();
    let others = (0..followers)
        .map(|n| job.caller(lock, vec![Done], 3 + n).wait_for_its_turn())
        .collect();
    job.wake();
    assert!(panics(|| driver.poll()));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 1 + followers));
    (first, others)
}

#[test]
fn a_spent_caller_alone_is_woken_and_ends_with_an_error() {
    let lock = leaked();
    let (mut first, _) = spent_caller(lock, 0);
    assert_eq!(first.wakes(), 2);
    assert!(spent(first.poll()));
    assert_works(lock);
}

#[test]
fn a_spent_caller_that_is_polled_first_ends_and_wakes_one_follower() {
    let lock = leaked();
    let (mut first, mut others) = spent_caller(lock, 3);
    assert!(spent(first.poll()));
    assert_eq!(others.iter().map(Caller::wakes).sum::<usize>(), 3 + 1);
    let chosen = others.iter().position(|other| other.wakes() == 2).unwrap();
    assert_eq!(others[chosen].poll(), ok(3 + chosen));
    assert!(
        others
            .iter_mut()
            .enumerate()
            .all(|(index, other)| index == chosen || other.poll() == ok(3 + chosen))
    );
    assert_works(lock);
}

#[test]
fn a_spent_caller_that_is_dropped_hands_over() {
    let lock = leaked();
    let (first, mut others) = spent_caller(lock, 1);
    drop(first);
    assert_eq!((others[0].wakes(), others[0].poll()), (2, ok(3)));
    assert_works(lock);
}

#[test]
fn a_spent_caller_that_is_polled_late_follows_or_is_served() {
    let lock = leaked();
    let (mut first, mut others) = spent_caller(lock, 1);
    assert_eq!((others[0].poll(), first.poll()), (ok(3), ok(3)));
    assert_works(lock);

    let (mut first, _) = spent_caller(lock, 0);
    let job = Arc::<Job>::default();
    let newcomer = job.caller(lock, vec![Sleep, Done], 7).wait_for_its_turn();
    assert!(first.poll().is_pending());
    drop(newcomer);
    job.wake();
    assert_eq!(
        first.poll(),
        ok(7),
        "a spent caller may drive the future of another caller"
    );
    assert_works(lock);
}

#[test]
fn many_spent_callers_end_and_the_last_follower_starts_again() {
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut spent_ones = Vec::new();
    let mut last = None;
    for _ in 0..5 {
        let leader = job.caller(lock, vec![Sleep, Panic], 1).wait_for_its_turn();
        let mut driver = job.caller(lock, vec![Done], 2).wait_for_its_turn();
        last.get_or_insert_with(|| job.caller(lock, vec![Done], 3).wait_for_its_turn());
        job.wake();
        assert!(panics(|| driver.poll()));
        spent_ones.push(leader);
    }
    // Each spent caller that ends wakes the next one. The last one wakes the follower.
    while let Some(index) = spent_ones.iter().position(|one| one.wakes() > 0) {
        assert!(spent(spent_ones.remove(index).poll()));
    }
    let mut last = last.unwrap();
    assert!(last.wakes() > 0);
    assert_eq!(last.poll(), ok(3));
    assert!(spent_ones.iter_mut().all(|one| one.poll() == ok(3)));
    assert_works(lock);
}

#[test]
fn a_reset_cancels_a_spent_caller() {
    let lock = leaked();
    let (mut first, mut others) = spent_caller(lock, 1);
    lock.reset();
    for caller in [&mut first, &mut others[0]] {
        let Poll::Ready(Err(error)) = caller.poll() else {
            panic!("the caller is cancelled")
        };
        assert_eq!(
            error.to_string(),
            "the lock was reset while the call waited"
        );
    }
    assert_works(lock);
}

#[test]
fn a_caller_whose_value_could_not_be_cloned_is_spent_too() {
    #[derive(Debug, PartialEq)]
    struct Unique(usize);
    impl Clone for Unique {
        fn clone(&self) -> Self {
            panic()
        }
    }
    let (lock, job) = (leaked(), Arc::<Job>::default());
    let mut first = job
        .caller(lock, vec![Sleep, Done], Unique(1))
        .wait_for_its_turn();
    let mut driver = job.caller(lock, vec![Done], Unique(2)).wait_for_its_turn();
    job.wake();
    assert!(panics(|| driver.poll()));
    assert_eq!(first.wakes(), 2);
    assert!(spent(first.poll()));
    assert_eq!(lock.run_shared(|| ready(Unique(3))).wait(), Ok(Unique(3)));
    assert_eq!((lock.is_running(), lock.waiters()), (false, 0));
}
