//! The pool when the system refuses to start a thread: each job runs on a thread that exists, or on
//! the caller.
//!
//! Each test runs itself again in a child process that can start no thread, or only one. In the
//! child, the stacks of threads (`RUST_MIN_STACK`) do not fit into the address space (`ulimit -v`).
//! A thread that asks for a small stack still starts.

use crate::support::chains::{sum_of_chains, sync_step};
use crate::support::child::{CHILD, test_of};
use crate::support::gate::Gate;
use crate::support::start;
use crate::support::watchdog::{this_thread, until_asleep};
use smartasync::{
    Offload, TimedOut, block_on, is_async_context, offload, smart, smart_sync, spawn_local,
};
use std::future::{pending, poll_fn};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use std::{env, fs, thread};

/// How many threads with the usual stack size the child process can start.
#[derive(Clone, Copy, PartialEq)]
enum Threads {
    None,
    One,
}

/// Runs `scenario`, a closure of the calling test, in a child process that can start so many
/// threads.
fn with_threads(threads: Threads, scenario: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        occupy_the_thread_of_the_test();
        let expected = if threads == Threads::One { 1 } else { 0 };
        assert_eq!(how_many_threads_fit(), expected);
        return scenario();
    }
    // A stack of 2^60 bytes never fits. In the other case one of 2 GiB fits twice into 5 GiB: once
    // for the thread of the test.
    let (stack, kilobytes) = match threads {
        Threads::None => (1_u64 << 60, String::from("unlimited")),
        Threads::One => (2 << 30, (5_u64 << 20).to_string()),
    };
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -v \"$0\" && exec \"$@\"", &kilobytes])
        .arg(env::current_exe().unwrap())
        .args([
            test_of(&scenario),
            "--exact",
            "--test-threads=1",
            "--nocapture",
        ])
        .env(CHILD, "1")
        .env("RUST_MIN_STACK", stack.to_string())
        .env_remove("SMARTASYNC_OFFLOAD_THREADS")
        .env("RUST_BACKTRACE", "0");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (done, output) = mpsc::channel();
    let reading = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        let _ = done.send(());
        stderr.read_to_string(&mut text).unwrap();
        text
    });
    let in_time = output.recv_timeout(Duration::from_secs(60)).is_ok();
    if !in_time {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    let text = reading.join().unwrap();
    assert!(in_time, "the child hangs: the pool has lost a job\n{text}");
    assert!(status.success() && text.contains("1 passed"), "{text}");
}

/// Some versions of the test harness run a single test on a thread of its own, others on the main
/// thread. In the second case this function starts a thread in its place.
fn occupy_the_thread_of_the_test() {
    if fs::read_dir("/proc/self/task").unwrap().count() == 1 {
        drop(thread::Builder::new().spawn(|| {
            loop {
                thread::park()
            }
        }));
    }
}

fn how_many_threads_fit() -> usize {
    let mut waiting = Vec::new();
    loop {
        let (release, released) = mpsc::channel::<()>();
        let Ok(thread) = thread::Builder::new().spawn(move || released.recv()) else {
            break;
        };
        waiting.push((release, thread));
    }
    let fit = waiting.len();
    for (release, thread) in waiting {
        drop(release);
        assert!(thread.join().unwrap().is_err());
    }
    fit
}

/// Starts a thread with a small stack, which the system does not refuse.
fn small_thread<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    thread::Builder::new().stack_size(1 << 18).spawn(f).unwrap()
}

#[test]
fn a_job_runs_on_the_caller_when_no_thread_can_start() {
    with_threads(Threads::None, || {
        let here = thread::current().id();
        assert_eq!(block_on(offload(|| thread::current().id())), here);
        assert_eq!(block_on(smart_sync(|| thread::current().id())), here);
        let seen = block_on(async {
            let on_caller = offload(|| (is_async_context(), smart(async { 1 }).wait())).await;
            (on_caller, is_async_context())
        });
        assert_eq!(seen, ((false, 1), true), "only the job is sync code");
    });
}

#[test]
fn a_panic_of_a_job_on_the_caller_reaches_the_awaiter_and_no_one_else() {
    with_threads(Threads::None, || {
        let sum = block_on(async {
            let bad = spawn_local(offload(|| resume_unwind(Box::new("boom"))));
            let good = spawn_local(offload(|| 2));
            let good = good.await;
            let caught = catch_unwind(AssertUnwindSafe(|| {
                let mut bad = bad;
                Pin::new(&mut bad)
                    .poll(&mut Context::from_waker(Waker::noop()))
                    .is_ready()
            }));
            assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"boom"));
            good
        });
        assert_eq!(sum, 2);
    });
}

#[test]
fn chains_finish_without_any_thread() {
    with_threads(Threads::None, || {
        assert_eq!(block_on(sync_step(20)), 20);
        assert_eq!(sum_of_chains(1000, 3), 3000);
    });
}

#[test]
fn jobs_that_many_threads_submit_at_once_all_run() {
    with_threads(Threads::None, || {
        const THREADS: usize = 8;
        let together = Arc::new(Barrier::new(THREADS));
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let together = together.clone();
                small_thread(move || {
                    (0..500_u32).all(|n| {
                        together.wait();
                        block_on(offload(move || n)) == n
                    })
                })
            })
            .collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    });
}

