//! `SmartLock::run_once`: random operations on one thread, each compared with the oracle, a model of the contract.

mod support;

use support::oracle::{Choices, run};
use support::random::Random;

/// A limited number of random choices.
struct Limited {
    random: Random,
    left: usize,
}

impl Choices for Limited {
    fn choose(&mut self, bound: usize) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        Some(self.random.below(bound))
    }
}

#[test]
fn random_operations_do_what_the_contract_says() {
    for seed in 0..300 {
        let operations = run(&mut Limited { random: Random::new(seed), left: 900 });
        assert_eq!(operations, 300, "with the seed {seed}");
    }
}
