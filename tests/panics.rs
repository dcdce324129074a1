//! Destructors and hooks that panic: each gives one panic, alone or while another panic unwinds.
//!
//! A second panic that leaves a destructor while the thread unwinds aborts the process, so each test
//! runs in a child process.

#[path = "support/mod.rs"]
mod support;

use smartasync::{
    Runtime, SmartLock, SmartLockMap, block_on, install_runtime, offload, set_offload_limit, sleep,
    smart, spawn_local,
};
use std::cell::Cell;
use std::future::pending;
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use support::child::in_a_child;
use support::{PanicsWhenDropped, PanicsWhenWoken, panic, panics};

/// The destructor of this waker panics, in its last clone.
fn panicking_waker() -> Waker {
    struct Dropped {
        _held: PanicsWhenDropped,
    }

    impl Wake for Dropped {
        fn wake(self: Arc<Self>) {}
    }

    let _held = PanicsWhenDropped;
    Arc::new(Dropped { _held }).into()
}

/// A future that is never ready, and whose destructor panics.
async fn panicking_future() -> u32 {
    let _held = PanicsWhenDropped;
    pending().await
}

/// Polls a future that is not ready. The future has the last clone of the waker afterwards.
fn poll_once<F: Future + Unpin>(future: F) -> F {
    poll_with(future, &panicking_waker())
}

fn poll_with<F: Future + Unpin>(mut future: F, waker: &Waker) -> F {
    let polled = pin!(&mut future).poll(&mut Context::from_waker(waker));
    assert!(polled.is_pending());
    future
}

/// Drops what `make` makes, whose destructor panics: first alone, then while another panic unwinds.
fn drop_in_both_ways<T>(make: impl Fn() -> T) {
    assert!(panics(|| drop(make())));
    let unwinding = || {
        let _made = make();
        panic();
    };
    assert!(panics(unwinding));
}

#[test]
fn a_job_whose_closure_and_waker_panic_when_dropped() {
    in_a_child(|| {
        set_offload_limit(NonZeroUsize::MIN);
        let (release, blocks) = mpsc::channel::<()>();
        let first = poll_with(offload(move || blocks.recv()), Waker::noop());
        drop_in_both_ways(|| {
            let held = PanicsWhenDropped;
            // It stays in the queue.
            poll_once(offload(move || drop(held)))
        });
        drop(release);
        assert!(block_on(first).is_err());
    });
}

#[test]
fn a_waker_that_panics_when_a_job_or_a_timer_wakes_it() {
    in_a_child(|| {
        let waker = Waker::from(Arc::new(PanicsWhenWoken));
        let (release, blocks) = mpsc::channel();
        let job = poll_with(offload(move || blocks.recv()), &waker);
        release.send(7).unwrap();
        let timer = Box::pin(sleep(Duration::from_millis(1)));
        let timer = poll_with(timer, &waker);
        // The threads that wake go on.
        let both = async {
            timer.await;
            sleep(Duration::from_millis(1)).await;
            (job.await, offload(|| 8).await)
        };
        assert_eq!(futures_lite::future::block_on(both), (Ok(7), 8));
    });
}

#[test]
fn a_task_whose_future_and_joiner_panic_when_dropped() {
    in_a_child(|| drop_in_both_ways(|| poll_once(spawn_local(panicking_future()))));
}

#[test]
fn a_detached_task_whose_joiner_panics_when_dropped() {
    in_a_child(|| {
        struct Detaches(Option<smartasync::Task<()>>);

        impl Drop for Detaches {
            fn drop(&mut self) {
                if let Some(task) = self.0.take() {
                    task.detach();
                }
            }
        }

        drop_in_both_ways(|| Detaches(Some(poll_once(spawn_local(pending())))));
    });
}

#[test]
fn a_timer_whose_waker_panics_when_dropped() {
    in_a_child(|| {
        drop_in_both_ways(|| poll_once(Box::pin(sleep(Duration::from_secs(600)))));
    });
}

