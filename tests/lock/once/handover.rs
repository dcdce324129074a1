//! `SmartLock::run_once` when a leader is dropped. The lock wakes one follower, the chosen one, and
//! the first caller that is polled leads.

use crate::callers::{Caller, Gate, assert_idle, ok};
use smartasync::SmartLock;
use std::cell::RefCell;
use std::future::{pending, ready};
use std::mem;
use std::task::Poll;

#[test]
fn a_dropped_leader_wakes_exactly_one_follower_which_runs_its_own_closure() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let mut leader = Caller::new(lock.run_once(pending::<u32>));
    assert!(leader.poll().is_pending());
    let ran = RefCell::new(Vec::new());
    let mut followers: Vec<_> = (0..4)
        .map(|index| {
            let (gate, ran) = (&gate, &ran);
            Caller::new(lock.run_once(move || {
                ran.borrow_mut().push(index);
                gate.run()
            }))
        })
        .collect();
    assert!(
        followers
            .iter_mut()
            .all(|follower| follower.poll().is_pending())
    );
    drop(leader);
    assert_eq!(followers.iter().map(Caller::wakes).sum::<usize>(), 1);
    assert_eq!((lock.is_running(), lock.waiters()), (false, 4));

    let next = followers
        .iter()
        .position(|follower| follower.wakes() == 1)
        .expect("one follower is woken");
    assert!(followers[next].poll().is_pending());
    assert_eq!(*ran.borrow(), [next]);
    assert_eq!((lock.is_running(), lock.waiters()), (true, 3));
    gate.0.set(Some(5));
    assert_eq!(followers[next].poll(), ok(5));
    for (index, follower) in followers.iter_mut().enumerate() {
        if index != next {
            assert_eq!((follower.wakes(), follower.poll()), (1, ok(5)));
        }
    }
    assert_eq!(ran.borrow().len(), 1);
}

#[test]
fn each_chosen_follower_that_is_dropped_hands_over_to_the_next() {
    let lock = SmartLock::new();
    let mut leader = Caller::new(lock.run_once(pending::<u32>));
    assert!(leader.poll().is_pending());
    let mut followers: Vec<_> = (0..10)
        .map(|n| Caller::new(lock.run_once(move || ready(n))))
        .collect();
    assert!(
        followers
            .iter_mut()
            .all(|follower| follower.poll().is_pending())
    );
    drop(leader);
    while followers.len() > 1 {
        let woken: Vec<_> = (0..followers.len())
            .filter(|&index| followers[index].wakes() > 0)
            .collect();
        assert_eq!(woken.len(), 1, "one at a time");
        drop(followers.swap_remove(woken[0]));
        assert_eq!(
            (lock.is_running(), lock.waiters()),
            (false, followers.len())
        );
    }
    assert_eq!(followers[0].wakes(), 1);
    assert!(matches!(followers[0].poll(), Poll::Ready(Ok(_))));
    assert_idle(&lock);
}

#[test]
fn each_leader_that_is_dropped_hands_over_to_the_next() {
    let lock = SmartLock::new();
    let mut callers: Vec<_> = (0..10)
        .map(|_| Caller::new(lock.run_once(pending::<u32>)))
        .collect();
    assert!(callers.iter_mut().all(|caller| caller.poll().is_pending()));
    let mut last = Caller::new(lock.run_once(|| ready(1)));
    assert!(last.poll().is_pending());
    drop(callers.remove(0));
    while !callers.is_empty() {
        assert_eq!(last.wakes(), 0);
        let next = callers
            .iter()
            .position(|caller| caller.wakes() == 1)
            .expect("one follower is woken");
        assert!(callers[next].poll().is_pending());
        assert!(lock.is_running());
        drop(callers.remove(next));
    }
    assert_eq!((last.wakes(), last.poll()), (1, ok(1)));
}

#[test]
fn a_chosen_follower_that_is_not_polled_delays_no_other_caller() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let mut leader = Caller::new(lock.run_once(pending));
    let mut chosen =
        Caller::new(lock.run_once(|| async { unreachable!("the newcomer serves it") }));
    let mut other = Caller::new(lock.run_once(|| async { unreachable!("the newcomer serves it") }));
    assert!(leader.poll().is_pending() && chosen.poll().is_pending() && other.poll().is_pending());
    drop(leader);
    assert_eq!((chosen.wakes(), other.wakes()), (1, 0));

    let mut newcomer = Caller::new(lock.run_once(|| gate.run()));
    assert!(newcomer.poll().is_pending());
    assert_eq!((lock.is_running(), lock.waiters()), (true, 2));
    gate.0.set(Some(3));
    assert_eq!(newcomer.poll(), ok(3));
    assert_eq!((chosen.poll(), other.poll()), (ok(3), ok(3)));
}

