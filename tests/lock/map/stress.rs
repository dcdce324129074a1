//! `SmartLockMap` under stress: threads and tasks use one, 64 or 10,000 keys at once. The counts
//! are right, and no key is left in the map.

use crate::map::gates::Map;
use crate::support::random::{Random, THREADS, on_threads};
use smartasync::Cancelled;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

type Boxed = Pin<Box<dyn Future<Output = Result<usize, Cancelled>> + Send>>;

/// Counts for one key.
#[derive(Default)]
struct Record {
    alive: AtomicBool,
    runs: AtomicUsize,
    calls: AtomicUsize,
    answers: AtomicUsize,
}

/// Clears the flag of the key when its run is dropped.
struct Alone(&'static Record);

impl Drop for Alone {
    fn drop(&mut self) {
        self.0.alive.store(false, SeqCst);
    }
}

/// Suspends `times` times, counts a run of `key`, and returns the key. Fails if the key has another
/// run at the same time.
fn run(
    record: &'static Record,
    key: usize,
    mut times: usize,
) -> impl Future<Output = usize> + Send {
    assert!(
        !record.alive.swap(true, SeqCst),
        "two runs of {key} at once"
    );
    let alone = Alone(record);
    poll_fn(move |cx| {
        let _alone = &alone;
        if times == 0 {
            record.runs.fetch_add(1, SeqCst);
            return Poll::Ready(key);
        }
        times -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}

fn call(map: Map, shared: bool, record: &'static Record, key: usize, times: usize) -> Boxed {
    let make = move || run(record, key, times);
    if shared {
        Box::pin(map.run_shared(key.to_string(), make))
    } else {
        Box::pin(map.run_once(key.to_string(), make))
    }
}

fn records(keys: usize) -> &'static [Record] {
    Vec::leak((0..keys).map(|_| Record::default()).collect())
}

/// Finishes the call on this thread or as a task.
fn finish(
    random: &mut Random,
    tokio: &tokio::runtime::Handle,
    call: Boxed,
) -> Result<usize, Cancelled> {
    match random.below(4) {
        0 => pollster::block_on(call),
        1 => pollster::block_on(tokio.spawn(call)).unwrap(),
        2 => pollster::block_on(smol::spawn(call)),
        _ => smartasync::smart(call).wait(),
    }
}

fn every_call_is_answered(keys: usize) {
    const CALLS: usize = 4_000;
    let (map, records): (Map, _) = (Box::leak(Box::default()), records(keys));
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let handle = tokio.handle().clone();
    on_threads(move |mut random| {
        for _ in 0..CALLS {
            let key = random.below(keys);
            let (shared, times) = (random.below(2) == 0, random.below(4));
            records[key].calls.fetch_add(1, SeqCst);
            let answer = finish(
                &mut random,
                &handle,
                call(map, shared, &records[key], key, times),
            );
            assert_eq!(answer, Ok(key));
            records[key].answers.fetch_add(1, SeqCst);
        }
    });
    assert_eq!(map.len(), 0);
    let sum = |count: fn(&Record) -> &AtomicUsize| {
        records
            .iter()
            .map(|record| count(record).load(SeqCst))
            .sum::<usize>()
    };
    assert_eq!(sum(|record| &record.answers), CALLS * THREADS as usize);
    assert!(sum(|record| &record.runs) <= CALLS * THREADS as usize);
    for record in records {
        let (calls, runs) = (record.calls.load(SeqCst), record.runs.load(SeqCst));
        assert_eq!(calls, record.answers.load(SeqCst));
        assert!(
            runs <= calls && (runs > 0) == (calls > 0),
            "{runs} runs for {calls} calls"
        );
        assert!(!record.alive.load(SeqCst));
    }
}

#[test]
fn every_call_of_one_key_is_answered() {
    every_call_is_answered(1);
}

#[test]
fn every_call_of_64_keys_is_answered() {
    every_call_is_answered(64);
}

#[test]
fn every_call_of_10_000_keys_is_answered() {
    every_call_is_answered(10_000);
}

/// Makes calls that are dropped half done, that panic and, with `resets`, that are reset. No call
/// may hang, and no key may be left.
fn nothing_is_left(keys: usize, resets: bool) {
    let (map, records): (Map, _) = (Box::leak(Box::default()), records(keys));
    on_threads(move |mut random| {
        for _ in 0..4_000 {
            let (key, times, panics, shared) = (
                random.below(keys),
                random.below(4),
                random.below(8) == 0,
                random.below(2) == 0,
            );
            // After a reset, a run may overlap the next run of its key. The destructor of a shared
            // future without callers may overlap it too.
            let record: &'static Record = if resets || shared {
                Box::leak(Box::default())
            } else {
                &records[key]
            };
            let make = move || -> Pin<Box<dyn Future<Output = usize> + Send>> {
                // A run that panicked may still exist when the next run of its key begins, so it is
                // not counted.
                if panics {
                    Box::pin(quiet(times))
                } else {
                    Box::pin(run(record, key, times))
                }
            };
            let mut call: Boxed = if shared {
                Box::pin(map.run_shared(key.to_string(), make))
            } else {
                Box::pin(map.run_once(key.to_string(), make))
            };
            let result = catch_unwind(AssertUnwindSafe(|| {
                for _ in 0..random.below(4) {
                    if let Poll::Ready(result) =
                        call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
                    {
                        return Some(result);
                    }
                }
                match random.below(3) {
                    0 => None,
                    1 => Some(pollster::block_on(call)),
                    _ => smartasync::smart(call)
                        .wait_timeout(Duration::from_micros(20))
                        .ok(),
                }
            }));
            match result {
                Ok(Some(Ok(answer))) => assert_eq!(answer, key),
                Ok(Some(Err(error))) => assert!(
                    !error.is_reentrant()
                        && (resets || error.to_string().contains("panicked in another caller"))
                ),
                Ok(None) => {}
                Err(payload) => assert_eq!(payload.downcast_ref::<&str>(), Some(&"quiet")),
            }
            if resets {
                match random.below(200) {
                    0 => map.reset_all(),
                    1..20 => map.reset(key.to_string().as_str()),
                    _ => {}
                }
            }
        }
    });
    assert_eq!(map.len(), 0);
}

/// Suspends `times` times, and panics without the panic hook, so that nothing is printed.
async fn quiet(times: usize) -> usize {
    for _ in 0..times {
        futures_lite::future::yield_now().await;
    }
    resume_unwind(Box::new("quiet"))
}

#[test]
fn nothing_is_left_of_one_key_whose_callers_come_and_go_and_panic() {
    nothing_is_left(1, false);
}

#[test]
fn nothing_is_left_of_64_keys_whose_callers_come_and_go_and_panic() {
    nothing_is_left(64, false);
}

#[test]
fn nothing_is_left_of_one_key_that_is_reset_meanwhile() {
    nothing_is_left(1, true);
}

#[test]
fn nothing_is_left_of_64_keys_that_are_reset_meanwhile() {
    nothing_is_left(64, true);
}

#[test]
fn nothing_is_left_of_10_000_keys_that_are_reset_meanwhile() {
    nothing_is_left(10_000, true);
}
