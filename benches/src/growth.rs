//! How time and memory grow with the number of tasks, followers, outstanding jobs, keys, timers and
//! threads: the same for each, or less, is linear. Each point is measured in a process of its own,
//! so that the memory is that of a first burst.

use crate::allocations;
use crate::case::yields_once;
use crate::clock;
use crate::report::{folder, load, printed};
use futures::future::maybe_done;
use smartasync::{SmartLock, SmartLockMap, block_on, offload, sleep, spawn_local};
use std::fmt::Write as _;
use std::fs;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// What grows.
struct Curve {
    /// Names the file of the graph.
    name: &'static str,
    title: &'static str,
    /// The largest number.
    most: usize,
    /// Does the work once with so many, and returns the time and the bytes of heap that were held
    /// for them while all were there.
    run: fn(usize) -> (Duration, u64),
}

const CURVES: &[Curve] = &[
    Curve {
        name: "tasks",
        title: "a task that yields once",
        most: 1_000_000,
        run: tasks,
    },
    Curve {
        name: "followers",
        title: "a follower of a lock",
        most: 1_000_000,
        run: followers,
    },
    Curve {
        name: "offloads",
        title: "an outstanding offload",
        most: 1_000_000,
        run: offloads,
    },
    Curve {
        name: "keys",
        title: "a key in use in a map of locks",
        most: 1_000_000,
        run: keys,
    },
    Curve {
        name: "timers",
        title: "a timer that is started, and dropped before its time",
        most: 1_000_000,
        run: timers,
    },
    Curve {
        name: "threads",
        title: "a call of a thread, of so many on one lock",
        most: 10_000,
        run: threads,
    },
];

/// A point of a curve, for each of `n`.
struct Point {
    n: usize,
    nanoseconds: f64,
    bytes: f64,
}

/// The bytes that are held now, and were not `before`.
fn held_since(before: u64) -> u64 {
    allocations::live().saturating_sub(before)
}

fn tasks(n: usize) -> (Duration, u64) {
    let mut tasks = Vec::with_capacity(n);
    let (before, start) = (allocations::live(), Instant::now());
    let held = block_on(async {
        tasks.extend((0..n).map(|i| {
            spawn_local(async move {
                yields_once().await;
                i
            })
        }));
        // Each task has its first turn.
        yields_once().await;
        let held = held_since(before);
        for task in tasks {
            task.await;
        }
        held
    });
    (start.elapsed(), held)
}

/// Polls all futures twice: at the first time they are pending, at the second one ready.
fn poll_twice(futures: &mut [Pin<Box<impl Future>>]) -> (Duration, u64) {
    let mut cx = Context::from_waker(Waker::noop());
    let (before, start) = (allocations::live(), Instant::now());
    for future in &mut *futures {
        assert!(future.as_mut().poll(&mut cx).is_pending());
    }
    let held = held_since(before);
    for future in &mut *futures {
        assert!(future.as_mut().poll(&mut cx).is_ready());
    }
    (start.elapsed(), held)
}

fn followers(n: usize) -> (Duration, u64) {
    let lock = SmartLock::new();
    // The first one is the leader.
    let calls = (0..=n).map(|_| Box::pin(lock.run_once(yields_once)));
    poll_twice(&mut calls.collect::<Vec<_>>())
}

/// Each key has a leader that waits.
fn keys(n: usize) -> (Duration, u64) {
    let map = SmartLockMap::new();
    let calls = (0..n).map(|key| Box::pin(map.run_once(key, yields_once)));
    poll_twice(&mut calls.collect::<Vec<_>>())
}

/// Under a loop of the crate.
fn timers(n: usize) -> (Duration, u64) {
    let after = |i| Duration::from_secs(3600) + Duration::from_micros(i as u64);
    let mut timers: Vec<_> = (0..n).map(|i| Box::pin(sleep(after(i)))).collect();
    block_on(poll_fn(|cx| {
        let (before, start) = (allocations::live(), Instant::now());
        for timer in &mut timers {
            assert!(timer.as_mut().poll(cx).is_pending());
        }
        let held = held_since(before);
        timers.clear();
        Poll::Ready((start.elapsed(), held))
    }))
}

