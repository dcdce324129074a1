//! The clock: all contenders of a piece of work in one run, round after round, so that what the
//! machine does meanwhile hits them alike.

use crate::case::Case;
use std::time::{Duration, Instant};

/// How long one contender is measured in one round.
const SLICE: Duration = Duration::from_millis(8);
const ROUNDS: usize = 21;

/// Nanoseconds for each time, the median over all rounds.
pub struct Timed {
    pub case: Case,
    pub nanoseconds: f64,
}

fn time(case: &Case, n: u64) -> Duration {
    let start = Instant::now();
    (case.run)(n);
    start.elapsed()
}

/// How often it goes into a slice.
fn calibrate(case: &Case) -> u64 {
    let mut n = case.batch;
    loop {
        let took = time(case, n);
        if took >= SLICE / 2 {
            let fits = (n as f64 * SLICE.as_secs_f64() / took.as_secs_f64()) as u64;
            return (fits / case.batch).max(1) * case.batch;
        }
        n *= 2;
    }
}

/// Measures the contenders of one piece of work.
pub fn measure(cases: &[Case]) -> Vec<Timed> {
    let times: Vec<u64> = cases.iter().map(calibrate).collect();
    let mut measured: Vec<Vec<f64>> = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        for (at, case) in cases.iter().enumerate() {
            measured[at].push(time(case, times[at]).as_nanos() as f64 / times[at] as f64);
        }
    }
    let median = |mut rounds: Vec<f64>| {
        rounds.sort_by(f64::total_cmp);
        rounds[rounds.len() / 2]
    };
    cases
        .iter()
        .zip(measured)
        .map(|(&case, rounds)| Timed {
            case,
            nanoseconds: median(rounds),
        })
        .collect()
}
