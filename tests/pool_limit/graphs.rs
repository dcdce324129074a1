//! Random graphs of smart calls, with offloads, tasks, wake-ups from other threads, and panics.
//! Each graph ends and has its value.

use crate::ALONE;
use crate::graph::{Node, check};
use crate::support::random::{Limited, Random};
use crate::support::watchdog::within;
use smartasync::set_offload_limit;
use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError};

#[test]
fn random_graphs_end_with_their_values() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for limit in [1, 2, 8] {
        set_offload_limit(NonZeroUsize::new(limit).unwrap());
        for seed in 0..150 {
            within(120, move || {
                let node = Node::choose(&mut Limited::new(Random::new(seed), 100));
                check(&node);
            });
        }
    }
}

/// Each level waits for a job of the pool. It runs twice, because the first run panics. Together
/// these are more jobs than the pool has threads.
#[test]
fn coalesced_calls_that_panic_and_need_more_jobs_than_threads_end() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for limit in [1, 2, 8] {
        set_offload_limit(NonZeroUsize::new(limit).unwrap());
        within(120, || {
            let innermost = [Node::Offload, Node::Sync]
                .into_iter()
                .fold(Arc::new(Node::Panic), |node, outer| Arc::new(outer(node)));
            let node = Node::Yield(1, innermost);
            check(&(0..8).fold(Arc::new(node), |node, _| Arc::new(Node::Coalesce(node))));
        });
    }
}
