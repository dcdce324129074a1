//! The inbox of woken tasks. A waker wakes a task while its loop looks for tasks and then sleeps,
//! while the task is polled, or while the task is in the queue already.

use super::check;
use crate::executor::ready::{Inbox, TaskWaker};
use crate::sync::{Arc, Ordering};
use crate::thread::parker::Parker;
use core::task::Waker;
use loom::sync::atomic::AtomicUsize;
use loom::thread;
use std::boxed::Box;
use std::vec::Vec;

#[test]
fn a_loop_that_sleeps_is_woken_for_a_task() {
    check("woken tasks", 3, || {
        let inbox = Arc::new(Inbox::new());
        let wakers: Vec<_> = (0..2)
            .map(|task| {
                let inbox = inbox.clone();
                thread::spawn(move || inbox.push(task))
            })
            .collect();
        let parker = Arc::new(Parker::new());
        let mut seen = Vec::new();
        while seen.len() < 2 {
            inbox.take(&mut seen);
            if seen.len() < 2 && inbox.prepare_to_sleep(&parker) {
                parker.park(None);
                inbox.forget_sleeper();
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
    check("waker of a task", 3, || {
        let inbox: &'static Inbox = Box::leak(Box::new(Inbox::new()));
        let wake = Arc::new(TaskWaker::new(7, inbox));
        let written = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let wakers: Vec<_> = (0..2)
            .map(|index| {
                let (waker, written) = (Waker::from(wake.clone()), written.clone());
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
            inbox.take(&mut queue);
            while let Some(task) = queue.pop() {
                assert_eq!(task, 7);
                wake.mark_unqueued();
                sum = written.iter().map(|one| one.load(Ordering::Relaxed)).sum();
            }
            if sum < 2 && inbox.prepare_to_sleep(&parker) {
                parker.park(None);
                inbox.forget_sleeper();
            }
        }
        for waker in wakers {
            waker.join().unwrap();
        }
    });
}