fn offloads(n: usize) -> (Duration, u64) {
    let mut jobs = Vec::with_capacity(n);
    let (before, start) = (allocations::live(), Instant::now());
    jobs.extend((0..n).map(|i| maybe_done(offload(move || i))));
    let mut cx = Context::from_waker(Waker::noop());
    for job in &mut jobs {
        let _started = Pin::new(job).poll(&mut cx);
    }
    let held = held_since(before);
    block_on(async {
        for job in jobs {
            job.await;
        }
    });
    (start.elapsed(), held)
}

/// Each thread makes a first call, by which it gets its loop. Then all call again and again.
fn threads(n: usize) -> (Duration, u64) {
    let calls = calls_of_a_thread(n);
    let lock = SmartLock::new();
    let barrier = Barrier::new(n + 1);
    let call = |i| assert!(lock.run_once(|| async move { i }).wait().is_ok());
    thread::scope(|scope| {
        for _ in 0..n {
            scope.spawn(|| {
                barrier.wait();
                barrier.wait();
                call(0);
                barrier.wait();
                barrier.wait();
                (0..calls).for_each(call);
                barrier.wait();
            });
        }
        barrier.wait();
        let before = allocations::live();
        barrier.wait();
        barrier.wait();
        let (held, start) = (held_since(before), Instant::now());
        barrier.wait();
        barrier.wait();
        (start.elapsed() / calls as u32, held)
    })
}

/// How many calls each of `n` threads makes.
fn calls_of_a_thread(n: usize) -> usize {
    (200_000 / n).clamp(200, 20_000)
}

/// Measures one point and prints it. The memory is that of the first round, the time the median.
pub fn print_point(name: &str, n: &str) {
    let n: usize = n.parse().expect("the second argument is a number");
    let curve = CURVES.iter().find(|curve| curve.name == name);
    let run = curve
        .expect("the first argument is the name of a curve")
        .run;
    let (first, held) = run(n);
    let rounds = if n < 10_000 { 9 } else { 3 };
    let mut times = vec![first.as_nanos() as f64];
    times.extend((1..rounds).map(|_| run(n).0.as_nanos() as f64));
    println!(
        "{} {}",
        clock::quantile(&times, 0.5) / n as f64,
        held as f64 / n as f64
    );
}

fn measure(curve: &Curve) -> Vec<Point> {
    let mut points = Vec::new();
    let mut n = 1;
    while n <= curve.most {
        let printed = printed(&["point", curve.name, &n.to_string()], false);
        let mut numbers = printed.split_whitespace().map(str::parse);
        let mut number = || numbers.next()?.ok();
        points.push(Point {
            n,
            nanoseconds: number().expect("a point has a time"),
            bytes: number().expect("a point has a size"),
        });
        n *= 10;
    }
    points
}

