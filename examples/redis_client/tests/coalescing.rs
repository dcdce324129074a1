//! Concurrent GETs of one key share a request, in both worlds and across them. A write ends the
//! sharing.

mod support;

use redis_client::{Client, Config, Error};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use std::{fs, thread};
use support::fake::{Fake, Then};
use support::within;

/// A fake server that counts GETs, and answers them only when the test says so.
struct Gate {
    fake: Fake,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    gets: AtomicUsize,
    refuses: AtomicBool,
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn new() -> Self {
        let state = Arc::new(State::default());
        let of_fake = state.clone();
        let fake = Fake::speaks(Then::StayOpen, move |stream| {
            let mut request = [0; 1 << 10];
            while let Ok(read @ 1..) = stream.read(&mut request) {
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let reply = if request.contains("GET") {
                    let number = of_fake.gets.fetch_add(1, Ordering::SeqCst);
                    let open = of_fake.open.lock().unwrap();
                    drop(of_fake.opened.wait_while(open, |open| !*open).unwrap());
                    if of_fake.refuses.load(Ordering::SeqCst) {
                        "-ERR not today\r\n".to_owned()
                    } else {
                        format!("$5\r\nget-{number}\r\n")
                    }
                } else {
                    "+OK\r\n".to_owned()
                };
                // The caller may be gone.
                drop(stream.write_all(reply.as_bytes()));
            }
        });
        Self { fake, state }
    }

    fn client(&self, coalesce: bool) -> Client {
        Client::new(
            Config::new(&self.fake.address)
                .timeout(Duration::from_secs(50))
                .coalesce_gets(coalesce),
        )
    }

    fn open(&self) {
        *self.state.open.lock().unwrap() = true;
        self.state.opened.notify_all();
    }

    fn gets(&self) -> usize {
        self.state.gets.load(Ordering::SeqCst)
    }

    /// Waits until this number of GETs has come.
    fn until_gets(&self, count: usize) {
        while self.gets() < count {
            thread::yield_now();
        }
    }
}

/// Starts a thread that waits for a GET, and returns once the thread sleeps. A leader sleeps in its
/// socket, and a follower waits for its leader.
fn waits_for(client: &Client) -> thread::JoinHandle<Result<String, Error>> {
    let (started, stat) = channel();
    let client = client.to_blocking();
    let thread = thread::spawn(move || {
        started
            .send(
                PathBuf::from("/proc")
                    .join(fs::read_link("/proc/thread-self").unwrap())
                    .join("stat"),
            )
            .unwrap();
        client.get("key").map(text)
    });
    until_asleep(&stat.recv().unwrap());
    thread
}

fn until_asleep(stat: &Path) {
    loop {
        let stat = fs::read_to_string(stat).unwrap();
        // The name in parentheses may contain any character.
        let (_, after_name) = stat.rsplit_once(") ").unwrap();
        if after_name.starts_with('S') {
            return;
        }
        thread::yield_now();
    }
}

fn text(got: Option<Vec<u8>>) -> String {
    String::from_utf8(got.unwrap_or_default()).unwrap()
}

/// Starts a task that awaits a GET, and returns after its first poll.
async fn awaits(client: &Client) -> tokio::task::JoinHandle<Result<String, Error>> {
    let client = client.clone();
    let task = tokio::spawn(async move { client.get("key").await.map(text) });
    // On one thread the tasks take turns, so the new task runs before this one continues.
    tokio::task::yield_now().await;
    task
}

fn on_one_thread<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(test)
}

#[test]
fn tasks_follow_a_thread_and_threads_follow_a_task() {
    for thread_leads in [true, false] {
        within(60, move || {
            on_one_thread(async {
                let gate = Gate::new();
                let client = gate.client(true);
                let (mut threads, mut tasks) = (Vec::new(), Vec::new());
                if thread_leads {
                    threads.push(waits_for(&client));
                } else {
                    tasks.push(awaits(&client).await);
                    // The task needs a few turns to connect and write.
                    while gate.gets() == 0 {
                        tokio::task::yield_now().await;
                    }
                }
                gate.until_gets(1);
                for _ in 0..8 {
                    threads.push(waits_for(&client));
                    tasks.push(awaits(&client).await);
                }
                gate.open();
                for task in tasks {
                    assert_eq!(task.await.unwrap().unwrap(), "get-0");
                }
                for thread in threads {
                    assert_eq!(thread.join().unwrap().unwrap(), "get-0");
                }
                assert_eq!(gate.gets(), 1);
            });
        });
    }
}

#[test]
fn without_coalescing_each_caller_sends_a_request() {
    within(60, || {
        let gate = Gate::new();
        let client = gate.client(false);
        let threads: Vec<_> = (0..8).map(|_| waits_for(&client)).collect();
        gate.until_gets(8);
        gate.open();
        assert!(
            threads
                .into_iter()
                .all(|thread| thread.join().unwrap().is_ok())
        );
        assert_eq!(gate.gets(), 8);
    });
}

#[test]
fn who_reads_after_a_write_sees_it_and_so_does_who_waited_across_it() {
    within(60, || {
        on_one_thread(async {
            let gate = Gate::new();
            let client = gate.client(true);
            let before = waits_for(&client);
            gate.until_gets(1);
            let across = waits_for(&client);
            client.set("another", "value").await.unwrap();
            assert_eq!(
                gate.gets(),
                1,
                "a write to another key does not end the sharing"
            );
            client.set("key", "value").await.unwrap();
            // The follower sends a new request. The next caller does not follow the leader from
            // before the write.
            gate.until_gets(2);
            let after = awaits(&client).await;
            gate.open();
            assert_eq!(before.join().unwrap().unwrap(), "get-0");
            assert_eq!(across.join().unwrap().unwrap(), "get-1");
            assert_eq!(after.await.unwrap().unwrap(), "get-2");
        });
    });
}

#[test]
fn a_follower_takes_over_from_a_leader_that_is_dropped() {
    within(60, || {
        on_one_thread(async {
            let gate = Gate::new();
            let client = gate.client(true);
            let leader = awaits(&client).await;
            while gate.gets() == 0 {
                tokio::task::yield_now().await;
            }
            let (one, other) = (waits_for(&client), waits_for(&client));
            leader.abort();
            assert!(leader.await.unwrap_err().is_cancelled());
            gate.until_gets(2);
            gate.open();
            assert_eq!(
                (one.join().unwrap().unwrap(), other.join().unwrap().unwrap()),
                ("get-1".to_owned(), "get-1".to_owned())
            );
            assert_eq!(gate.gets(), 2);
        });
    });
}

#[test]
fn an_error_reaches_all_who_share_it() {
    within(60, || {
        let gate = Gate::new();
        gate.state.refuses.store(true, Ordering::SeqCst);
        let client = gate.client(true);
        let threads: Vec<_> = (0..4).map(|_| waits_for(&client)).collect();
        gate.open();
        for thread in threads {
            let error = thread.join().unwrap().unwrap_err();
            assert_eq!(
                error.to_string(),
                "the server refused the command: ERR not today"
            );
        }
        assert_eq!(gate.gets(), 1);
    });
}
