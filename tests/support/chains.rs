//! Chains of sync and async smart functions that call each other.

use smartasync::{block_on, smart_fn, spawn_local};

smart_fn!(
    /// Returns `depth`, after a chain of that many calls.
    pub(crate) fn sync_step(depth: u32) -> u32 {
        if depth == 0 {
            0
        } else {
            async_step(depth - 1).wait() + 1
        }
    }

    /// Returns `depth`, after a chain of that many calls.
    pub(crate) async fn async_step(depth: u32) -> u32 {
        if depth == 0 {
            0
        } else {
            sync_step(depth - 1).await + 1
        }
    }
);

/// Runs `count` chains at once on one loop, and returns the sum of their results.
pub(crate) fn sum_of_chains(count: u32, depth: u32) -> u32 {
    block_on(async {
        let chains: Vec<_> = (0..count).map(|_| spawn_local(sync_step(depth))).collect();
        let mut sum = 0;
        for chain in chains {
            sum += chain.await;
        }
        sum
    })
}
