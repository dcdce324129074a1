//! The check of instruction and allocation counts: they repeat, where times do not, so they have
//! bounds. Instructions are counted by callgrind, as the difference of a run and one of three times
//! its length.

use crate::allocations;
use crate::case::{Case, LIMIT, OURS, each_time};
use std::process::{Command, ExitCode};

/// The compiler that built this: "rustc 1.85.0 …".
const COMPILER: &str = env!("COMPILER");

/// Returns whether this was built by the oldest supported compiler or one near to it.
fn is_old_compiler() -> bool {
    let minor = COMPILER.split('.').nth(1);
    let minor = minor.and_then(|minor| minor.parse::<u32>().ok());
    minor.expect("a version has a minor number") < 90
}

/// What one time of a piece of work may cost.
struct Bound {
    work: &'static str,
    /// Instructions by today's compiler, and by the oldest supported one.
    instructions: [f64; 2],
    /// How many there may be more than the limit needs, where it is the limit that counts.
    over_limit: Option<[f64; 2]>,
    allocations: f64,
    /// Of all allocations of one time.
    bytes: f64,
    /// How often the work is done for the shorter count.
    times: u64,
}

/// A table of bounds: the instructions by both compilers, and how many more than the limit needs;
/// allocations, and their bytes; how often the work is done.
macro_rules! bounds {
    ($(
        $work:literal: $new:literal / $old:literal $(, over $over_new:literal / $over_old:literal)?;
        $allocations:literal of $bytes:literal; $times:literal
    )+) => {
        &[$(Bound {
            work: $work,
            instructions: [$new, $old],
            over_limit: bounds!(@over $($over_new, $over_old)?),
            allocations: $allocations,
            bytes: $bytes,
            times: $times,
        }),+]
    };
    (@over) => { None };
    (@over $new:literal, $old:literal) => { Some([$new, $old]) };
}

/// The targets, where they are met; else what is reached, a little rounded up. `README.md` names
/// those.
const BOUNDS: &[Bound] = bounds! {
    "wait, ready, opaque": 25.0 / 25.0; 0.0 of 0.0; 2_000
    "wait, ready, inlined": 17.0 / 17.0; 0.0 of 0.0; 2_000
    "`.wait()`, ready, inlined": 25.0 / 25.0; 0.0 of 0.0; 2_000
    "wait, ready, nested": 80.0 / 85.0; 0.0 of 0.0; 2_000
    "wait, 100 self-wakes": 3_000.0 / 3_000.0; 0.0 of 0.0; 1_000
    "wait, an `async fn` that yields 100 times": 9_000.0 / 9_000.0; 0.0 of 0.0; 1_000
    "`.wait()`, an `async fn` that yields 100 times": 9_000.0 / 9_000.0; 0.0 of 0.0; 1_000
    "call, awaited": 35.0 / 35.0, over 4.0 / 4.0; 0.0 of 0.0; 2_000
    "call, sync copy": 20.0 / 20.0, over 9.0 / 9.0; 0.0 of 0.0; 2_000
    "call, mapped": 20.0 / 20.0, over 9.0 / 9.0; 0.0 of 0.0; 2_000
    "split, sync half": 25.0 / 25.0, over 0.0 / 0.0; 0.0 of 0.0; 2_000
    "split, async half": 56.0 / 56.0, over 0.0 / 0.0; 0.0 of 0.0; 2_000
    // A pool thread that starts meanwhile allocates too.
    "offload, 1,000 outstanding": 1_300.0 / 1_300.0; 1.05 of 120.0; 10_000
    "spawn, 10,000 trivial": 430.0 / 430.0; 0.05 of 24.0; 20_000
    "spawn, 100,000 trivial": 430.0 / 430.0; 0.05 of 24.0; 100_000
    "spawn, 10,000 trivial, new thread": 1_600.0 / 1_600.0; 2.1 of 320.0; 20_000
    "spawn, 10,000 with 10 yields": 2_400.0 / 2_430.0; 0.05 of 24.0; 20_000
    "run_once, uncontended": 90.0 / 90.0; 0.0 of 0.0; 2_000
    "run_once, 10,000 followers": 950.0 / 950.0; 1.05 of 272.0; 20_000
    "run_shared, 10,000 followers": 1_650.0 / 1_700.0; 1.05 of 336.0; 20_000
    "map, 64 keys": 820.0 / 830.0; 1.1 of 200.0; 2_000
    "sleep, dropped": 660.0 / 700.0; 0.0 of 0.0; 2_000
    "timeout, in time": 760.0 / 840.0; 0.0 of 0.0; 2_000
};

/// The same with the feature `tokio`: a call in sync code then asks tokio whether it is one of its
/// tasks.
const BOUNDS_WITH_TOKIO: &[Bound] = bounds! {
    "wait, ready, opaque": 40.0 / 40.0; 0.0 of 0.0; 2_000
    "wait, ready, inlined": 35.0 / 35.0; 0.0 of 0.0; 2_000
    "wait, ready, nested": 80.0 / 90.0; 0.0 of 0.0; 2_000
    "call, awaited": 35.0 / 35.0; 0.0 of 0.0; 2_000
    "call, sync copy": 45.0 / 45.0; 0.0 of 0.0; 2_000
};

fn find<'c>(all: &'c [Case], work: &str, who: &str) -> &'c Case {
    all.iter()
        .find(|case| case.work == work && case.who == who)
        .unwrap_or_else(|| panic!("there is no case {work:?} of {who:?}"))
}

/// Does the work so often, after a first time: what callgrind looks at.
pub fn run(all: &[Case], work: &str, who: &str, times: &str) {
    let case = find(all, work, who);
    (case.run)(case.batch);
    (case.run)(times.parse().expect("the number of times is a number"));
}

fn collected(case: &Case, times: u64) -> u64 {
    let program = std::env::current_exe().expect("the program knows its path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["run", case.work, case.who, &times.to_string()])
        .output()
        .expect("valgrind is installed");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "callgrind failed: {text}");
    let count = text
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .expect("callgrind says what it collected")
        .1;
    count.trim().parse().expect("it is a number")
}

/// Instructions for each time, over all threads.
pub fn instructions(case: &Case, times: u64) -> f64 {
    each_time(times.max(case.batch), |times| collected(case, times))
}

/// Prints each count beside its bound, and fails if one is over it.
pub fn check(all: &[Case]) -> ExitCode {
    println!("{COMPILER}");
    let column = usize::from(is_old_compiler());
    let bounds = if cfg!(feature = "tokio") {
        BOUNDS_WITH_TOKIO
    } else {
        BOUNDS
    };
    let (mut passed, mut failed) = (0, 0);
    for bound in bounds {
        let case = find(all, bound.work, OURS);
        let counted = instructions(case, bound.times);
        let (count, bytes) = allocations::per_time(case.run, case.batch);
        let most = bound.instructions[column];
        let mut is_within = counted <= most && count <= bound.allocations && bytes <= bound.bytes;
        print!(
            "{}: {counted:.1} instructions (at most {most}), {count:.2} allocations (at most {}) of {bytes:.0} bytes (at most {})",
            bound.work, bound.allocations, bound.bytes
        );
        if let Some(most) = bound.over_limit {
            let over = counted - instructions(find(all, bound.work, LIMIT), bound.times);
            print!(
                ", {over:.1} instructions over the bare work (at most {})",
                most[column]
            );
            is_within &= over <= most[column];
        }
        println!("{}", if is_within { "" } else { " FAILED" });
        *(if is_within { &mut passed } else { &mut failed }) += 1;
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
