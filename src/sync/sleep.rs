//! The place where a thread sleeps until another thread wakes it.

use super::Monitor;
use core::hint::spin_loop;
use core::sync::atomic::{AtomicU16, Ordering};
use core::time::Duration;
use std::time::Instant;

/// How long [`Sleep::spin`] spins. Waking a core that sleeps takes several times as long. If one
/// side of an exchange spins, it meets the answer of the other side; if both sides spin, neither
/// sleeps any more.
const SPIN: Duration = Duration::from_micros(10);

/// After too many misses, the owner sleeps this many times without spinning before it tries again.
const SLEEPS: u16 = 1000;
/// How many times in a row an owner may spin in vain.
const MISSES: u16 = 4;

/// One thread sleeps on it, its owner. Other threads wake the owner.
pub(crate) struct Sleep {
    /// Below [`SLEEPS`]: the number of sleeps since the owner last spun. From [`SLEEPS`] on: the
    /// owner spins, and the rest is the number of misses it has left after this one.
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

    /// Spins for a few microseconds, until `may_sleep` returns `false`. Returns whether it did.
    /// Only the owner may call it, before it sleeps.
    ///
    /// If the wake-up comes from another core within that time, spinning is ten times as fast as
    /// sleeping (see the turns and the short jobs in `benches`). If it does not, as on a single
    /// core, the time is lost. So an owner that missed [`MISSES`] times in a row spins only once in
    /// [`SLEEPS`] sleeps. WebAssembly may have no clock, and a model needs no spinning: both sleep
    /// at once.
    pub(crate) fn spin(&self, may_sleep: impl Fn() -> bool) -> bool {
        if cfg!(any(target_family = "wasm", smartasync_model)) {
            return false;
        }
        // ORDERING: Relaxed; only the owner uses it.
        let luck = self.luck.load(Ordering::Relaxed);
        if luck < SLEEPS {
            self.luck.store(luck + 1, Ordering::Relaxed);
            return false;
        }
        let end = Instant::now() + SPIN;
        let (mut ended, mut in_time) = (false, true);
        while !ended && in_time {
            ended = (0..16).any(|_| {
                spin_loop();
                !may_sleep()
            });
            in_time = Instant::now() < end;
        }
        // If the end was seen late, another thread used this core meanwhile: that is a miss.
        let left = if luck > SLEEPS { luck - 1 } else { 0 };
        let hit = ended && in_time;
        self.luck.store(
            if hit { SLEEPS + MISSES - 1 } else { left },
            Ordering::Relaxed,
        );
        ended
    }

    /// Sleeps while `may_sleep` returns `true`, at most until `deadline`.
    ///
    /// No wake-up is lost. The caller of [`wake`](Sleep::wake) has changed what `may_sleep` looks
    /// at. Either the owner's last look, with the mutex held, comes after that change: then the
    /// owner does not sleep. Or it comes before: then `wake` gets the mutex only when the owner
    /// sleeps, and wakes it.
    pub(crate) fn sleep(&self, may_sleep: impl Fn() -> bool, deadline: Option<Instant>) {
        let mut held = self.monitor.lock();
        let mut timed_out = false;
        while !timed_out && may_sleep() {
            match deadline {
                None => held = self.monitor.wait(held),
                Some(deadline) => {
                    let time = deadline.saturating_duration_since(Instant::now());
                    (held, timed_out) = self.monitor.wait_for(held, time);
                }
            }
        }
    }

    /// Ends the owner's sleep, if it sleeps.
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

    /// Spins until the look with this number, and says how many looks there were.
    fn looks(sleep: &Sleep, end: Option<usize>) -> usize {
        let looks = Cell::new(0);
        let ended = sleep.spin(|| {
            looks.set(looks.get() + 1);
            Some(looks.get()) != end
        });
        assert_eq!(ended, end == Some(looks.get()) && looks.get() > 0);
        looks.get()
    }

    /// How many times in a row the owner spins in vain, of so many.
    fn misses(sleep: &Sleep, times: u16) -> usize {
        (0..times).filter(|_| looks(sleep, None) > 0).count()
    }

    #[test]
    fn an_owner_that_spins_in_vain_soon_does_so_at_one_sleep_in_many() {
        let sleep = Sleep::new();
        assert_eq!(misses(&sleep, MISSES), MISSES.into());
        assert_eq!(misses(&sleep, 3 * (SLEEPS + 1)), 3);
    }

    #[test]
    fn a_hit_makes_the_owner_spin_again() {
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
            let ended = sleep.spin(|| {
                // Another thread has the core.
                thread::sleep(2 * SPIN);
                false
            });
            assert!(ended, "it has ended");
        }
        assert_eq!(looks(&sleep, Some(1)), 0, "but the owner was not lucky");
    }
}
