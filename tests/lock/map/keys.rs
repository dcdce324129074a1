//! `SmartLockMap` with keys whose `Clone` and `Drop` panic or use the map.

use crate::support::PanicsWhenWoken;
use crate::support::child::in_a_child;
use smartasync::SmartLockMap;
use std::future::{pending, poll_fn, ready};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

type Map = SmartLockMap<Key, usize>;
type Hook = Option<fn(&Hooks)>;

/// What a key does when it is cloned, and when a clone of it is dropped.
struct Hooks {
    map: &'static Map,
    on_clone: Hook,
    on_drop: Hook,
    /// How many clones exist.
    clones: AtomicUsize,
    calls: AtomicUsize,
}

impl Hooks {
    fn new(on_clone: Hook, on_drop: Hook) -> Arc<Self> {
        Arc::new(Self {
            map: Box::leak(Box::default()),
            on_clone,
            on_drop,
            clones: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
        })
    }

    fn key(self: &Arc<Self>) -> Key {
        Key {
            name: 1,
            is_clone: false,
            hooks: Some(self.clone()),
        }
    }

    fn call(&self, hook: Hook) {
        if let Some(hook) = hook {
            self.calls.fetch_add(1, Relaxed);
            hook(self);
        }
    }

    fn calls(&self) -> usize {
        self.calls.load(Relaxed)
    }

    /// Asserts that the map is empty, that no clone of a key exists, and that the map still works.
    fn assert_works(&self) {
        assert_eq!((self.map.len(), self.clones.load(Relaxed)), (0, 0));
        assert_eq!(self.map.run_shared(plain(1), || ready(9)).wait(), Ok(9));
        assert_eq!(self.map.len(), 0);
    }
}

struct Key {
    name: u32,
    is_clone: bool,
    hooks: Option<Arc<Hooks>>,
}

