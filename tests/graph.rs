//! Random graphs of smart calls, sync and async, with offloads, tasks, wake-ups from other threads and panics: each has its value, and ends.

mod support;

use smartasync::{block_on, offload, set_offload_limit, smart};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use support::gate::Gate;
use support::graph::{Node, check};
use support::random::{Limited, Random};
use support::start;
use support::watchdog::within;

/// Protects the pool's limit, and the count of what runs, from the other test.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn random_graphs_have_their_values_and_nothing_of_them_stays() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
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

/// How many threads there may be beyond the limit, unless all are blocked for a while.
const STAND_INS: usize = 256;

/// Each level waits for a job of the pool, and runs twice because the first run panics. Beside those that wait for something else, the pool has
/// fewer threads left than there are levels.
#[test]
fn coalesced_calls_that_panic_and_use_up_the_pool_end() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for limit in [1, 2, 8] {
        set_offload_limit(NonZeroUsize::new(limit).unwrap());
        let gates: Vec<Gate> = (0..limit + STAND_INS - 4).map(|_| Gate::default()).collect();
        let mut waiting: Vec<_> = gates.iter().cloned().map(|gate| offload(move || smart(gate).wait())).collect();
        waiting.iter_mut().for_each(start);
        gates.iter().for_each(|gate| drop(gate.until_awaited()));
        within(60, || {
            let innermost = [Node::Offload, Node::Sync].into_iter().fold(Arc::new(Node::Panic), |node, outer| Arc::new(outer(node)));
            let node = Node::Yield(1, innermost);
            check(&(0..8).fold(Arc::new(node), |node, _| Arc::new(Node::Coalesce(node))));
        });
        gates.iter().for_each(Gate::open);
        waiting.into_iter().for_each(|job| block_on(job));
    }
}
