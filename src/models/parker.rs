//! The parker: `unpark` comes before, during and after `park`, and at its deadline.

use super::check;
use crate::sync::{Arc, Ordering};
use crate::thread::parker::Parker;
use loom::sync::atomic::AtomicUsize;
use loom::thread;
use std::time::Instant;

#[test]
fn a_notification_ends_a_park_whenever_it_comes_and_publishes_what_came_before_it() {
    check("parker", 3, || {
        let parker = Arc::new(Parker::new());
        let written = Arc::new(AtomicUsize::new(0));
        let (theirs, write) = (parker.clone(), written.clone());
        let other = thread::spawn(move || {
            write.store(1, Ordering::Relaxed);
            theirs.unpark();
        });
        assert!(parker.park(None));
        assert_eq!(written.load(Ordering::Relaxed), 1);
        assert!(!parker.take());
        other.join().unwrap();
    });
}

#[test]
fn of_two_notifications_none_is_stepped_over() {
    check("parker, two wakers", 3, || {
        let parker = Arc::new(Parker::new());
        let written = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let others: std::vec::Vec<_> = (0..2)
            .map(|index| {
                let (parker, written) = (parker.clone(), written.clone());
                thread::spawn(move || {
                    written[index].store(1, Ordering::Relaxed);
                    parker.unpark();
                })
            })
            .collect();
        // This is what an executor does: it looks for news, and sleeps until there may be more.
        while written
            .iter()
            .map(|one| one.load(Ordering::Relaxed))
            .sum::<usize>()
            < 2
        {
            assert!(parker.take() || parker.park(None));
        }
        for other in others {
            other.join().unwrap();
        }
    });
}

#[test]
fn a_notification_at_the_deadline_is_taken_or_kept() {
    check("parker, deadline", 4, || {
        let parker = Arc::new(Parker::new());
        let written = Arc::new(AtomicUsize::new(0));
        let (theirs, write) = (parker.clone(), written.clone());
        let other = thread::spawn(move || {
            write.store(1, Ordering::Relaxed);
            theirs.unpark();
        });
        if !parker.park(Some(Instant::now())) {
            assert!(parker.park(None));
        }
        assert_eq!(written.load(Ordering::Relaxed), 1);
        other.join().unwrap();
        assert!(!parker.take());
    });
}
