//! The timers of other executors. Callers come while the thread starts, while it sleeps, while it
//! retires, and while it is refused.

use super::check;
use crate::executor::timers::Timers;
use crate::sync::{Arc, Ordering};
use crate::thread::parker::Parker;
use crate::time::server::Server;
use core::task::Waker;
use loom::sync::atomic::AtomicUsize;
use loom::thread;
use std::boxed::Box;
use std::task::Wake;
use std::time::Instant;

/// Counts how often it is woken.
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Adds a timer that is due, and sleeps until it is woken. Returns whether the server took it.
fn use_a_timer(server: &'static Server, start: impl FnOnce() -> bool) -> bool {
    let parker = Arc::new(Parker::new());
    let waker = Waker::from(parker.clone());
    let timer = server.add(Instant::now(), waker, start);
    if timer.is_some() {
        assert!(parker.park(None));
    }
    timer.is_some()
}

#[test]
fn each_timer_is_served_whenever_it_comes() {
    check("timers", 3, || {
        let server: &'static Server = Box::leak(Box::new(Server::new()));
        let start = move || {
            thread::spawn(move || server.serve());
            true
        };
        let other = thread::spawn(move || assert!(use_a_timer(server, start)));
        assert!(use_a_timer(server, start));
        other.join().unwrap();
    });
}

#[test]
fn a_timer_that_comes_while_a_thread_is_refused_is_served_or_refused_too() {
    check("timers, refused", 3, || {
        let server: &'static Server = Box::leak(Box::new(Server::new()));
        let refused = thread::spawn(move || use_a_timer(server, || false));
        let start = move || {
            thread::spawn(move || server.serve());
            true
        };
        // A timer of a refused caller is woken, so that its caller tries again.
        assert!(use_a_timer(server, start));
        refused.join().unwrap();
    });
}

#[test]
fn a_waker_that_was_left_in_time_is_woken() {
    check("timers, another waker", 3, || {
        let timers: &'static Timers = Box::leak(Box::new(Timers::new()));
        let [first, second] = [(); 2].map(|()| Arc::new(Count(AtomicUsize::new(0))));
        let (timer, is_first) = timers.add(Instant::now(), first.clone().into());
        assert!(is_first);
        let serving = thread::spawn(move || timers.wake_due());
        let left = timer.set_waker(second.clone().into());
        assert_eq!(serving.join().unwrap(), None);
        let woken = [&first, &second].map(|waker| waker.0.load(Ordering::Relaxed));
        assert_eq!(woken, [usize::from(!left), usize::from(left)]);
    });
}

#[test]
fn a_timer_that_is_dropped_is_woken_before_or_never() {
    check("timers, dropped", 3, || {
        let timers: &'static Timers = Box::leak(Box::new(Timers::new()));
        let waker = Arc::new(Count(AtomicUsize::new(0)));
        let (timer, _) = timers.add(Instant::now(), waker.clone().into());
        let serving = thread::spawn(move || timers.wake_due());
        drop(timer);
        assert_eq!(timers.wake_due(), None);
        assert_eq!(serving.join().unwrap(), None);
        assert!(waker.0.load(Ordering::Relaxed) <= 1);
        assert_eq!(Arc::strong_count(&waker), 1);
    });
}
