//! Everything at once, for as long as you like: threads on each kind of executor pick operations at
//! random, while the limit changes and caches and locks are reset.
//!
//! `SMARTASYNC_SOAK_SECONDS` says for how long (one second, if it is unset), and
//! `SMARTASYNC_SOAK_SEED` which random numbers are used. Each operation checks its result. At the
//! end nothing may be left: no value, no job, no key, no thread of the pool, no memory.

#[path = "../support/mod.rs"]
mod support;

mod operations;

use operations::{LIVE, MAP, ONCE, OPERATIONS, SHARED};
use smartasync::{Call, Work, allow_blocking, block_on, offload, offload_stats, smart};
use std::env::{self, VarError};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use support::child::CHILD;
use support::random::Random;
use support::watchdog::within;

/// An executor that finishes calls.
pub(crate) enum World {
    Own,
    TokioMulti(tokio::runtime::Runtime),
    TokioCurrent(tokio::runtime::Runtime),
    Smol,
    Pollster,
}

impl World {
    /// Finishes a call in one of the ways of this world.
    pub(crate) fn finish<W>(&self, random: &mut Random, call: Call<W>) -> W::Output
    where
        W: Work<Output: Send> + Send + 'static,
    {
        match self {
            Self::Own => match random.below(5) {
                0 => call.wait(),
                1 => block_on(call),
                2 => smart(async { allow_blocking(|| call.wait()) }).wait(),
                3 => block_on(offload(move || call.wait())),
                _ => match call.wait_timeout(Duration::from_secs(1 << 20)) {
                    Ok(output) => output,
                    Err(_) => unreachable!("the time is not up"),
                },
            },
            Self::TokioMulti(tokio) if random.below(2) == 0 => {
                let task = tokio.spawn(call.into_future());
                tokio
                    .block_on(task)
                    .unwrap_or_else(|error| resume_unwind(error.into_panic()))
            }
            Self::TokioMulti(tokio) | Self::TokioCurrent(tokio) => tokio.block_on(call),
            Self::Smol => smol::block_on(call),
            Self::Pollster => pollster::block_on(call),
        }
    }

    /// Whether futures may use a timer that needs a thread.
    pub(crate) fn has_timers(&self, scarce: bool) -> bool {
        !scarce || matches!(self, Self::Own)
    }
}

/// What the threads of one run share.
pub(crate) struct Soak {
    /// The system refuses some of the threads that the pool asks for.
    pub(crate) scarce: bool,
    counts: Vec<AtomicU64>,
}

fn number(variable: &str, default: u64) -> u64 {
    match env::var(variable) {
        Ok(text) => text.parse().expect("the variable is a number"),
        Err(VarError::NotPresent) => default,
        Err(error) => panic!("{variable}: {error}"),
    }
}

/// The memory of this process that is resident, in MiB.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4 / 1024
}

#[cfg(not(target_os = "linux"))]
fn resident() -> u64 {
    0
}

/// Runs all operations until the time is up, in each of these worlds on two threads.
fn soak(scarce: bool, worlds: Vec<World>) {
    let seconds = number("SMARTASYNC_SOAK_SECONDS", 1);
    let seed = number("SMARTASYNC_SOAK_SEED", 1);
    eprintln!(
        "seed {seed}, {seconds} seconds, {}",
        if scarce {
            "few threads"
        } else {
            "enough threads"
        }
    );
    let soak = Arc::new(Soak {
        scarce,
        counts: OPERATIONS.iter().map(|_| AtomicU64::new(0)).collect(),
    });
    let begin = Instant::now();
    let until = begin + Duration::from_secs(seconds);
    let warm = Arc::new(Barrier::new(2 * worlds.len() + 1));
    let worlds: Vec<_> = worlds.into_iter().map(Arc::new).collect();
    let threads: Vec<_> = (0..2 * worlds.len())
        .map(|thread| {
            let (soak, world, warm) = (soak.clone(), worlds[thread / 2].clone(), warm.clone());
            let run = move || {
                let mut random = Random::new(seed.wrapping_mul(1_000).wrapping_add(thread as u64));
                let mut run = |operation: usize| {
                    let (name, act) = OPERATIONS[operation];
                    let acted = catch_unwind(AssertUnwindSafe(|| act(&soak, &world, &mut random)));
                    if let Err(payload) = acted {
                        eprintln!("the operation {name:?} of thread {thread} has failed");
                        resume_unwind(payload);
                    }
                    soak.counts[operation].fetch_add(1, Relaxed);
                };
                (0..OPERATIONS.len()).for_each(&mut run);
                warm.wait();
                let mut choice = Random::new(seed.wrapping_add(thread as u64));
                while Instant::now() < until {
                    run(choice.below(OPERATIONS.len()));
                }
            };
            thread::Builder::new()
                .stack_size(4 << 20)
                .spawn(run)
                .unwrap()
        })
        .collect();
    warm.wait();
    // By then each thread has the memory that it needs again and again.
    let some_time = Duration::from_secs(seconds) / 5;
    thread::sleep(some_time.saturating_sub(begin.elapsed()));
    let before = resident();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    drop(worlds);
    until_nothing_is_left();
    for ((name, _), count) in OPERATIONS.iter().zip(&soak.counts) {
        eprintln!("{name}: {}", count.load(Relaxed));
        assert!(count.load(Relaxed) > 0);
    }
    let total: u64 = soak.counts.iter().map(|count| count.load(Relaxed)).sum();
    let after = resident();
    eprintln!("{total} operations in all; {before} MiB at first, {after} MiB at the end");
    // In a shorter time, the threads may not have met in each way.
    assert!(
        seconds < 20 || after < before + 32,
        "memory stays: {before} MiB, then {after} MiB"
    );
}

