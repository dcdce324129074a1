//! Closures of rayon that wait. A thread of rayon that waits for its own work runs another closure
//! meanwhile, so that closure can run inside the poll of a call.

use crate::support::watchdog::within;
use rayon::{ThreadPool, ThreadPoolBuilder};
use smartasync::{SmartLockMap, allow_blocking, block_on, offload, smart, smart_fn};
use std::panic::catch_unwind;

smart_fn!(
    /// Each poll runs another closure of rayon, as waiting for work of rayon may do.
    async fn load(page: u32) -> u32 {
        rayon::yield_now();
        page
    }
);

/// A pool with one thread, so that it is known which closure runs where.
fn one_thread() -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(1).build().unwrap()
}

#[test]
fn a_closure_of_rayon_that_runs_inside_a_poll_is_refused() {
    within(120, || {
        let pool = one_thread();
        let wait = |page| move || catch_unwind(|| load(page).wait());
        let (first, second) = pool.install(|| rayon::join(wait(1), wait(2)));
        assert_eq!(first.unwrap(), 1);
        let message = second.unwrap_err();
        let message = message
            .downcast_ref::<String>()
            .map_or_else(|| *message.downcast_ref::<&str>().unwrap(), String::as_str);
        assert!(message.contains("rayon"), "{message}");
        assert!(message.contains("guide/when_you_must_wait"), "{message}");
    });
}

#[test]
fn with_allow_blocking_a_closure_of_rayon_may_wait_inside_a_poll() {
    within(120, || {
        let pool = one_thread();
        let wait = |page| move || allow_blocking(|| load(page).wait());
        assert_eq!(pool.install(|| rayon::join(wait(1), wait(2))), (1, 2));
    });
}

#[test]
fn a_closure_on_top_of_the_leader_of_its_key_gets_an_error() {
    within(120, || {
        let (pool, pages) = (one_thread(), SmartLockMap::new());
        let wait = |page: u32| {
            let pages = &pages;
            move || allow_blocking(|| pages.run_once(1, move || load(page)).wait())
        };
        let (first, second) = pool.install(|| rayon::join(wait(1), wait(2)));
        assert_eq!(first, Ok(1));
        assert!(second.unwrap_err().is_reentrant());
    });
}

#[test]
fn a_pool_job_may_use_rayon_and_a_call_may_wait_for_rayon() {
    within(120, || {
        let sum = |to: u32| move || rayon::join(|| to, || 1);
        assert_eq!(block_on(offload(sum(4))), (4, 1));
        let (sender, receiver) = tokio::sync::oneshot::channel();
        rayon::spawn(|| sender.send(7).unwrap());
        assert_eq!(smart(receiver).wait(), Ok(7));
    });
}
