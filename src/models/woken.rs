//! The queue of woken tasks: a task is woken while its loop looks, and then sleeps.

use super::check;
use crate::executor::Shared;
use crate::park::Parker;
use crate::sync::Arc;
use loom::thread;
use std::vec::Vec;

#[test]
fn a_loop_that_sleeps_is_woken_for_a_task() {
    check("woken tasks", 3, || {
        let shared = Arc::new(Shared::new());
        let wakers: Vec<_> = (0..2)
            .map(|task| {
                let shared = shared.clone();
                thread::spawn(move || shared.push_woken(task))
            })
            .collect();
        let parker = Arc::new(Parker::new());
        let mut seen = Vec::new();
        while seen.len() < 2 {
            shared.take_woken(&mut seen);
            if seen.len() < 2 && shared.prepare_to_sleep(&parker) {
                parker.park(None);
                shared.forget_sleeper();
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, [0, 1]);
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}
