//! The one table of all benches, as Markdown and as a chart.

use crate::case::{Case, LIMIT, OURS};
use crate::{clock, futex, growth, lock};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Works that are measured once more with all threads pinned to one core, where a hand-over costs
/// no waking of another.
const PINNED: &[&str] = &[
    "wait, ping-pong",
    "offload, one at a time",
    "offload, 1,000 outstanding",
];

/// One piece of work: nanoseconds for each contender.
struct Row {
    work: String,
    times: Vec<(String, f64)>,
}

impl Row {
    fn of(&self, who: &str) -> Option<f64> {
        self.times
            .iter()
            .find(|(name, _)| name == who)
            .map(|&(_, time)| time)
    }

    fn best_peer(&self) -> Option<&(String, f64)> {
        self.times
            .iter()
            .filter(|(name, _)| name != OURS && name != LIMIT)
            .min_by(|one, other| one.1.total_cmp(&other.1))
    }
}

/// Measures one piece of work and prints it: a contender a line.
pub fn time_one(all: &[Case], work: &str) {
    let cases: Vec<Case> = all
        .iter()
        .filter(|case| case.work == work)
        .copied()
        .collect();
    for timed in clock::measure(&cases) {
        println!("{}\t{}", timed.case.who, timed.nanoseconds);
    }
}

/// Measures one piece of work in a process of its own, so that no contender's threads are there for
/// the next one.
fn measure(work: &str, pinned: bool) -> Row {
    let program = std::env::current_exe().expect("the program knows its path");
    let mut command = if pinned {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    let output = command
        .args(["time", work])
        .output()
        .expect("the program runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let times = text.lines().map(|line| {
        let (who, time) = line.split_once('\t').expect("a line is a name and a time");
        (who.to_owned(), time.parse().expect("it is a number"))
    });
    let times = times.collect();
    Row {
        work: if pinned {
            format!("{work}, one core")
        } else {
            work.to_owned()
        },
        times,
    }
}

fn shown(nanoseconds: f64) -> String {
    match nanoseconds {
        short if short < 100.0 => format!("{short:.1} ns"),
        middling if middling < 10_000.0 => format!("{middling:.0} ns"),
        long => format!("{:.1} µs", long / 1000.0),
    }
}

fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| work | smartasync | best peer | ratio | limit | others |\n| --- | ---: | --- | ---: | ---: | --- |\n",
    );
    for row in rows {
        let ours = row.of(OURS).expect("we are in each row");
        let (peer, ratio) = match row.best_peer() {
            Some((name, time)) => (
                format!("{name}: {}", shown(*time)),
                format!("{:.2}", ours / time),
            ),
            None => (String::new(), String::new()),
        };
        let limit = row.of(LIMIT).map(shown).unwrap_or_default();
        let best = row.best_peer().map(|(name, _)| name.clone());
        let others: Vec<_> = row
            .times
            .iter()
            .filter(|(name, _)| name != OURS && name != LIMIT && Some(name) != best.as_ref())
            .collect();
        let others: Vec<_> = others
            .iter()
            .map(|(name, time)| format!("{name}: {}", shown(*time)))
            .collect();
        writeln!(
            text,
            "| {} | {} | {peer} | {ratio} | {limit} | {} |",
            row.work,
            shown(ours),
            others.join("; ")
        )
        .expect("a string takes it all");
    }
    text
}

/// A bar a row: our time as a part of the best peer's. Left of the line is ahead.
fn chart(rows: &[Row]) -> String {
    const LEFT: f64 = 250.0;
    const FULL: f64 = 360.0;
    const STEP: f64 = 24.0;
    let rows: Vec<(&Row, f64)> = rows
        .iter()
        .filter_map(|row| Some((row, row.of(OURS)? / row.best_peer()?.1)))
        .collect();
    let height = STEP * rows.len() as f64 + 60.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"920\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" fill=\"#333333\">time of smartasync as a part of the best peer's; left of the line is faster</text>\n"
    );
    for (at, (row, ratio)) in rows.iter().enumerate() {
        let y = 36.0 + STEP * at as f64;
        let width = (ratio * FULL).min(FULL * 1.3);
        let color = if *ratio <= 1.0 { "#2f7d5b" } else { "#b5533c" };
        let peer = &row.best_peer().expect("it has one").0;
        writeln!(
            text,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#333333\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"16\" fill=\"{color}\"/>\
             <text x=\"{:.1}\" y=\"{}\" fill=\"#333333\">{ratio:.2} of {peer}</text>",
            LEFT - 8.0,
            y + 13.0,
            row.work,
            LEFT + width + 6.0,
            y + 13.0,
        )
        .expect("a string takes it all");
    }
    let line = LEFT + FULL;
    writeln!(text, "<line x1=\"{line}\" y1=\"30\" x2=\"{line}\" y2=\"{}\" stroke=\"#333333\" stroke-dasharray=\"4 3\"/>\n</svg>", height - 24.0)
        .expect("a string takes it all");
    text
}

/// Measures everything and writes it to `results/`.
pub fn write(all: &[Case]) {
    // In the order of the list.
    let mut works: Vec<&str> = all.iter().map(|case| case.work).collect();
    works.dedup();
    let mut rows = BTreeMap::new();
    for (at, &work) in works.iter().enumerate() {
        eprintln!("{work} …");
        rows.insert((at, false), measure(work, false));
        if PINNED.contains(&work) {
            rows.insert((at, true), measure(work, true));
        }
    }
    let rows: Vec<Row> = rows.into_values().collect();
    let (flights, table) = (20, markdown(&rows));
    let runs = lock::runs_of_slow_work(flights);
    let text = format!(
        "# Results\n\nMedians of interleaved rounds, for one call, task or follower, on {} cores. `ratio` is our time as a part of the best peer's; `limit` is the bare work.\n\n\
         {table}\nWork of 20 ms that 8 threads call at once, {flights} times: {runs} runs.\n\n## Futex calls\n\n{}\n## How cost grows\n\n{}",
        std::thread::available_parallelism().map_or(1, usize::from),
        futex::table(all),
        growth::table()
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    fs::create_dir_all(&folder).expect("the folder can be made");
    fs::write(folder.join("table.md"), &text).expect("the table can be written");
    fs::write(folder.join("chart.svg"), chart(&rows)).expect("the chart can be written");
    print!("{text}");
}
