//! Each function in sync and in async code.

use crate::kinds::{self, chosen, continued, count, count_blocking, down, first_word, length};
use crate::kinds::{given, nothing, nothing_sync, positions, shout, sum, sum_blocking};
use crate::receivers::Counter;
use crate::signatures::trimmed;
use crate::signatures::{added, boxed, longer, mapped, numbers, patterns, push, shown, total};
use crate::traits::{Memory, Named, Store};
use smartasync::{
    SmartLock, SmartLockMap, block_on, offload, smart_iter, smart_stream, smart_unfold,
};
use smartasync::{smart, spawn_local};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

/// Checks what a call gives in sync code and in async code.
macro_rules! both {
    ($call:expr => $output:expr) => {
        assert_eq!($call.wait(), $output);
        assert_eq!(block_on(async { $call.await }), $output);
    };
}

#[test]
fn kinds_of_functions() {
    both!(length("abc") => 3);
    both!(shout("abc") => "ABC");
    both!(sum("1", "2") => Ok(3));
    both!(sum("0", "two") => Ok(0));
    assert!(sum("1", "two").wait().is_err() && sum_blocking("two", "1").is_err());
    assert_eq!(chosen(1, "abc", (10, 0), 100).wait(), 111);
    assert_eq!(block_on(chosen(1, "abc", (10, 0), 100)), 113);
    both!(positions("a") => 10);
    both!(down(5) => 5);
    both!(first_word("two words") => "two");
    both!(count(b"abc") => 3);
    assert_eq!(count_blocking(b"abc"), 3);
    both!(given(7) => 7);
    assert!(kinds::read("/no such file".into()).wait().is_err());
    both!(nothing("") => ());
    both!(nothing_sync(1) => ());
    both!(continued() => 10);
}

#[test]
fn signatures() {
    both!(shown("a") => "a \"a\"");
    both!(total([1, 2, 3]) => 6);
    both!(longer("ab", "a") => "ab");
    both!(trimmed(" a ") => "a");
    let mut list = Vec::new();
    assert_eq!(push(&mut list, 1).wait() + block_on(push(&mut list, 2)), 3);
    both!(patterns((1, 2), [3, 4, 5], 6) => 15);
    both!(added([1, 2]) => 3);
    assert_eq!(
        numbers(3).wait().chain(block_on(numbers(2))).sum::<u32>(),
        4
    );
    both!(mapped(1, |n| n + 1) => 2);
    both!(boxed(b"abc", 1_u8) => 4);
}

#[test]
fn receivers() {
    let mut counter = Counter::new("a").wait();
    both!(counter.name() => "a");
    assert_eq!(
        counter.increase(1).wait() + block_on(counter.increase(1)),
        3
    );
    both!(counter.increase_twice(2) => 2);
    both!(counter.larger_than(&9) => true);
    assert!(!counter.larger_than_blocking(&10));
    both!(counter.unused("") => ());
    both!(Arc::new(counter.clone()).shared() => 10);
    both!(counter.clone().into_name() => "a");
}

#[test]
fn traits() {
    let memory = Memory([("a".to_owned(), 1)].into());
    both!(memory.load("a") => Ok(1));
    both!(memory.load("b") => Err("b".to_owned()));
    both!(memory.keys() => 0);
    both!(memory.describe("n = ") => "n = 1");
    let named: &dyn Named = &memory;
    both!(named.name() => "a");
    both!(named.joined("abc") => ("a", 3));
    assert_eq!(named.name_blocking(), "a");
}

#[test]
fn what_needs_threads() {
    both!(SmartLock::new().run_once(|| async { 1 }) => Ok(1));
    both!(SmartLockMap::new().run_shared("key", || async { 2 }) => Ok(2));
    assert_eq!(block_on(async { spawn_local(async { 3 }).await }), 3);
    assert_eq!(block_on(offload(|| 4)), 4);
    assert_eq!(length("abc").wait_timeout(Duration::from_secs(60)), Ok(3));
    assert_eq!(
        block_on(async { smart(async { 5 }).try_wait().is_err() }),
        true
    );
}

#[test]
fn streams() {
    let counted = smart_unfold(0, |n| smart(async move { (n < 3).then_some((n, n + 1)) }));
    assert_eq!(smart_stream(counted).into_iter().sum::<u32>(), 3);
    let two = NonZeroUsize::MIN.saturating_add(1);
    assert_eq!(smart_iter(0..4, two).into_iter().sum::<u32>(), 6);
}
