//! Where one thread sleeps until another wakes it.

use super::Monitor;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicU16, Ordering};
use core::time::Duration;
use std::time::Instant;

/// How long [`Sleep::linger`] looks. A core that sleeps takes half as long to wake, so one side
/// that lingers meets the other once that one has woken, and when both do, neither sleeps any more.
const LINGER: Duration = Duration::from_micros(10);

/// How many sleeps an owner that lingered in vain goes to at once, before it tries again.
const SLEEPS: u16 = 1000;
/// How often in a row a lucky owner may linger in vain.
const MISSES: u16 = 4;

pub(crate) struct Sleep {
    /// Up to [`SLEEPS`], how many sleeps came since the owner last lingered; beyond it, how many
    /// misses are left, and one.
    luck: AtomicU16,
    monitor: Monitor,
}

impl Sleep {
    pub(crate) fn new() -> Self {
        Self {
            luck: AtomicU16::new(SLEEPS + MISSES - 1),
            monitor: Monitor::new(),
        }
    }

    /// Looks for a moment whether `may_sleep` says no, before a sleep. Says whether it did. For the
    /// owner only.
    ///
    /// Where the answer comes from another core within a few microseconds, that is ten times as
    /// fast as to sleep and be woken (`benches`: two threads that hand a turn back and forth, a
    /// pool with short jobs). Where it does not, as on a single core, the time is lost; so an owner
    /// that was unlucky lingers after so many [`SLEEPS`] only. (Web assembly need not have a clock.
    /// To a model a look more or less makes no difference.)
    pub(crate) fn linger(&self, may_sleep: impl Fn() -> bool) -> bool {
        if cfg!(any(target_family = "wasm", smartasync_model)) {
            return false;
        }
        // ORDERING: Relaxed; only the owner uses it.
        let luck = self.luck.load(Ordering::Relaxed);
        if luck < SLEEPS {
            self.luck.store(luck + 1, Ordering::Relaxed);
            return false;
        }
        let end = Instant::now() + LINGER;
        let (mut ended, mut in_time) = (false, true);
        while !ended && in_time {
            ended = (0..16).any(|_| {
                spin_loop();
                !may_sleep()
            });
            in_time = Instant::now() < end;
        }
        // Where the end comes late, another thread had this core meanwhile.
        let left = if luck > SLEEPS { luck - 1 } else { 0 };
        self.luck.store(
            if ended && in_time {
                SLEEPS + MISSES - 1
            } else {
                left
            },
            Ordering::Relaxed,
        );
        ended
    }

    /// Sleeps as long as `may_sleep` says, for what `how_long` says at a time; with `None` until it
    /// is woken. Returns when `may_sleep` says no, or when the time was up. A
    /// [`wake`](Sleep::wake) after the last look ends the sleep.
    pub(crate) fn sleep(
        &self,
        may_sleep: impl Fn() -> bool,
        how_long: impl Fn() -> Option<Duration>,
    ) {
        let mut held = self.monitor.lock();
        let mut timed_out = false;
        while !timed_out && may_sleep() {
            match how_long() {
                None => held = self.monitor.wait(held),
                Some(time) => (held, timed_out) = self.monitor.wait_for(held, time),
            }
        }
    }

    /// Ends the sleep, if the owner sleeps. What `may_sleep` looks at was changed before: so either
    /// the owner's last look, with the mutex held, comes after that, or the owner holds the
    /// mutex until it sleeps, and is found sleeping here.
    pub(crate) fn wake(&self) {
        drop(self.monitor.lock());
        self.monitor.notify_one();
    }
}

#[cfg(all(test, not(smartasync_model)))]
mod tests {
    use super::*;
    use core::cell::Cell;
    use std::thread;

    /// Lingers until the look with this number, and says how many looks there were.
    fn looks(sleep: &Sleep, end: Option<usize>) -> usize {
        let looks = Cell::new(0);
        let ended = sleep.linger(|| {
            looks.set(looks.get() + 1);
            Some(looks.get()) != end
        });
        assert_eq!(ended, end == Some(looks.get()) && looks.get() > 0);
        looks.get()
    }

    /// How many times in a row the owner lingers in vain, of so many.
    fn misses(sleep: &Sleep, times: u16) -> usize {
        (0..times).filter(|_| looks(sleep, None) > 0).count()
    }

    #[test]
    fn an_owner_that_lingers_in_vain_soon_does_so_at_one_sleep_in_many() {
        let sleep = Sleep::new();
        assert_eq!(misses(&sleep, MISSES), MISSES.into());
        assert_eq!(misses(&sleep, 3 * (SLEEPS + 1)), 3);
    }

    #[test]
    fn a_hit_makes_the_owner_linger_again() {
        let sleep = Sleep::new();
        assert_eq!(misses(&sleep, MISSES + SLEEPS), MISSES.into());
        // A thread that is preempted here is unlucky; another try comes after as many sleeps.
        while looks(&sleep, Some(1)) == 0 || sleep.luck.load(Ordering::Relaxed) < SLEEPS {}
        assert_eq!(misses(&sleep, 100), MISSES.into());
    }

    #[test]
    fn an_end_that_comes_late_is_none() {
        let sleep = Sleep::new();
        for _ in 0..MISSES {
            let ended = sleep.linger(|| {
                // Another thread has the core.
                thread::sleep(2 * LINGER);
                false
            });
            assert!(ended, "it has ended");
        }
        assert_eq!(looks(&sleep, Some(1)), 0, "but the owner was not lucky");
    }
}
