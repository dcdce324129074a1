//! Futex calls of what hands over between threads, counted by strace on one core, as the difference of a run and one of three times its length:
//! there a thread that looks in vain soon sleeps at once, so the count repeats.

use crate::case::{Case, OURS};
use std::fmt::Write as _;
use std::process::Command;

const WORKS: &[&str] = &["wait, ping-pong", "offload, one at a time"];
const TIMES: u64 = 3_000;

/// How many calls a run makes. `None` where there is no strace.
fn counted(case: &Case, times: u64) -> Option<u64> {
    let program = std::env::current_exe().expect("the program knows its path");
    let output = Command::new("strace")
        .args(["-f", "-c", "-e", "trace=futex", "taskset", "-c", "0"])
        .arg(program)
        .args(["run", case.work, case.who, &times.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "strace failed: {text}");
    let line = text.lines().find(|line| line.ends_with(" futex")).unwrap_or_else(|| panic!("strace saw no futex call: {text}"));
    let calls = line.split_whitespace().nth(3).expect("the fourth column has the calls");
    Some(calls.parse().expect("it is a number"))
}

/// Futex calls for each time, as Markdown: ours beside those of all others.
pub fn table(all: &[Case]) -> String {
    let mut text = String::from("| work, one core | smartasync | others |\n| --- | ---: | --- |\n");
    for &work in WORKS {
        let mut ours = String::new();
        let mut others = Vec::new();
        for case in all.iter().filter(|case| case.work == work) {
            let (Some(once), Some(thrice)) = (counted(case, TIMES), counted(case, 3 * TIMES)) else {
                return "strace is not installed, so no futex call was counted.\n".to_owned();
            };
            let each = format!("{:.2}", (thrice - once) as f64 / (2 * TIMES) as f64);
            if case.who == OURS { ours = each } else { others.push(format!("{}: {each}", case.who)) }
        }
        writeln!(text, "| {work} | {ours} | {} |", others.join("; ")).expect("a string takes it all");
    }
    text
}

pub fn print(all: &[Case]) {
    print!("{}", table(all));
}
