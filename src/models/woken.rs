//! The queue of woken tasks: a task is woken while its loop looks, and then sleeps; or while it is
//! polled, or queued already.

use super::check;
use crate::executor::Woken;
use crate::park::Parker;
use crate::sync::{Arc, Ordering};
use crate::task::model_signal;
use core::task::Waker;
use loom::sync::atomic::AtomicUsize;
use loom::thread;
use std::boxed::Box;
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

#[test]
fn a_poll_sees_what_came_before_a_wake_up_that_found_its_task_queued() {
    check("signal of a task", 3, || {
        let woken: &'static Woken = Box::leak(Box::new(Woken::new()));
        let signal = model_signal(7, woken);
        let written = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let wakers: Vec<_> = (0..2)
            .map(|index| {
                let (waker, written) = (Waker::from(signal.clone()), written.clone());
                thread::spawn(move || {
                    written[index].store(1, Ordering::Relaxed);
                    waker.wake();
                })
            })
            .collect();
        let parker = Arc::new(Parker::new());
        let mut sum = 0;
        let mut queue = Vec::new();
        while sum < 2 {
            woken.take(&mut queue);
            while let Some(task) = queue.pop() {
                assert_eq!(task, 7);
                signal.begin_poll();
                sum = written.iter().map(|one| one.load(Ordering::Relaxed)).sum();
            }
            if sum < 2 && woken.prepare_to_sleep(&parker) {
                parker.park(None);
                woken.forget_sleeper();
            }
        }
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}
