//! Random graphs of smart calls, sync and async, with offloads, tasks, wake-ups from other threads and panics: each has its value, and ends.

mod support;

use smartasync::set_offload_limit;
use std::num::NonZeroUsize;
use support::graph::{Node, check};
use support::random::{Limited, Random};
use support::watchdog::within;

#[test]
fn random_graphs_have_their_values_and_nothing_of_them_stays() {
    for limit in [1, 2, 8] {
        set_offload_limit(NonZeroUsize::new(limit).unwrap());
        for seed in 0..150 {
            within(60, move || {
                let node = Node::choose(&mut Limited::new(Random::new(seed), 100));
                check(&node);
            });
        }
    }
}