fn table(curves: &[(&Curve, Vec<Point>)]) -> String {
    let mut text = String::from("| how many |");
    for (curve, _) in curves {
        write!(text, " {}, ns | bytes |", curve.name).expect("a string takes it all");
    }
    writeln!(text, "\n| ---: |{}", " ---: | ---: |".repeat(curves.len()))
        .expect("a string takes it all");
    for at in 0..curves[0].1.len() {
        write!(text, "| {} |", curves[0].1[at].n).expect("a string takes it all");
        for (_, points) in curves {
            match points.get(at) {
                Some(point) => write!(text, " {:.0} | {:.0} |", point.nanoseconds, point.bytes),
                None => write!(text, " | |"),
            }
            .expect("a string takes it all");
        }
        text.push('\n');
    }
    text
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
/// Room for the numbers at the axes.
const MARGIN: f64 = 60.0;

/// A line through all points, with their values, and its name at the end. Where it is below the
/// other line, its text is too.
fn line(places: &[(f64, f64)], values: &[f64], others: &[f64], name: &str, color: &str) -> String {
    let mut text = String::from("<polyline points=\"");
    for (x, y) in places {
        write!(text, "{x:.1},{y:.1} ").expect("a string takes it all");
    }
    writeln!(
        text,
        "\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>"
    )
    .expect("a string takes it all");
    let mut is_below = false;
    for (((x, y), value), other) in places.iter().zip(values).zip(others) {
        is_below = value < other;
        let at = y + if is_below { 18.0 } else { -8.0 };
        writeln!(
            text,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{color}\"/>\
             <text x=\"{x:.1}\" y=\"{at:.1}\" text-anchor=\"middle\" fill=\"{color}\">{value:.0}</text>"
        )
        .expect("a string takes it all");
    }
    let (x, y) = places.last().expect("a curve has points");
    writeln!(
        text,
        "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{color}\">{name}</text>",
        x + 32.0,
        y + if is_below { 12.0 } else { -4.0 }
    )
    .expect("a string takes it all");
    text
}

/// Time and memory over the number, each axis logarithmic. A level line is linear growth.
fn graph(curve: &Curve, points: &[Point]) -> String {
    let values = points
        .iter()
        .flat_map(|point| [point.nanoseconds, point.bytes]);
    let values: Vec<f64> = values.map(|value| value.max(1.0).log10()).collect();
    let low = values.iter().copied().fold(f64::MAX, f64::min).floor();
    let high = values.iter().copied().fold(low + 1.0, f64::max).ceil();
    let decades = (curve.most as f64).log10();
    let x = |n: f64| MARGIN + n.log10() / decades * (WIDTH - 2.5 * MARGIN);
    let y = |value: f64| {
        let part = (value.max(1.0).log10() - low) / (high - low);
        HEIGHT - MARGIN - part * (HEIGHT - 2.0 * MARGIN)
    };
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\" font-size=\"14\" fill=\"#333333\">{}</text>\n",
        curve.title
    );
    for decade in low as i32..=high as i32 {
        let (value, right) = (10_f64.powi(decade), x(curve.most as f64));
        writeln!(
            text,
            "<line x1=\"{MARGIN}\" y1=\"{0:.1}\" x2=\"{right:.1}\" y2=\"{0:.1}\" stroke=\"#dddddd\"/>\
             <text x=\"{1}\" y=\"{2:.1}\" text-anchor=\"end\" fill=\"#333333\">{value}</text>",
            y(value),
            MARGIN - 8.0,
            y(value) + 4.0
        )
        .expect("a string takes it all");
    }
    for point in points {
        writeln!(
            text,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#333333\">{}</text>",
            x(point.n as f64),
            HEIGHT - MARGIN + 34.0,
            point.n
        )
        .expect("a string takes it all");
    }
    let (times, sizes): (Vec<f64>, Vec<f64>) = points
        .iter()
        .map(|point| (point.nanoseconds, point.bytes))
        .unzip();
    let places = |values: &[f64]| -> Vec<(f64, f64)> {
        let place = |(point, value): (&Point, &f64)| (x(point.n as f64), y(*value));
        points.iter().zip(values).map(place).collect()
    };
    text += &line(&places(&times), &times, &sizes, "ns", "#2f7d5b");
    text += &line(&places(&sizes), &sizes, &times, "bytes", "#b5533c");
    text + "</svg>\n"
}

/// Measures all curves, and writes a table and a graph for each to `results/`.
pub fn write() {
    let load_before = load();
    let mut curves = Vec::new();
    for curve in CURVES {
        eprintln!("growth of {} …", curve.name);
        let points = measure(curve);
        let file = folder().join(format!("growth_{}.svg", curve.name));
        fs::write(file, graph(curve, &points)).expect("the graph can be written");
        curves.push((curve, points));
    }
    let mut text = String::from(
        "# How cost grows\n\nThe time for each of so many, and the bytes of heap that are held for each while all are there. \
         A level line is linear growth. For threads, the time is that of a call, and the bytes are those of the thread's loop.\n\n",
    );
    writeln!(
        text,
        "The load average of the machine was {load_before} before the run and {} after it. The run itself adds one to two.\n",
        load()
    )
    .expect("a string takes it all");
    text += &table(&curves);
    for (curve, _) in &curves {
        writeln!(text, "\n![{}](growth_{}.svg)", curve.title, curve.name)
            .expect("a string takes it all");
    }
    fs::write(folder().join("growth.md"), &text).expect("the table can be written");
    print!("{text}");
}
