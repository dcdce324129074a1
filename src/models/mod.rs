//! Models: loom runs each of them under every interleaving of its threads, and under every
//! reordering that the memory orderings allow. The models run the real code of the parker, the
//! flights, the jobs, the pool, the buffer of a stream, the queue of woken tasks and the timers. A lost wake-up
//! becomes a deadlock, and loom reports it.
//!
//! ```text
//! RUSTFLAGS="--cfg smartasync_model" cargo test --release --features stream --lib models
//! ```

mod crowd;
mod flight;
mod job;
mod parker;
mod pool;
#[cfg(feature = "stream")]
mod read_ahead;
mod ready;
mod timers;

use crate::sync::Arc;
use crate::thread::parker::Parker;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

/// Runs `model` under every interleaving, with at most `preemptions` forced switches between
/// threads. Prints the number of interleavings, and panics if there were fewer than two, because
/// such a model checks nothing.
fn check(name: &str, preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let runs = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = runs.clone();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    // A thread that looks from time to time takes many steps.
    builder.max_branches = 10_000;
    builder.check(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        model();
    });
    let runs = runs.load(std::sync::atomic::Ordering::Relaxed);
    assert!(runs > 1, "the model {name} explored {runs} interleavings");
    std::eprintln!("model {name}: {runs} interleavings");
}

/// Polls `future` to its end on this thread, as a wait does.
fn wait_for<F: Future>(future: F) -> F::Output {
    let parker = Arc::new(Parker::new());
    let waker = Waker::from(parker.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        parker.park(None);
    }
}

/// Polls `future` once, with a waker that does nothing.
fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