/// Waits until the pool is idle and its threads are gone, and checks that nothing is left.
fn until_nothing_is_left() {
    loop {
        let stats = offload_stats();
        if (stats.queued, stats.active, stats.blocked, stats.threads) == (0, 0, 0, 0) {
            break;
        }
        thread::yield_now();
    }
    assert_eq!(LIVE.load(Relaxed), 0, "values are left");
    assert!(MAP.is_empty() && !ONCE.is_running() && !SHARED.is_running());
    assert_eq!((ONCE.waiters(), SHARED.waiters()), (0, 0));
}

fn tokio(builder: &mut tokio::runtime::Builder) -> tokio::runtime::Runtime {
    builder.enable_all().build().unwrap()
}

/// The longest that a run may take: what was asked for, and time to come to an end.
fn limit() -> u64 {
    number("SMARTASYNC_SOAK_SECONDS", 1) + 300
}

#[test]
fn everything_at_once_on_each_executor() {
    let worlds = || {
        vec![
            World::Own,
            World::TokioMulti(tokio(
                tokio::runtime::Builder::new_multi_thread().worker_threads(2),
            )),
            World::TokioCurrent(tokio(&mut tokio::runtime::Builder::new_current_thread())),
            World::Smol,
            World::Pollster,
        ]
    };
    if env::var_os(CHILD).is_none() {
        // A process of its own, in which all memory and all threads are those of this test.
        return in_a_process("everything_at_once_on_each_executor", &[]);
    }
    within(limit(), move || soak(false, worlds()));
}

/// The address space has room for some threads of the pool, each of which wants a stack of a GiB.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn everything_at_once_where_threads_are_refused() {
    if env::var_os(CHILD).is_none() {
        return in_a_process(
            "everything_at_once_where_threads_are_refused",
            &[("RUST_MIN_STACK", "1073741824")],
        );
    }
    within(limit(), || {
        // With the threads that wait, the pool may want more than these.
        assert!(how_many_threads_fit() < 8);
        soak(true, vec![World::Own, World::Pollster]);
    });
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn how_many_threads_fit() -> usize {
    let (release, released) = mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let mut threads = Vec::new();
    loop {
        let released = released.clone();
        let wait = move || released.lock().unwrap().recv().is_ok();
        match thread::Builder::new().spawn(wait) {
            Ok(thread) => threads.push(thread),
            Err(_) => break,
        }
    }
    drop(release);
    let fit = threads.len();
    for thread in threads {
        assert!(!thread.join().unwrap());
    }
    fit
}

/// Runs a test in a process of its own, with these variables. With a variable, the address space of
/// the process is limited to 8 GiB.
fn in_a_process(test: &str, variables: &[(&str, &str)]) {
    let kilobytes = if variables.is_empty() {
        "unlimited"
    } else {
        "8388608"
    };
    let status = Command::new("sh")
        .args(["-c", "ulimit -v \"$0\" && exec \"$@\"", kilobytes])
        .arg(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .envs(variables.iter().copied())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}
