//! Random numbers, and many threads that use them.

use super::choices::Choices;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// A small generator of pseudo-random numbers (xorshift).
pub(crate) struct Random(u64);

impl Random {
    /// Makes a generator whose numbers depend only on `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Gives a number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % bound
    }
}

/// A source of a limited number of random choices.
pub(crate) struct Limited {
    random: Random,
    left: usize,
}

impl Limited {
    /// Makes a source of so many choices.
    pub(crate) fn new(random: Random, choices: usize) -> Self {
        Self {
            random,
            left: choices,
        }
    }
}

impl Choices for Limited {
    fn choose(&mut self, bound: usize) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        Some(self.random.below(bound))
    }
}

/// How many threads [`on_threads`] starts.
pub(crate) const THREADS: u64 = 6;

/// Runs `worker` on [`THREADS`] threads, and fails if one of them does not end.
pub(crate) fn on_threads(worker: impl Fn(Random) + Send + Sync + 'static) {
    let (ended, all_ended) = mpsc::channel();
    let worker = Arc::new(worker);
    for seed in 0..THREADS {
        let (worker, ended) = (worker.clone(), ended.clone());
        thread::spawn(move || {
            worker(Random::new(seed));
            ended.send(()).unwrap();
        });
    }
    drop(ended);
    for _ in 0..THREADS {
        all_ended
            .recv_timeout(Duration::from_secs(120))
            .expect("a thread hangs or has panicked");
    }
}
