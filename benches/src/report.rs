//! The one table of all benches, as Markdown and as a chart.

use crate::case::{Case, LIMIT, OURS};
use crate::clock::{self, Clock};
use crate::{futex, growth, lock};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

/// Works that pass something from thread to thread. Their times depend on whether the other core
/// sleeps at that moment. They are measured once more with all threads pinned to one core, where
/// nothing has to be waked.
const BETWEEN_THREADS: &[&str] = &[
    "wait, first on a thread",
    "wait, ping-pong",
    "offload, one at a time",
    "offload, 1,000 outstanding",
    "offload, 10,000 outstanding",
    "run_once, 8 threads",
];

/// One contender: its name, and nanoseconds for each round.
type Contender = (String, Vec<f64>);

/// One piece of work.
struct Row {
    work: String,
    /// It is one of [`BETWEEN_THREADS`], so it is in time by the clock.
    is_by_clock: bool,
    is_pinned: bool,
    contenders: Vec<Contender>,
}

impl Row {
    fn of(&self, who: &str) -> Option<&Contender> {
        self.contenders.iter().find(|(name, _)| name == who)
    }

    /// All peers, the fastest one first.
    fn peers(&self) -> Vec<&Contender> {
        let mut peers: Vec<_> = self
            .contenders
            .iter()
            .filter(|(name, _)| name != OURS && name != LIMIT)
            .collect();
        peers.sort_by(|one, other| median(&one.1).total_cmp(&median(&other.1)));
        peers
    }

    /// The fastest peer, and our time as a part of its time, a number for each round.
    fn ratios(&self) -> Option<(&str, Vec<f64>)> {
        let ours = &self.of(OURS)?.1;
        let (peer, theirs) = *self.peers().first()?;
        let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs);
        Some((peer, ratios.collect()))
    }
}

fn median(rounds: &[f64]) -> f64 {
    clock::quantile(rounds, 0.5)
}

/// Measures one piece of work and prints it: a contender a line.
pub fn time_one(all: &[Case], work: &str) {
    let cases: Vec<Case> = all
        .iter()
        .filter(|case| case.work == work)
        .copied()
        .collect();
    let clock = if BETWEEN_THREADS.contains(&work) {
        Clock::Wall
    } else {
        Clock::Processor
    };
    for timed in clock::measure(&cases, clock) {
        print!("{}", timed.case.who);
        timed.rounds.iter().for_each(|round| print!("\t{round}"));
        println!();
    }
}

/// The path of this program.
pub fn program() -> PathBuf {
    std::env::current_exe().expect("the program knows its path")
}

/// What this program prints when it is called with `arguments`, pinned to one core or not.
pub fn printed(arguments: &[&str], is_pinned: bool) -> String {
    let mut command = if is_pinned {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program());
        command
    } else {
        Command::new(program())
    };
    let output = command.args(arguments).output().expect("the program runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("it prints text")
}

/// Measures one piece of work in a process of its own, so that no contender's threads are there for
/// the next one.
fn measure(work: &str, is_pinned: bool) -> Row {
    let contenders = printed(&["time", work], is_pinned);
    let contenders = contenders.lines().map(|line| {
        let (who, rounds) = line.split_once('\t').expect("numbers follow the name");
        let rounds = rounds.split('\t').map(|round| round.parse());
        let rounds: Result<_, _> = rounds.collect();
        (who.to_owned(), rounds.expect("they are numbers"))
    });
    Row {
        work: format!("{work}{}", if is_pinned { ", one core" } else { "" }),
        is_by_clock: BETWEEN_THREADS.contains(&work),
        is_pinned,
        contenders: contenders.collect(),
    }
}

/// The median, and in parentheses the shortest and the longest round.
fn shown(rounds: &[f64]) -> String {
    let (divisor, digits, unit) = match median(rounds) {
        short if short < 100.0 => (1.0, 1, "ns"),
        middling if middling < 10_000.0 => (1.0, 0, "ns"),
        _long => (1000.0, 1, "µs"),
    };
    let [middle, least, most] =
        [0.5, 0.0, 1.0].map(|part| format!("{:.digits$}", clock::quantile(rounds, part) / divisor));
    format!("{middle} {unit} ({least}–{most})")
}

fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| work | smartasync | best peer | ratio | limit | others |\n| --- | ---: | --- | ---: | ---: | --- |\n",
    );
    for row in rows {
        let named = |(name, rounds): &&Contender| format!("{name}: {}", shown(rounds));
        let peers: Vec<_> = row.peers().iter().map(named).collect();
        let (best, others) = match peers.split_first() {
            Some((best, others)) => (best.as_str(), others.join("; ")),
            None => ("", String::new()),
        };
        let ratio = row
            .ratios()
            .map(|(_, ratios)| format!("{:.2}", median(&ratios)));
        writeln!(
            text,
            "| {}{} | {} | {best} | {} | {} | {others} |",
            row.work,
            if row.is_by_clock && !row.is_pinned {
                " \\*"
            } else {
                ""
            },
            shown(&row.of(OURS).expect("we are in each row").1),
            ratio.unwrap_or_default(),
            row.of(LIMIT)
                .map(|limit| shown(&limit.1))
                .unwrap_or_default(),
        )
        .expect("a string takes it all");
    }
    text
}

