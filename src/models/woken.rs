//! The queue of woken tasks: a task is woken while its loop looks, and then sleeps.

use super::check;
use crate::executor::Woken;
use crate::park::Parker;
use crate::sync::Arc;
use loom::thread;
use std::vec::Vec;

#[test]
fn a_loop_that_sleeps_is_woken_for_a_task() {
    check("woken tasks", 3, || {
        let woken = Arc::new(Woken::new());
        let wakers: Vec<_> = (0..2)
            .map(|task| {
                let woken = woken.clone();
                thread::spawn(move || woken.push(task))
            })
            .collect();
        let parker = Arc::new(Parker::new());
        let mut seen = Vec::new();
        while seen.len() < 2 {
            woken.take(&mut seen);
            if seen.len() < 2 && woken.prepare_to_sleep(&parker) {
                parker.park(None);
                woken.forget_sleeper();
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, [0, 1]);
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}