#[test]
fn a_leader_whose_future_panics_when_dropped() {
    in_a_child(|| {
        let lock = SmartLock::new();
        // It keeps no waker.
        let leads = || poll_with(Box::pin(lock.run_once(panicking_future)), Waker::noop());
        assert!(panics(|| drop(leads())));
        let drives = || poll_once(Box::pin(lock.run_shared(panicking_future)));
        assert!(panics(|| drop(drives())));
        assert!(!lock.is_running());
    });
}

#[test]
fn a_follower_whose_waker_panics_when_dropped() {
    in_a_child(|| {
        let lock = SmartLock::<u32>::new();
        let _leader = poll_with(Box::pin(lock.run_once(pending)), Waker::noop());
        drop_in_both_ways(|| poll_once(Box::pin(lock.run_once(pending))));
        assert_eq!(lock.waiters(), 0);
    });
}

#[test]
fn a_call_of_a_map_whose_key_panics_when_dropped() {
    #[derive(PartialEq, Eq, Hash)]
    struct Key(u32);

    impl Clone for Key {
        /// The map has the clone.
        fn clone(&self) -> Self {
            Self(self.0 + 1)
        }
    }

    impl Drop for Key {
        fn drop(&mut self) {
            if self.0 % 2 == 1 {
                panic();
            }
        }
    }

    in_a_child(|| {
        let map = SmartLockMap::<Key, u32>::new();
        drop_in_both_ways(|| poll_once(Box::pin(map.run_shared(Key(0), pending))));
        assert!(panics(|| map.reset_all()) || map.is_empty());
    });
}

#[cfg(feature = "stream")]
#[test]
fn a_stream_whose_iterator_panics_when_dropped() {
    in_a_child(|| {
        drop_in_both_ways(|| {
            let held = PanicsWhenDropped;
            let numbers = (0..3).inspect(move |_| {
                let _held = &held;
            });
            smartasync::smart_iter(numbers, NonZeroUsize::MIN)
        });
    });
}

thread_local! {
    /// Which hook panics.
    static PANICS_IN: Cell<&'static str> = const { Cell::new("") };
}

struct PanickingHooks;

impl Runtime for PanickingHooks {
    fn around_wait(&self, wait: &mut dyn FnMut()) {
        if PANICS_IN.get() == "before" {
            panic();
        }
        wait();
        if PANICS_IN.get() == "after" {
            panic();
        }
    }

    fn is_async_context(&self) -> bool {
        if PANICS_IN.get() == "asked" {
            panic();
        }
        false
    }

    fn around_offload(&self, job: Box<dyn FnOnce() + Send>) -> Box<dyn FnOnce() + Send> {
        if PANICS_IN.get() == "offload" {
            panic();
        }
        job
    }
}

#[test]
fn a_wait_whose_hook_and_future_panic() {
    in_a_child(|| {
        assert!(install_runtime(PanickingHooks).is_ok());
        PANICS_IN.set("before");
        assert!(panics(|| smart(panicking_future()).wait()));
        PANICS_IN.set("after");
        assert!(panics(|| smart(async { PanicsWhenDropped }).wait()));
        PANICS_IN.set("asked");
        assert!(panics(|| smart(pending::<u32>()).wait()));
        PANICS_IN.set("offload");
        assert!(panics(|| offload(|| 1)));
        PANICS_IN.set("");
        assert_eq!(smart(offload(|| 1)).wait(), 1);
    });
}

#[cfg(feature = "stream")]
#[test]
fn a_stream_whose_hook_and_source_panic() {
    in_a_child(|| {
        assert!(install_runtime(PanickingHooks).is_ok());
        for hook in ["before", "after", "asked"] {
            PANICS_IN.set(hook);
            drop_in_both_ways(|| {
                let held = PanicsWhenDropped;
                smartasync::smart_stream(futures_lite::stream::poll_fn(move |_| {
                    let _held = &held;
                    Poll::<Option<u32>>::Ready(None)
                }))
            });
        }
    });
}