#[test]
fn the_only_thread_runs_all_jobs() {
    with_threads(Threads::One, || {
        let here = thread::current().id();
        let there = block_on(offload(|| thread::current().id()));
        assert_ne!(there, here);
        let ran = block_on(async {
            let jobs: Vec<_> = (0..100)
                .map(|_| spawn_local(offload(|| thread::current().id())))
                .collect();
            let mut ran = Vec::new();
            for job in jobs {
                ran.push(job.await);
            }
            ran
        });
        assert_eq!(ran.len(), 100);
        assert!(ran.contains(&there));
    });
}

#[test]
fn chains_finish_with_one_thread() {
    with_threads(Threads::One, || {
        assert_eq!(block_on(sync_step(20)), 20);
        let sum = block_on(async {
            let chains: Vec<_> = (0..100).map(|_| spawn_local(sync_step(6))).collect();
            let mut sum = 0;
            for chain in chains {
                sum += chain.await;
            }
            sum
        });
        assert_eq!(sum, 600);
    });
}

#[test]
fn a_job_that_comes_while_the_only_thread_is_blocked_runs_on_the_caller() {
    with_threads(Threads::One, || {
        let gate = Gate::default();
        let (awaited, (tell, told)) = (gate.clone(), mpsc::channel());
        let mut blocked = offload(move || {
            tell.send(fs::read_link("/proc/thread-self").unwrap())
                .unwrap();
            smart(awaited).wait();
            1
        });
        start(&mut blocked);
        let stat = Path::new("/proc").join(told.recv().unwrap()).join("stat");
        gate.until_awaited();
        while !fs::read_to_string(&stat)
            .unwrap()
            .rsplit_once(") ")
            .unwrap()
            .1
            .starts_with('S')
        {
            thread::yield_now();
        }
        let here = thread::current().id();
        assert_eq!(block_on(offload(|| thread::current().id())), here);
        gate.open();
        assert_eq!(block_on(blocked), 1);
    });
}

#[test]
fn a_job_that_is_queued_when_the_only_thread_blocks_still_runs() {
    with_threads(Threads::One, || {
        // The second job is queued while the first one runs. Then the first job waits for the
        // second.
        let gate = Gate::default();
        let (awaited, opener) = (gate.clone(), gate);
        let (started, has_started) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let mut first = offload(move || {
            started.send(()).unwrap();
            let _ = may_go.recv();
            smart(awaited).wait();
            1
        });
        start(&mut first);
        has_started.recv().unwrap();
        let mut second = offload(move || {
            opener.open();
            2
        });
        start(&mut second);
        drop(go);
        assert_eq!(block_on(second), 2);
        assert_eq!(block_on(first), 1);
    });
}

#[test]
fn a_job_that_an_earlier_wait_polled_does_not_run_on_top_of_a_later_wait() {
    with_threads(Threads::One, || {
        let first = offload(|| {
            let lock = Arc::new(Mutex::new(1));
            let theirs = lock.clone();
            let mut job = offload(move || *theirs.lock().unwrap());
            // The job keeps the waker of this wait. The next wait has the same waker.
            let begin = poll_fn(|cx| Poll::Ready(Pin::new(&mut job).poll(cx).is_pending()));
            assert!(smart(begin).wait());
            let _held = lock.lock().unwrap();
            assert_eq!(
                smart(pending::<()>()).wait_timeout(Duration::from_millis(50)),
                Err(TimedOut)
            );
            job
        });
        assert_eq!(block_on(block_on(first)), 1);
    });
}

/// A waker that polls its job whenever it is woken, and sends the result.
struct PollsWhenWoken<T>(Mutex<Option<Offload<T>>>, mpsc::Sender<T>);

impl<T: Send + 'static> Wake for PollsWhenWoken<T> {
    fn wake(self: Arc<Self>) {
        let Some(mut job) = self.0.lock().unwrap().take() else {
            return;
        };
        match Pin::new(&mut job).poll(&mut Context::from_waker(&Waker::from(self.clone()))) {
            Poll::Ready(output) => self.1.send(output).unwrap(),
            Poll::Pending => *self.0.lock().unwrap() = Some(job),
        }
    }
}

#[test]
fn a_waker_runs_a_job_on_a_blocked_thread_which_is_still_woken_for_its_own_tasks() {
    with_threads(Threads::One, || {
        let (for_first, for_second) = (Gate::default(), Gate::default());
        let (started, has_started) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let awaited = for_first.clone();
        let mut first = offload(move || {
            started
                .send((thread::current().id(), this_thread()))
                .unwrap();
            let _ = may_go.recv();
            block_on(spawn_local(awaited));
            1
        });
        start(&mut first);
        let (there, stat) = has_started.recv().unwrap();
        let awaited = for_second.clone();
        let second = offload(move || {
            smart(awaited).wait();
            thread::current().id()
        });
        let (ended, has_ended) = mpsc::channel();
        Arc::new(PollsWhenWoken(Mutex::new(Some(second)), ended)).wake();
        drop(go);
        for_second.until_awaited();
        until_asleep(&stat);
        for_second.open();
        assert_eq!(has_ended.recv(), Ok(there));
        for_first.open();
        assert_eq!(block_on(first), 1);
        assert_eq!(block_on(offload(|| 3)), 3);
    });
}
