//! Graphs of smart calls, chosen by libFuzzer, that go through the loops and the pool: each must
//! have its value, and end.
#![no_main]

use choices::{Bytes, Choices};
use graph::Node;
use libfuzzer_sys::fuzz_target;
use std::num::NonZeroUsize;
use std::process;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

#[path = "../../tests/support/choices.rs"]
mod choices;
#[path = "../../tests/support/graph.rs"]
mod graph;

/// A graph that takes longer hangs: the usual one takes less than a thousandth of it.
const LONG: Duration = Duration::from_secs(20);

/// The graph that runs now, and since when. A thread watches it, and aborts the process when it
/// hangs.
static RUNNING: LazyLock<Mutex<Option<(Instant, Arc<Node>)>>> = LazyLock::new(|| {
    thread::spawn(|| {
        loop {
            thread::sleep(Duration::from_secs(1));
            let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((since, node)) = &*running {
                if since.elapsed() > LONG {
                    eprintln!("this graph hangs, or has lost a run that never ends: {node:?}");
                    process::abort();
                }
            }
        }
    });
    Mutex::new(None)
});

fn set_running(node: Option<Arc<Node>>) {
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) =
        node.map(|node| (Instant::now(), node));
}

fuzz_target!(|data: &[u8]| {
    let mut choices = Bytes(data);
    let limit = choices.choose(3).unwrap_or(0) + 1;
    smartasync::set_offload_limit(NonZeroUsize::new(limit).expect("at least 1"));
    let node = Node::choose(&mut choices);
    set_running(Some(node.clone()));
    graph::check(&node);
    set_running(None);
});
