//! Random operations, on many threads.

use super::choices::Choices;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// This is a small generator of numbers that look random (xorshift).
pub(crate) struct Random(u64);

impl Random {
    /// Makes a generator whose numbers depend on `seed` alone.
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

/// This is a limited number of random choices.
pub(crate) struct Limited {
    random: Random,
    left: usize,
}

impl Limited {
    /// Makes so many choices.
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

/// This many threads work in [`on_threads`].
pub(crate) const THREADS: u64 = 6;

/// Runs `worker` on many threads, and fails if they do not end.
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
            .expect("a thread hangs, or has panicked");
    }
}
