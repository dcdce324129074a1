//! The clock: all contenders of a piece of work in one run, round after round, so that what the
//! machine does meanwhile hits them alike.

use crate::case::Case;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// How long one contender is measured in one round.
const SLICE: Duration = Duration::from_millis(8);
const ROUNDS: usize = 21;
/// The same, if the batches of a contender are longer than a slice.
const LONG_ROUNDS: usize = 9;

/// Nanoseconds for each time, a number for each round.
pub struct Timed {
    pub case: Case,
    pub rounds: Vec<f64>,
}

/// What is read before and after.
#[derive(Clone, Copy)]
pub enum Clock {
    /// The time that this process has worked. Other processes hardly change it.
    Processor,
    /// The time that has passed. Threads that pass something to each other need it.
    Wall,
}

impl Clock {
    fn now(self) -> Duration {
        let time = clock_gettime(match self {
            Self::Processor => ClockId::ProcessCPUTime,
            Self::Wall => ClockId::Monotonic,
        });
        let time = Duration::try_from(time);
        time.expect("the clock is after its start")
    }

    fn time(self, case: &Case, n: u64) -> Duration {
        let start = self.now();
        (case.run)(n);
        self.now() - start
    }
}

/// How often it goes into a slice, and whether that takes longer than the slice.
fn calibrate(case: &Case, clock: Clock) -> (u64, bool) {
    let mut n = case.batch;
    loop {
        let took = clock.time(case, n);
        if took >= SLICE / 2 {
            let fits = (n as f64 * SLICE.as_secs_f64() / took.as_secs_f64()) as u64;
            let is_long = n == case.batch && took > 2 * SLICE;
            return ((fits / case.batch).max(1) * case.batch, is_long);
        }
        n *= 2;
    }
}

/// Measures the contenders of one piece of work.
pub fn measure(cases: &[Case], clock: Clock) -> Vec<Timed> {
    let times: Vec<(u64, bool)> = cases.iter().map(|case| calibrate(case, clock)).collect();
    let rounds = if times.iter().any(|&(_, is_long)| is_long) {
        LONG_ROUNDS
    } else {
        ROUNDS
    };
    let mut timed: Vec<Timed> = cases
        .iter()
        .map(|&case| Timed {
            case,
            rounds: Vec::new(),
        })
        .collect();
    for _ in 0..rounds {
        for (timed, &(times, _)) in timed.iter_mut().zip(&times) {
            let took = clock.time(&timed.case, times);
            timed.rounds.push(took.as_nanos() as f64 / times as f64);
        }
    }
    timed
}

/// The number that the given part of all rounds is below: 0.5 for the median.
pub fn quantile(rounds: &[f64], part: f64) -> f64 {
    let mut rounds = rounds.to_vec();
    rounds.sort_by(f64::total_cmp);
    rounds[((rounds.len() - 1) as f64 * part).round() as usize]
}