/// A key without hooks. With the name 1 it is equal to the keys with hooks.
fn plain(name: u32) -> Key {
    Key {
        name,
        is_clone: false,
        hooks: None,
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        if let Some(hooks) = &self.hooks {
            hooks.call(hooks.on_clone);
            hooks.clones.fetch_add(1, Relaxed);
        }
        Self {
            name: self.name,
            is_clone: true,
            hooks: self.hooks.clone(),
        }
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        if let (true, Some(hooks)) = (self.is_clone, &self.hooks) {
            hooks.clones.fetch_sub(1, Relaxed);
            hooks.call(hooks.on_drop);
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// Panics without the panic hook, so that nothing is printed.
fn panic() -> ! {
    resume_unwind(Box::new("quiet"))
}

fn panics<T>(f: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(f)).is_err()
}

fn poll<F: Future + ?Sized>(call: &mut Pin<Box<F>>) -> Poll<F::Output> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Uses the same key, another key, and the whole map.
fn use_map(hooks: &Hooks) {
    for name in [1, 2] {
        let mut call = Box::pin(hooks.map.run_once(plain(name), || ready(1)));
        assert!(poll(&mut call).is_ready());
        let mut call = Box::pin(hooks.map.run_shared(plain(name), || ready(1)));
        assert!(poll(&mut call).is_ready());
    }
    let _ = hooks.map.len();
}

#[test]
fn a_key_is_cloned_once_for_all_its_callers_and_its_clone_is_dropped_with_the_last() {
    let hooks = Hooks::new(Some(|_| ()), None);
    let mut leader = Box::pin(hooks.map.run_once(hooks.key(), pending));
    let mut follower = Box::pin(hooks.map.run_shared(hooks.key(), || ready(1)));
    assert!(poll(&mut leader).is_pending() && poll(&mut follower).is_pending());
    assert_eq!((hooks.calls(), hooks.clones.load(Relaxed)), (1, 1));
    drop(leader);
    assert_eq!(poll(&mut follower), Poll::Ready(Ok(1)));
    hooks.assert_works();
}

#[test]
fn a_key_whose_clone_panics_leaves_nothing_in_the_map() {
    let hooks = Hooks::new(Some(|_| panic()), None);
    assert!(panics(|| hooks
        .map
        .run_once(hooks.key(), || ready(1))
        .wait()));
    assert!(panics(|| hooks
        .map
        .run_shared(hooks.key(), || ready(1))
        .wait()));
    assert_eq!(hooks.calls(), 2);
    hooks.assert_works();
}

#[test]
fn the_clone_of_a_key_may_use_the_map() {
    let hooks = Hooks::new(Some(use_map), None);
    assert_eq!(hooks.map.run_once(hooks.key(), || ready(1)).wait(), Ok(1));
    assert_eq!(hooks.map.run_shared(hooks.key(), || ready(2)).wait(), Ok(2));
    assert_eq!(hooks.calls(), 2);
    hooks.assert_works();
}

#[test]
fn a_caller_follows_another_one_that_its_key_started_when_it_was_cloned() {
    static FIRST: std::sync::Mutex<Option<Pin<Box<dyn Future<Output = usize> + Send>>>> =
        std::sync::Mutex::new(None);
    let hooks = Hooks::new(
        Some(|hooks| {
            let map = hooks.map;
            let mut polls = 0;
            let run = move || {
                poll_fn(move |_| {
                    polls += 1;
                    if polls == 2 {
                        Poll::Ready(7)
                    } else {
                        Poll::Pending
                    }
                })
            };
            let mut first: Pin<Box<dyn Future<Output = usize> + Send>> =
                Box::pin(async move { map.run_once(plain(1), run).await.unwrap() });
            assert!(poll(&mut first).is_pending());
            *FIRST.lock().unwrap() = Some(first);
        }),
        None,
    );
    let mut follower = Box::pin(
        hooks
            .map
            .run_shared(hooks.key(), || async { unreachable!("this call follows") }),
    );
    assert!(poll(&mut follower).is_pending());
    // The clone was not needed, and is dropped.
    assert_eq!((hooks.map.len(), hooks.clones.load(Relaxed)), (1, 0));
    let mut first = FIRST.lock().unwrap().take().unwrap();
    assert_eq!(
        (poll(&mut first), poll(&mut follower)),
        (Poll::Ready(7), Poll::Ready(Ok(7)))
    );
    hooks.assert_works();
}

#[test]
fn the_drop_of_a_key_may_use_the_map() {
    let hooks = Hooks::new(None, Some(use_map));
    let map = hooks.map;
    assert_eq!(map.run_once(hooks.key(), || ready(1)).wait(), Ok(1));
    assert_eq!(map.run_shared(hooks.key(), || ready(1)).wait(), Ok(1));
    let mut dropped = Box::pin(map.run_shared(hooks.key(), pending));
    assert!(poll(&mut dropped).is_pending());
    drop(dropped);
    assert_eq!(hooks.calls(), 3);
    for all in [false, true] {
        let mut reset = Box::pin(map.run_once(hooks.key(), pending));
        assert!(poll(&mut reset).is_pending());
        if all {
            map.reset_all()
        } else {
            map.reset(&plain(1))
        }
        drop(reset);
    }
    assert_eq!(hooks.calls(), 5);
    hooks.assert_works();
}

#[test]
fn a_key_whose_drop_panics_leaves_nothing_in_the_map() {
    let hooks = Hooks::new(None, Some(|_| panic()));
    let map = hooks.map;
    assert!(panics(|| map.run_once(hooks.key(), || ready(1)).wait()));
    assert!(panics(|| map.run_shared(hooks.key(), || ready(1)).wait()));
    hooks.assert_works();
    let mut dropped = Box::pin(map.run_shared(hooks.key(), pending));
    assert!(poll(&mut dropped).is_pending());
    assert!(panics(|| drop(dropped)));
    hooks.assert_works();
    for all in [false, true] {
        let mut leader = Box::pin(map.run_once(hooks.key(), pending));
        let mut follower = Box::pin(map.run_once(plain(1), || ready(1)));
        assert!(poll(&mut leader).is_pending() && poll(&mut follower).is_pending());
        assert!(panics(|| if all {
            map.reset_all()
        } else {
            map.reset(&plain(1))
        }));
        assert!(
            matches!(poll(&mut follower), Poll::Ready(Err(_))),
            "the follower is cancelled anyway"
        );
        drop(leader);
        hooks.assert_works();
    }
}

#[test]
fn a_caller_whose_lock_is_removed_before_its_first_poll_uses_the_new_lock_of_its_key() {
    static FIRST: std::sync::Mutex<Option<Pin<Box<dyn Future<Output = bool> + Send>>>> =
        std::sync::Mutex::new(None);
    let hooks = Hooks::new(
        // Another caller adds the lock of the key first, so the clone of the key is dropped.
        Some(|hooks| {
            if hooks.calls() == 1 {
                let map = hooks.map;
                let mut first: Pin<Box<dyn Future<Output = bool> + Send>> =
                    Box::pin(async move { map.run_once(plain(1), pending).await.is_ok() });
                assert!(poll(&mut first).is_pending());
                *FIRST.lock().unwrap() = Some(first);
            }
        }),
        // The caller has found the lock when the clone is dropped. This removes the lock.
        Some(|hooks| {
            if hooks.calls() == 2 {
                hooks.map.reset(&plain(1));
            }
        }),
    );
    let map = hooks.map;
    let mut second = Box::pin(map.run_once(hooks.key(), pending));
    assert!(poll(&mut second).is_pending());
    assert_eq!((map.len(), map.is_running(&plain(1))), (1, true));
    let mut follower = Box::pin(map.run_once(plain(1), || ready(3)));
    assert!(poll(&mut follower).is_pending());
    assert_eq!((map.len(), map.waiters(&plain(1))), (1, 1));
    drop(FIRST.lock().unwrap().take());
    drop(second);
    assert_eq!(poll(&mut follower), Poll::Ready(Ok(3)));
    hooks.assert_works();
}

#[test]
fn a_reset_gives_one_panic_where_a_waker_and_the_drop_of_a_key_panic() {
    in_a_child(|| {
        for all in [false, true] {
            let hooks = Hooks::new(None, Some(|_| panic()));
            let map = hooks.map;
            let mut leader = Box::pin(map.run_once(hooks.key(), pending));
            let mut follower = Box::pin(map.run_once(plain(1), || ready(1)));
            assert!(poll(&mut leader).is_pending());
            let waker = Waker::from(Arc::new(PanicsWhenWoken));
            let mut cx = Context::from_waker(&waker);
            assert!(follower.as_mut().poll(&mut cx).is_pending());
            assert!(panics(|| if all {
                map.reset_all()
            } else {
                map.reset(&plain(1))
            }));
            assert!(matches!(poll(&mut follower), Poll::Ready(Err(_))));
            drop(leader);
            hooks.assert_works();
        }
    });
}
