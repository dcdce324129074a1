//! The check of instruction and allocation counts: they repeat, where times do not, so they have
//! bounds. Instructions are counted by callgrind, as the difference of a run and one of three times
//! its length.

use crate::allocations;
use crate::case::{Case, LIMIT, OURS, each_time};
use std::process::{Command, ExitCode};

/// What one time of a piece of work may cost.
struct Bound {
    work: &'static str,
    instructions: f64,
    /// How many there may be more than the limit needs, where it is the limit that counts.
    over_limit: Option<f64>,
    allocations: f64,
    /// Of all allocations of one time.
    bytes: f64,
    /// How often the work is done for the shorter count.
    times: u64,
}

const fn bound(
    work: &'static str,
    instructions: f64,
    allocations: f64,
    bytes: f64,
    times: u64,
) -> Bound {
    Bound {
        work,
        instructions,
        over_limit: None,
        allocations,
        bytes,
        times,
    }
}

/// The targets, where they are met; else what is reached, a little rounded up. `README.md` names
/// those.
const BOUNDS: &[Bound] = &[
    bound("wait, ready, opaque", 25.0, 0.0, 0.0, 2_000),
    bound("wait, ready, inlined", 16.0, 0.0, 0.0, 2_000),
    bound("wait, ready, nested", 72.0, 0.0, 0.0, 2_000),
    bound("wait, 100 self-wakes", 3_000.0, 0.0, 0.0, 1_000),
    Bound {
        over_limit: Some(4.0),
        ..bound("call, awaited", 35.0, 0.0, 0.0, 2_000)
    },
    Bound {
        over_limit: Some(9.0),
        ..bound("call, sync copy", 20.0, 0.0, 0.0, 2_000)
    },
    Bound {
        over_limit: Some(9.0),
        ..bound("call, mapped", 20.0, 0.0, 0.0, 2_000)
    },
    bound("offload, 1,000 outstanding", 1_300.0, 1.05, 96.0, 10_000),
    bound("spawn, 10,000 trivial", 430.0, 0.05, 24.0, 20_000),
    bound("spawn, 10,000 with 10 yields", 2_400.0, 0.05, 24.0, 20_000),
    bound("run_once, uncontended", 85.0, 0.0, 0.0, 2_000),
    bound("run_once, 10,000 followers", 950.0, 1.05, 260.0, 20_000),
    bound("map, 64 keys", 820.0, 1.1, 192.0, 2_000),
    bound("sleep, dropped", 660.0, 0.0, 0.0, 2_000),
    bound("timeout, in time", 760.0, 0.0, 0.0, 2_000),
];

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
    let (mut passed, mut failed) = (0, 0);
    for Bound {
        work,
        instructions: most,
        over_limit,
        allocations: most_allocations,
        bytes: most_bytes,
        times,
    } in BOUNDS
    {
        let case = find(all, work, OURS);
        let counted = instructions(case, *times);
        let (count, bytes) = allocations::per_time(case.run, case.batch);
        let mut is_within = counted <= *most && count <= *most_allocations && bytes <= *most_bytes;
        print!(
            "{work}: {counted:.1} instructions (at most {most}), {count:.2} allocations (at most {most_allocations}) of {bytes:.0} bytes (at most {most_bytes})"
        );
        if let Some(most) = over_limit {
            let over = counted - instructions(find(all, work, LIMIT), *times);
            print!(", {over:.1} instructions over the bare work (at most {most})");
            is_within &= over <= *most;
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
