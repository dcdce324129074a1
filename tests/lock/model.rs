//! Random operations on a lock and a map, on one thread. Each is compared with the oracle, a model
//! of the contract.

use crate::oracle::run;
use crate::support::random::{Limited, Random};

#[test]
fn random_operations_do_what_the_model_says() {
    for seed in 0..300 {
        let operations = run(&mut Limited::new(Random::new(seed), 900));
        assert_eq!(operations, 300, "with the seed {seed}");
    }
}
