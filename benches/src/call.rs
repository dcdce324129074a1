//! What a smart function costs over a plain one: awaited, in the sync copy of a `#[maybe_async]`
//! body, and with a function on top.

use crate::case::{Case, LIMIT, OURS, cases, drive};
use smartasync::{smart_await, smart_fn};
use std::hint::black_box;

smart_fn!(
    #[inline(never)]
    async fn smart_leaf(n: u64) -> u64 {
        black_box(n) + 1
    }

    #[maybe_async]
    async fn smart_sum(n: u64) -> u64 {
        let one = smart_await!(smart_part(n));
        one + smart_await!(smart_part(n + 1))
    }

    #[maybe_async]
    async fn smart_part(n: u64) -> u64 {
        black_box(n) * 3
    }
);

/// One body, two types with methods of the same names.
struct Counter(u64);

mod blocking {
    pub struct Counter(pub u64);
}

smart_fn!(
    #[split(blocking::Counter)]
    impl Counter {
        async fn add(&mut self, n: u64) -> u64 {
            let one = smart_await!(self.part(n));
            self.0 += one + smart_await!(self.part(n + 1));
            self.0
        }

        #[inline(never)]
        async fn part(&self, n: u64) -> u64 {
            black_box(n) * 3
        }
    }
);

/// The pair of types by hand.
struct BareCounter(u64);

impl BareCounter {
    async fn add(&mut self, n: u64) -> u64 {
        let one = self.part(n).await;
        self.0 += one + self.part(n + 1).await;
        self.0
    }

    #[inline(never)]
    async fn part(&self, n: u64) -> u64 {
        black_box(n) * 3
    }
}

struct BareBlockingCounter(u64);

impl BareBlockingCounter {
    fn add(&mut self, n: u64) -> u64 {
        let one = self.part(n);
        self.0 += one + self.part(n + 1);
        self.0
    }

    #[inline(never)]
    fn part(&self, n: u64) -> u64 {
        black_box(n) * 3
    }
}

#[inline(never)]
async fn bare_leaf(n: u64) -> u64 {
    black_box(n) + 1
}

fn bare_part(n: u64) -> u64 {
    black_box(n) * 3
}

fn bare_sum(n: u64) -> u64 {
    bare_part(n) + bare_part(n + 1)
}

fn awaited(n: u64) {
    drive(async {
        for i in 0..n {
            black_box(smart_leaf(i).await);
        }
    });
}

fn awaited_bare(n: u64) {
    drive(async {
        for i in 0..n {
            black_box(bare_leaf(i).await);
        }
    });
}

fn sync_copy(n: u64) {
    for i in 0..n {
        black_box(smart_sum(i).wait());
    }
}

fn sync_copy_bare(n: u64) {
    for i in 0..n {
        black_box(bare_sum(i));
    }
}

/// Calls the sync half of a split.
fn split_sync(n: u64) {
    let mut counter = blocking::Counter(0);
    for i in 0..n {
        black_box(counter.add(i));
    }
}

fn split_sync_bare(n: u64) {
    let mut counter = BareBlockingCounter(0);
    for i in 0..n {
        black_box(counter.add(i));
    }
}

/// Awaits the async half of a split.
fn split_async(n: u64) {
    drive(async {
        let mut counter = Counter(0);
        for i in 0..n {
            black_box(counter.add(i).await);
        }
    });
}

fn split_async_bare(n: u64) {
    drive(async {
        let mut counter = BareCounter(0);
        for i in 0..n {
            black_box(counter.add(i).await);
        }
    });
}

fn mapped(n: u64) {
    for i in 0..n {
        black_box(smart_sum(i).map(|sum| sum ^ 1).wait());
    }
}

fn mapped_bare(n: u64) {
    for i in 0..n {
        black_box(bare_sum(i) ^ 1);
    }
}

pub const CASES: &[Case] = cases! {
    "call, awaited", 1 => { OURS => awaited, LIMIT => awaited_bare }
    "call, sync copy", 1 => { OURS => sync_copy, LIMIT => sync_copy_bare }
    "call, mapped", 1 => { OURS => mapped, LIMIT => mapped_bare }
    "split, sync half", 1 => { OURS => split_sync, LIMIT => split_sync_bare }
    "split, async half", 1 => { OURS => split_async, LIMIT => split_async_bare }
};