/// A bar a row: our time as a part of the best peer's. Left of the line is ahead. Rows whose times
/// another run would not show are left out.
fn chart(rows: &[Row]) -> String {
    const LEFT: f64 = 330.0;
    const FULL: f64 = 360.0;
    const STEP: f64 = 24.0;
    let rows: Vec<(&str, (&str, Vec<f64>))> = rows
        .iter()
        .filter(|row| !row.is_by_clock)
        .filter_map(|row| Some((row.work.as_str(), row.ratios()?)))
        .collect();
    let height = STEP * rows.len() as f64 + 60.0;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1240\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" fill=\"#333333\">time of smartasync as a part of the best peer's; left of the line is faster; the thin line spans half of all rounds</text>\n"
    );
    let x = |ratio: f64| LEFT + (ratio * FULL).min(FULL * 1.5);
    for (at, (work, (peer, ratios))) in rows.iter().enumerate() {
        let y = 36.0 + STEP * at as f64;
        let [low, middle, high] = [0.25, 0.5, 0.75].map(|part| clock::quantile(ratios, part));
        let color = if middle <= 1.0 { "#2f7d5b" } else { "#b5533c" };
        writeln!(
            text,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#333333\">{work}</text>\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"16\" fill=\"{color}\"/>\
             <line x1=\"{:.1}\" y1=\"{}\" x2=\"{:.1}\" y2=\"{}\" stroke=\"#333333\"/>\
             <text x=\"{:.1}\" y=\"{}\" fill=\"#333333\">{low:.2} to {high:.2} of {peer}</text>",
            LEFT - 8.0,
            y + 13.0,
            x(middle) - LEFT,
            x(low),
            y + 8.0,
            x(high),
            y + 8.0,
            x(middle).max(x(high)) + 6.0,
            y + 13.0,
        )
        .expect("a string takes it all");
    }
    let line = LEFT + FULL;
    writeln!(text, "<line x1=\"{line}\" y1=\"30\" x2=\"{line}\" y2=\"{}\" stroke=\"#333333\" stroke-dasharray=\"4 3\"/>\n</svg>", height - 24.0)
        .expect("a string takes it all");
    text
}

/// Measures every piece of work, in the order of the list.
fn measure_all(all: &[Case]) -> Vec<Row> {
    let mut works: Vec<&str> = all.iter().map(|case| case.work).collect();
    works.dedup();
    let mut rows = Vec::new();
    for work in works {
        eprintln!("{work} …");
        rows.push(measure(work, false));
        if BETWEEN_THREADS.contains(&work) {
            rows.push(measure(work, true));
        }
    }
    rows
}

/// How many threads of the machine ran or waited for a core, over the last minute.
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("unknown").to_owned()
}

/// The folder of the results.
pub fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

/// The table of all works, and what it means, under this title.
fn page(title: &str, rows: &[Row], load_before: &str) -> String {
    format!(
        "# {title}\n\n\
         Nanoseconds or microseconds for one call, task or follower, on {} cores: the median of interleaved rounds, and in parentheses the shortest and the longest round. \
         `ratio` is our time as a part of the best peer's: the median over the rounds. `limit` is the bare work.\n\n\
         A row with an asterisk passes something from thread to thread, so it depends on whether the other core sleeps at that moment. Another run can show several times as much or as little. \
         The row below it is the same work on one core. These rows are in time by the clock. If the load average is above the number of cores, they mostly show the other work of the machine. \
         All other rows are in processor time, which other processes change less.\n\n\
         The load average of the machine was {load_before} before the run and {} after it. The run itself adds one to two.\n\n{}",
        std::thread::available_parallelism().map_or(1, usize::from),
        load(),
        markdown(rows)
    )
}

/// Measures everything and writes it to `results/`.
pub fn write(all: &[Case]) {
    let load_before = load();
    let rows = measure_all(all);
    let flights = 20;
    let runs = lock::runs_of_slow_work(flights);
    let text = format!(
        "{}\nWork of 20 ms that 8 threads call at once, {flights} times: {runs} runs.\n\n## Futex calls\n\n{}",
        page("Results", &rows, &load_before),
        futex::table(all),
    );
    fs::write(folder().join("table.md"), &text).expect("the table can be written");
    fs::write(folder().join("chart.svg"), chart(&rows)).expect("the chart can be written");
    print!("{text}");
    growth::write();
}

/// Ends a process when it is dropped.
struct Busy(Child);

impl Drop for Busy {
    fn drop(&mut self) {
        let ended = self.0.kill().and_then(|()| self.0.wait());
        ended.expect("the process ends");
    }
}

/// Measures every piece of work while a busy process runs for each core, and writes it to
/// `results/loaded.md`.
pub fn write_loaded(all: &[Case]) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let start = |_| {
        Busy(
            Command::new(program())
                .arg("spin")
                .spawn()
                .expect("it runs"),
        )
    };
    let load_before = load();
    let busy: Vec<_> = (0..cores).map(start).collect();
    let rows = measure_all(all);
    drop(busy);
    let title = "Results on a loaded machine";
    let text = page(title, &rows, &load_before);
    let text = format!("{text}\nDuring the run, one busy process ran for each core.\n");
    fs::write(folder().join("loaded.md"), &text).expect("the table can be written");
    print!("{text}");
}
