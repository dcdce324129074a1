//! What a smart function costs to compile, beside the pair of functions that a user would write by
//! hand instead.
//!
//! ```text
//! cargo run --release --manifest-path benches/compile/Cargo.toml -- [functions] [rounds] [name=path …]
//! ```
//!
//! Writes one crate for each way to have the same functions, then checks them in turns: in each
//! round every crate once, so that whatever else the machine does meets all alike. `bisync=path`
//! takes a crate from a directory where the registry has none of that name. `smoke` in the place of
//! the numbers shows that all of this still runs: a few functions, once, with the stable toolchain.

mod crates;

use crates::{GROUPS, Variant};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::time::Instant;
use std::{env, fs};

fn main() {
    let (named, plain): (Vec<String>, Vec<String>) = env::args()
        .skip(1)
        .partition(|argument| argument.contains('='));
    let number = |at: usize, default: usize| {
        plain
            .get(at)
            .map_or(default, |text| text.parse().expect("a number"))
    };
    let smoke = plain.first().is_some_and(|word| word == "smoke");
    let (functions, rounds) = if smoke {
        (20, 1)
    } else {
        (number(0, 1000), number(1, 9).max(1))
    };
    let paths = named
        .iter()
        .filter_map(|argument| argument.split_once('='))
        .collect();
    let bench = Bench {
        functions,
        paths,
        work: Path::new(env!("CARGO_MANIFEST_DIR")).join("target/work"),
    };

    println!(
        "{functions} functions, {rounds} rounds, the variants in turns; in seconds: median (minimum)\n"
    );
    if !Path::new("/proc/self/stat").exists() {
        println!(
            "This system does not tell the time of the processor: the wall clock stands for it.\n"
        );
    }
    bench.compare(rounds, !smoke);
    if !smoke {
        bench.build(rounds.min(5));
    }
}

struct Bench<'a> {
    functions: usize,
    /// Crates that come from a directory instead of the registry.
    paths: HashMap<&'a str, &'a str>,
    work: PathBuf,
}

