//! What the pool does when the system refuses it a thread: each job runs on a thread that exists,
//! or on the caller.
//!
//! Each test runs itself again in a child process that can start no thread, or no more than one.
//! There the stacks of threads (`RUST_MIN_STACK`) do not fit into the address space (`ulimit -v`).
//! Threads with a small stack of their own still start.

use crate::support::chains::{sum_of_chains, sync_step};
use crate::support::child::CHILD;
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

/// How many threads with the usual stack the child process can start.
#[derive(Clone, Copy, PartialEq)]
enum Threads {
    None,
    One,
}

/// Runs `f` in a child process, which is the test `name` once more.
fn refused(name: &str, threads: Threads, f: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        occupy_the_thread_of_the_test();
        assert_eq!(
            how_many_threads_fit(),
            if threads == Threads::One { 1 } else { 0 }
        );
        return f();
    }
    // A stack that never fits; or one of 2 GiB, which fits twice, once for the thread of the test.
    let (stack, kilobytes) = match threads {
        Threads::None => (1_u64 << 60, String::from("unlimited")),
        Threads::One => (2 << 30, (5_u64 << 20).to_string()),
    };
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -v \"$0\" && exec \"$@\"", &kilobytes])
        .arg(env::current_exe().unwrap());
    command.args([name, "--exact", "--test-threads=1", "--nocapture"]);
    command
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
    let in_time = output.recv_timeout(Duration::from_secs(10)).is_ok();
    if !in_time {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    let text = reading.join().unwrap();
    assert!(in_time, "the child hangs: a job got lost\n{text}");
    assert!(status.success() && text.contains("1 passed"), "{text}");
}

/// Some versions of the test harness run a single test on a thread, some on the main thread. In the
/// latter case its place is taken here.
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

/// Starts a thread that needs little room, so that it is not refused.
fn small_thread<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    thread::Builder::new().stack_size(1 << 18).spawn(f).unwrap()
}

#[test]
fn a_job_runs_on_the_caller_when_no_thread_is_to_be_had() {
    refused(
        "refused::a_job_runs_on_the_caller_when_no_thread_is_to_be_had",
        Threads::None,
        || {
            let here = thread::current().id();
            assert_eq!(block_on(offload(|| thread::current().id())), here);
            assert_eq!(block_on(smart_sync(|| thread::current().id())), here);
            let seen = block_on(async {
                let on_caller = offload(|| (is_async_context(), smart(async { 1 }).wait())).await;
                (on_caller, is_async_context())
            });
            assert_eq!(
                seen,
                ((false, 1), true),
                "the job is sync code, the rest is not"
            );
        },
    );
}

#[test]
fn a_panic_of_a_job_on_the_caller_reaches_the_awaiter_and_no_one_else() {
    refused(
        "refused::a_panic_of_a_job_on_the_caller_reaches_the_awaiter_and_no_one_else",
        Threads::None,
        || {
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
        },
    );
}

#[test]
fn chains_finish_without_any_thread() {
    refused(
        "refused::chains_finish_without_any_thread",
        Threads::None,
        || {
            assert_eq!(block_on(sync_step(20)), 20);
            assert_eq!(sum_of_chains(1000, 3), 3000);
        },
    );
}

#[test]
fn jobs_that_many_threads_submit_at_once_all_run() {
    refused(
        "refused::jobs_that_many_threads_submit_at_once_all_run",
        Threads::None,
        || {
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
        },
    );
}

#[test]
fn the_one_thread_that_there_is_runs_all_jobs() {
    refused(
        "refused::the_one_thread_that_there_is_runs_all_jobs",
        Threads::One,
        || {
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
        },
    );
}

#[test]
fn chains_finish_with_one_thread() {
    refused(
        "refused::chains_finish_with_one_thread",
        Threads::One,
        || {
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
        },
    );
}

#[test]
fn a_job_that_comes_while_the_only_thread_is_blocked_runs_on_the_caller() {
    refused(
        "refused::a_job_that_comes_while_the_only_thread_is_blocked_runs_on_the_caller",
        Threads::One,
        || {
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
        },
    );
}

#[test]
fn a_job_that_is_queued_when_the_only_thread_blocks_runs_nevertheless() {
    refused(
        "refused::a_job_that_is_queued_when_the_only_thread_blocks_runs_nevertheless",
        Threads::One,
        || {
            // The first job runs, and the second one is queued behind it. Then the first one waits
            // for what the second one does.
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
        },
    );
}

#[test]
fn a_job_that_an_earlier_wait_began_does_not_run_on_top_of_a_later_one() {
    refused(
        "refused::a_job_that_an_earlier_wait_began_does_not_run_on_top_of_a_later_one",
        Threads::One,
        || {
            let first = offload(|| {
                let lock = Arc::new(Mutex::new(1));
                let theirs = lock.clone();
                let mut job = offload(move || *theirs.lock().unwrap());
                // The job keeps the waker of this wait, which is that of the next one, too.
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
        },
    );
}

/// Polls its job in each wake-up, and passes on what comes out.
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
fn a_job_that_a_waker_runs_on_a_blocked_thread_waits_there_and_the_thread_is_still_woken_for_its_tasks()
 {
    refused(
        "refused::a_job_that_a_waker_runs_on_a_blocked_thread_waits_there_and_the_thread_is_still_woken_for_its_tasks",
        Threads::One,
        || {
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
        },
    );
}
