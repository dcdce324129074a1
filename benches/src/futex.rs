//! Futex calls of what hands over between threads, counted by strace on one core: there a thread
//! that looks in vain soon sleeps at once, so the count repeats.

use crate::case::{Case, OURS, each_time};
use std::fmt::Write as _;
use std::process::Command;

const WORKS: &[&str] = &["wait, ping-pong", "offload, one at a time"];
const TIMES: u64 = 3_000;

/// How many calls a run makes.
fn counted(case: &Case, times: u64) -> u64 {
    let program = std::env::current_exe().expect("the program knows its path");
    let output = Command::new("strace")
        .args(["-f", "-c", "-e", "trace=futex", "taskset", "-c", "0"])
        .arg(program)
        .args(["run", case.work, case.who, &times.to_string()])
        .output()
        .expect("strace is installed");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "strace failed: {text}");
    let line = text
        .lines()
        .find(|line| line.ends_with(" futex"))
        .unwrap_or_else(|| panic!("strace saw no futex call: {text}"));
    line.split_whitespace()
        .nth(3)
        .expect("the fourth column has the calls")
        .parse()
        .expect("it is a number")
}

/// Futex calls for each time, as Markdown: ours beside those of all others.
pub fn table(all: &[Case]) -> String {
    if Command::new("strace").arg("--version").output().is_err() {
        return "strace is not installed, so no futex call was counted.\n".to_owned();
    }
    let mut text = String::from("| work, one core | smartasync | others |\n| --- | ---: | --- |\n");
    for &work in WORKS {
        let (ours, others): (Vec<&Case>, Vec<&Case>) = all
            .iter()
            .filter(|case| case.work == work)
            .partition(|case| case.who == OURS);
        let each = |case: &Case| format!("{:.2}", each_time(TIMES, |times| counted(case, times)));
        let others: Vec<_> = others
            .into_iter()
            .map(|case| format!("{}: {}", case.who, each(case)))
            .collect();
        writeln!(
            text,
            "| {work} | {} | {} |",
            each(ours[0]),
            others.join("; ")
        )
        .expect("a string takes it all");
    }
    text
}

pub fn print(all: &[Case]) {
    print!("{}", table(all));
}