#[test]
fn a_chosen_follower_that_is_polled_late_follows_the_newcomer() {
    let (lock, gate) = (SmartLock::new(), Gate::new());
    let mut leader = Caller::new(lock.run_once(pending));
    let mut chosen = Caller::new(lock.run_once(|| async { unreachable!("this call follows") }));
    assert!(leader.poll().is_pending() && chosen.poll().is_pending());
    drop(leader);
    let mut newcomer = Caller::new(lock.run_once(|| gate.run()));
    assert!(newcomer.poll().is_pending());
    assert!(chosen.poll().is_pending());
    gate.0.set(Some(3));
    assert_eq!(newcomer.poll(), ok(3));
    assert_eq!((chosen.wakes(), chosen.poll()), (2, ok(3)));
}

#[test]
fn followers_that_were_chosen_once_are_chosen_first_again() {
    let lock = SmartLock::new();
    let lead = || Caller::new(lock.run_once(pending::<u32>)).wait_for_its_turn();
    let leader = lead();
    let mut followers: Vec<_> = (0..4).map(|_| lead()).collect();
    let wakes =
        |followers: &[Caller<'_, u32>]| followers.iter().map(Caller::wakes).collect::<Vec<_>>();
    drop(leader);
    drop(lead());
    let newcomer = lead();
    assert_eq!(wakes(&followers), [1, 1, 0, 0]);
    // The second and the first follower are polled and sleep again.
    assert!(followers[1].poll().is_pending());
    assert!(followers[0].poll().is_pending());
    drop(newcomer);
    assert_eq!(wakes(&followers), [2, 1, 0, 0]);
    drop(lead());
    assert_eq!(wakes(&followers), [2, 2, 0, 0]);
    drop(lead());
    // The second follower leads and is dropped. The third follower, which is not chosen any more,
    // is dropped too.
    assert!(followers.remove(1).poll().is_pending());
    drop(followers.remove(1));
    assert_eq!(wakes(&followers), [2, 1]);
}

#[test]
fn a_follower_that_was_not_chosen_leads_when_it_is_polled_first() {
    let lock = SmartLock::new();
    let mut leader = Caller::new(lock.run_once(pending));
    let mut chosen = Caller::new(lock.run_once(|| ready(1)));
    let mut eager = Caller::new(lock.run_once(|| ready(2)));
    assert!(leader.poll().is_pending() && chosen.poll().is_pending() && eager.poll().is_pending());
    drop(leader);
    assert_eq!(eager.wakes(), 0);
    assert_eq!(eager.poll(), ok(2));
    assert_eq!(chosen.poll(), ok(2));
}

#[test]
fn a_chosen_follower_that_is_dropped_while_another_leads_wakes_nobody() {
    let lock = SmartLock::new();
    let mut leader = Caller::new(lock.run_once(pending::<u32>));
    let mut chosen = Caller::new(lock.run_once(|| ready(1)));
    let mut other = Caller::new(lock.run_once(|| ready(2)));
    assert!(leader.poll().is_pending() && chosen.poll().is_pending() && other.poll().is_pending());
    drop(leader);
    let mut newcomer = Caller::new(lock.run_once(pending));
    assert!(newcomer.poll().is_pending());
    drop(chosen);
    assert_eq!(other.wakes(), 0);
    drop(newcomer);
    assert_eq!((other.wakes(), other.poll()), (1, ok(2)));
}

#[test]
fn a_forgotten_follower_delays_no_newcomer() {
    let lock = SmartLock::new();
    let mut leader = Caller::new(lock.run_once(pending::<u32>));
    let mut forgotten = Caller::new(lock.run_once(|| ready(1)));
    assert!(leader.poll().is_pending() && forgotten.poll().is_pending());
    mem::forget(forgotten);
    drop(leader);
    assert_eq!(lock.run_once(|| ready(2)).wait(), Ok(2));
    assert_idle(&lock);
}
