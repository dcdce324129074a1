//! Futures that bring their own reactor, from async-io and smol, work under `.wait()` although no
//! runtime is installed.

use crate::support::net::{echo_server, echo_with_std};
use crate::support::watchdog::within;
use async_io::{Async, Timer};
use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
use smartasync::{block_on, is_async_context, smart, smart_await, smart_fn, spawn_local};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

smart_fn!(
    /// Sends each word and waits for its echo. Sleeps after each word.
    async fn echo(address: SocketAddr, words: &[&str]) -> io::Result<String> {
        let mut stream = Async::<TcpStream>::connect(address).await?;
        let mut all = String::new();
        for word in words {
            stream.write_all(word.as_bytes()).await?;
            let mut answer = vec![0; word.len()];
            stream.read_exact(&mut answer).await?;
            all += &String::from_utf8(answer).unwrap();
            Timer::after(Duration::from_millis(2)).await;
        }
        Ok(all)
    }

    async fn echo_with_smol(address: SocketAddr, word: &str) -> io::Result<String> {
        let mut stream = smol::net::TcpStream::connect(address).await?;
        stream.write_all(word.as_bytes()).await?;
        let mut answer = vec![0; word.len()];
        stream.read_exact(&mut answer).await?;
        Ok(String::from_utf8(answer).unwrap())
    }

    #[maybe_async]
    async fn echo_either(address: SocketAddr, word: &str) -> io::Result<String> {
        smart_await!(sync => echo_with_std(address, word), async => echo(address, &[word]))
    }
);

#[test]
fn async_io_s_sockets_and_timers_work_under_wait() {
    within(120, || {
        let (address, server) = echo_server(4);
        assert_eq!(
            echo(address, &["one", "two", "three"]).wait().unwrap(),
            "onetwothree"
        );
        assert_eq!(block_on(echo(address, &["four"])).unwrap(), "four");
        assert_eq!(
            echo(address, &["five"])
                .wait_timeout(Duration::from_secs(5))
                .unwrap()
                .unwrap(),
            "five"
        );
        assert_eq!(echo_either(address, "six").wait().unwrap(), "six");
        server.join().unwrap();
        let start = Instant::now();
        smart(Timer::after(Duration::from_millis(20))).wait();
        assert!(start.elapsed() >= Duration::from_millis(20));
    });
}

#[test]
fn smol_s_types_work_under_wait() {
    within(120, || {
        let (address, server) = echo_server(2);
        assert_eq!(echo_with_smol(address, "one").wait().unwrap(), "one");
        let spawned = smol::spawn(async move { echo_with_smol(address, "two").await });
        assert_eq!(smart(spawned).wait().unwrap(), "two");
        server.join().unwrap();
        assert_eq!(smart(smol::unblock(|| 3)).wait(), 3);
        let (sender, receiver) = smol::channel::bounded(1);
        let sending =
            thread::spawn(move || (0..100).for_each(|n| sender.send_blocking(n).unwrap()));
        let sum = smart(async {
            let mut sum = 0;
            while let Ok(n) = receiver.recv().await {
                sum += n;
            }
            sum
        })
        .wait();
        assert_eq!(sum, 4950);
        sending.join().unwrap();
    });
}

#[test]
fn many_connections_are_tasks_of_one_thread() {
    within(120, || {
        let (address, server) = echo_server(20);
        let all = block_on(async move {
            let tasks: Vec<_> = (0..20)
                .map(|_| spawn_local(async move { echo(address, &["a", "b"]).await.unwrap() }))
                .collect();
            let mut all = String::new();
            for task in tasks {
                all += &task.await;
            }
            all
        });
        assert_eq!(all, "ab".repeat(20));
        server.join().unwrap();
    });
}

#[test]
fn a_timer_wins_a_race_against_a_silent_peer() {
    within(120, || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answer = smart(future::or(
            async { Some(echo(address, &["anybody?"]).await) },
            async {
                Timer::after(Duration::from_millis(20)).await;
                None
            },
        ))
        .wait();
        assert!(answer.is_none());
        // The time-out of a wait needs no timer.
        assert!(
            echo(address, &["anybody?"])
                .wait_timeout(Duration::from_millis(20))
                .is_err()
        );
    });
}

#[test]
fn the_same_functions_work_on_every_executor() {
    within(120, || {
        let (address, server) = echo_server(3);
        let tokio = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        assert_eq!(tokio.block_on(echo(address, &["one"])).unwrap(), "one");
        assert_eq!(
            smol::block_on(echo_with_smol(address, "two")).unwrap(),
            "two"
        );
        assert_eq!(
            pollster::block_on(echo_either(address, "three")).unwrap(),
            "three"
        );
        server.join().unwrap();
    });
}

#[test]
fn a_plain_task_is_seen_as_async_context_with_the_feature_tokio_and_a_call_in_it_always_is() {
    within(120, || {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let seen = tokio.block_on(async {
            (
                is_async_context(),
                smart(async { is_async_context() }).await,
            )
        });
        assert_eq!(seen, (cfg!(feature = "tokio"), true));
    });
}