impl Bench<'_> {
    /// Checks every crate in every round, and prints a table for each group.
    fn compare(&self, rounds: usize, with_nightly: bool) {
        let empty = crates::empty();
        let variants: Vec<&Variant> = GROUPS
            .iter()
            .flat_map(|group| group.variants)
            .chain([&empty])
            .collect();
        let (usable, missing): (Vec<&Variant>, Vec<&Variant>) =
            variants.into_iter().partition(|variant| {
                // A function each, so that what they depend on is there before the rounds.
                self.write(variant, 1);
                self.check(variant, "stable", "", true).is_some()
            });
        for variant in &missing {
            println!(
                "left out, because the registry has no crate for it: {}",
                variant.name
            );
        }
        let nightly = with_nightly
            && usable.iter().all(|variant| {
                self.check(variant, "nightly", "-Ztime-passes", true)
                    .is_some()
            });
        for variant in &usable {
            self.write(variant, self.functions);
        }
        let mut wall: HashMap<&str, Vec<f64>> = HashMap::new();
        let mut processor: HashMap<&str, Vec<f64>> = HashMap::new();
        let mut expansion: HashMap<&str, Vec<f64>> = HashMap::new();
        for round in 0..rounds {
            for variant in &usable {
                let cost = self
                    .check(variant, "stable", "", false)
                    .unwrap_or_else(|| fail(variant.name));
                wall.entry(variant.name).or_default().push(cost.wall);
                processor
                    .entry(variant.name)
                    .or_default()
                    .push(cost.processor);
                // One reading is enough of this: it is a time of the compiler's own.
                if nightly && round == 0 {
                    let cost = self
                        .check(variant, "nightly", "-Ztime-passes", false)
                        .unwrap_or_else(|| fail(variant.name));
                    expansion
                        .entry(variant.name)
                        .or_default()
                        .push(pass(&cost.log, "macro_expand_crate"));
                }
            }
        }
        let floor = (minimum(&wall[empty.name]), minimum(&processor[empty.name]));
        println!(
            "A crate without functions takes {:.2}, and {:.2} of the processor. The ratios are of the minima, less that.\n",
            floor.0, floor.1
        );
        for group in GROUPS {
            let base = group.variants[0].name;
            let base = (
                minimum(&wall[base]) - floor.0,
                minimum(&processor[base]) - floor.1,
            );
            println!(
                "| {} | `cargo check` | ratio | of the processor | ratio | macro expansion |\n| --- | --- | --- | --- | --- | --- |",
                group.title
            );
            for variant in group
                .variants
                .iter()
                .filter(|variant| wall.contains_key(variant.name))
            {
                let (wall, processor) = (&wall[variant.name], &processor[variant.name]);
                let expanded = expansion
                    .get(variant.name)
                    .map_or("not measured".to_owned(), |times| {
                        format!("{:.2}", median(times))
                    });
                println!(
                    "| {} | {} | {:.2} | {} | {:.2} | {expanded} |",
                    variant.title,
                    show(wall),
                    (minimum(wall) - floor.0) / base.0,
                    show(processor),
                    (minimum(processor) - floor.1) / base.1
                );
            }
            println!();
        }
    }

    /// Checks every crate of the last group from nothing, what it depends on included.
    fn build(&self, rounds: usize) {
        let variants: Vec<&Variant> = GROUPS[GROUPS.len() - 1].variants.iter().collect();
        let mut wall: HashMap<&str, Vec<f64>> = HashMap::new();
        let mut processor: HashMap<&str, Vec<f64>> = HashMap::new();
        for _ in 0..rounds {
            for variant in &variants {
                let target = self.work.join("fresh");
                let _ = fs::remove_dir_all(&target);
                if let Some(cost) = self.check_in(variant, "stable", "", true, &target) {
                    wall.entry(variant.name).or_default().push(cost.wall);
                    processor
                        .entry(variant.name)
                        .or_default()
                        .push(cost.processor);
                }
            }
        }
        println!(
            "| from nothing, with what it depends on | `cargo check` | of the processor |\n| --- | --- | --- |"
        );
        for variant in variants
            .iter()
            .filter(|variant| wall.contains_key(variant.name))
        {
            println!(
                "| {} | {} | {} |",
                variant.title,
                show(&wall[variant.name]),
                show(&processor[variant.name])
            );
        }
    }

    fn write(&self, variant: &Variant, functions: usize) {
        let source = self.work.join(variant.name).join("src");
        fs::create_dir_all(&source).expect("the work directory can be written");
        let dependencies: String = variant
            .dependencies
            .iter()
            .map(|dependency| self.dependency(dependency))
            .collect();
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n[workspace]\n",
            variant.name
        );
        fs::write(self.work.join(variant.name).join("Cargo.toml"), manifest)
            .expect("the manifest can be written");
        for (name, text) in (variant.files)(functions) {
            fs::write(source.join(name), text).expect("the source can be written");
        }
    }

    fn dependency(&self, line: &str) -> String {
        let (name, rest) = line.split_once(" = ").expect("a dependency is `name = …`");
        match self.paths.get(name) {
            Some(path) => format!("{name} = {{ path = {path:?} }}\n"),
            None => format!("{name} = {rest}\n")
                .replace("ROOT", concat!(env!("CARGO_MANIFEST_DIR"), "/../..")),
        }
    }

    fn check(&self, variant: &Variant, toolchain: &str, flags: &str, first: bool) -> Option<Cost> {
        self.check_in(variant, toolchain, flags, first, &self.work.join(toolchain))
    }

    /// Runs `cargo check` on a crate that has just changed, and gives its cost.
    fn check_in(
        &self,
        variant: &Variant,
        toolchain: &str,
        flags: &str,
        first: bool,
        target: &Path,
    ) -> Option<Cost> {
        let root = self.work.join(variant.name);
        let library = root.join("src/lib.rs");
        let text = fs::read(&library).expect("the source is there");
        fs::write(&library, text).expect("the source can be written");
        let mut command = Command::new("cargo");
        command
            .arg(format!("+{toolchain}"))
            .arg("check")
            .current_dir(&root)
            .env("CARGO_TARGET_DIR", target)
            .env("RUSTFLAGS", flags);
        // Each run compiles the crate from the start: what is compared is the whole of it.
        command.env("CARGO_INCREMENTAL", "0");
        if !first {
            command.arg("--offline");
        }
        let (start, before) = (Instant::now(), processor_time());
        let output = command.output().expect("cargo runs");
        let wall = start.elapsed().as_secs_f64();
        let processor = processor_time().map_or(wall, |after| after - before.unwrap_or(0.0));
        let log = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            return Some(Cost {
                wall,
                processor,
                log,
            });
        }
        // A toolchain or a crate that is not to be had is left out; code that does not compile is a
        // mistake of this program.
        if log.contains("error[") || log.contains("could not compile") {
            eprintln!("{log}");
            fail(variant.name);
        }
        None
    }
}

/// What a check cost, in seconds, and what it wrote.
struct Cost {
    wall: f64,
    processor: f64,
    log: String,
}

/// The seconds that the processor worked for the processes that this one started and waited for, in
/// steps of 10 ms.
fn processor_time() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    Some((fields.get(13)?.parse::<f64>().ok()? + fields.get(14)?.parse::<f64>().ok()?) / 100.0)
}

fn fail(name: &str) -> ! {
    eprintln!("the crate `{name}` could not be checked");
    exit(1)
}

/// The seconds of a pass in what `-Ztime-passes` printed; the last crate that was compiled is the
/// one that counts.
fn pass(log: &str, name: &str) -> f64 {
    let line = log
        .lines()
        .rev()
        .find(|line| line.split_whitespace().last() == Some(name))
        .unwrap_or_else(|| fail("no such pass"));
    line.split_whitespace()
        .nth(1)
        .and_then(|seconds| seconds.trim_end_matches(';').parse().ok())
        .unwrap_or_else(|| fail("no time of the pass"))
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn minimum(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn show(times: &[f64]) -> String {
    format!("{:.2} ({:.2})", median(times), minimum(times))
}
