//! How much stack a large future or closure needs, as a multiple of its size.
//!
//! Each test runs in a child process, on a thread whose stack has that many times the size of the
//! future, and little more: a stack overflow ends the process. The first number is for a debug
//! build, where each function keeps what it moves on the stack until it returns. The second one is
//! for an optimised build: `cargo test --release --test stacks`.

#[path = "support/mod.rs"]
mod support;

use smartasync::{SmartLock, block_on, offload, smart, smart_await, smart_fn, spawn_local};
use std::future::poll_fn;
use std::hint::black_box;
use std::task::Poll;
use std::thread;
use std::time::Duration;
use support::child::in_a_child;

const SIZE: usize = 64 << 10;
/// For all that is not large.
const REST: usize = 40 << 10;

type Large = [u8; SIZE];

fn large() -> Large {
    black_box([1; SIZE])
}

async fn yield_once() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A future that holds a [`Large`] while it waits.
async fn future() -> u8 {
    let large: Large = [black_box(1); SIZE];
    yield_once().await;
    black_box(&large)[7]
}

smart_fn!(
    async fn fetch() -> u8 {
        let large: Large = [black_box(1); SIZE];
        yield_once().await;
        black_box(&large)[7]
    }

    #[maybe_async]
    async fn fetch_in_both() -> u8 {
        let large: Large = [black_box(1); SIZE];
        smart_await!(pause());
        black_box(&large)[7]
    }

    async fn pause() {
        yield_once().await
    }

    #[boxed]
    async fn fetch_in_a_box() -> u8 {
        let large: Large = [black_box(1); SIZE];
        yield_once().await;
        black_box(&large)[7]
    }

    fn read(large: Large) -> u8 {
        black_box(&large)[7]
    }
);

/// Calls `f` on a thread whose stack has `times` the size of a [`Large`].
fn on_a_stack_of(times: usize, f: fn()) {
    thread::Builder::new()
        .stack_size(REST + times * SIZE)
        .spawn(f)
        .unwrap()
        .join()
        .unwrap();
}

macro_rules! needs {
    ($($name:ident: $debug:literal debug, $optimised:literal optimised, $run:expr;)*) => {$(
        #[test]
        fn $name() {
            let times = if cfg!(debug_assertions) { $debug } else { $optimised };
            in_a_child(|| on_a_stack_of(times, || assert_eq!($run, 1)));
        }
    )*};
}

const LONG: Duration = Duration::from_secs(60);

needs! {
    block_on_a_future: 4 debug, 1 optimised, block_on(future());
    smart_wait: 10 debug, 1 optimised, smart(future()).wait();
    smart_await: 12 debug, 1 optimised, block_on(smart(future()));
    wait: 4 debug, 1 optimised, fetch().wait();
    await_: 4 debug, 1 optimised, block_on(fetch());
    wait_timeout: 3 debug, 2 optimised, fetch().wait_timeout(LONG).unwrap();
    wait_with: 3 debug, 2 optimised, fetch().wait_with(|| ());
    timeout: 6 debug, 2 optimised, fetch().timeout(LONG).wait().unwrap();
    map: 7 debug, 1 optimised, fetch().map(|n| n).wait();
    boxed: 4 debug, 1 optimised, fetch().boxed().wait();
    wait_for_maybe_async: 5 debug, 1 optimised, fetch_in_both().wait();
    await_maybe_async: 7 debug, 1 optimised, block_on(fetch_in_both());
    wait_for_a_boxed_fn: 4 debug, 1 optimised, fetch_in_a_box().wait();
    wait_for_a_sync_fn: 10 debug, 2 optimised, read(large()).wait();
    await_a_sync_fn: 16 debug, 4 optimised, block_on(read(large()));
    offloaded: 4 debug, 2 optimised, {
        let large = large();
        block_on(offload(move || black_box(&large)[7]))
    };
    run_once: 6 debug, 1 optimised, SmartLock::new().run_once(future).wait().unwrap();
    run_shared: 1 debug, 0 optimised, SmartLock::new().run_shared(future).wait().unwrap();
    spawned: 7 debug, 2 optimised, block_on(spawn_local(future()));
}

#[test]
#[should_panic(expected = "has overflowed its stack")]
fn a_stack_that_is_too_small_overflows() {
    in_a_child(|| on_a_stack_of(0, || assert_eq!(fetch().wait(), 1)));
}
