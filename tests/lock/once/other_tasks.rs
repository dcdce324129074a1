//! A task that calls the lock while the leader waits on the same thread: it follows, because nobody
//! waits for it. Only a call inside the leader's own poll is a re-entry.

use crate::support::watchdog::within;
use crate::support::yield_once;
use smartasync::{SmartLock, SmartLockMap, allow_blocking, block_on, smart, spawn_local};
use std::panic::catch_unwind;
use std::sync::Mutex;

#[test]
fn a_task_that_calls_while_the_leader_waits_inside_its_poll_follows() {
    within(60, || {
        static LOCK: SmartLock<u32> = SmartLock::new();
        let (mine, theirs) = block_on(async {
            let task = spawn_local(async { LOCK.run_once(|| async { 2 }).await });
            let mine = LOCK
                .run_once(|| async {
                    // The nested wait runs the task, which follows this leader.
                    let followed = async {
                        while LOCK.waiters() == 0 {
                            yield_once().await;
                        }
                    };
                    allow_blocking(|| smart(followed).wait());
                    1
                })
                .await;
            (mine, task.await)
        });
        assert_eq!((mine, theirs), (Ok(1), Ok(1)));
    });
}

#[test]
fn a_call_in_a_wait_inside_the_leaders_poll_is_a_reentry() {
    within(60, || {
        let lock = SmartLock::new();
        let outer = lock.run_once(|| async {
            let inner = allow_blocking(|| lock.run_once(|| async { true }).wait());
            inner.is_err_and(|error| error.is_reentrant())
        });
        assert_eq!(outer.wait(), Ok(true));
    });
}

#[test]
fn a_call_in_a_wait_inside_a_task_that_leads_is_a_reentry() {
    within(60, || {
        static LOCK: SmartLock<bool> = SmartLock::new();
        let led = block_on(async {
            spawn_local(async {
                LOCK.run_once(|| async {
                    let inner = allow_blocking(|| LOCK.run_once(|| async { true }).wait());
                    inner.is_err_and(|error| error.is_reentrant())
                })
                .await
            })
            .await
        });
        assert_eq!(led, Ok(true));
    });
}

/// A value that is neither `UnwindSafe` nor `RefUnwindSafe`.
type Unsafe<'a> = &'a Mutex<dyn FnMut() + Send>;

#[test]
fn a_lock_and_a_map_may_stand_in_a_closure_that_may_unwind() {
    fn both<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    both::<SmartLock<Unsafe<'_>>>();
    both::<SmartLockMap<std::cell::Cell<u8>, Unsafe<'_>>>();
    let (lock, map) = (SmartLock::new(), SmartLockMap::new());
    assert_eq!(
        catch_unwind(|| lock.run_once(|| async { 1 }).wait()).unwrap(),
        Ok(1)
    );
    assert_eq!(
        catch_unwind(|| map.run_once("key", || async { 2 }).wait()).unwrap(),
        Ok(2)
    );
}
