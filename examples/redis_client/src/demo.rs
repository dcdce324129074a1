//! Shows the client from both worlds.
//!
//! ```text
//! cargo run                        starts a redis-server on a free port, and uses it
//! cargo run -- 127.0.0.1:6379      uses your server; writes and deletes keys that begin with `smartasync:demo:`
//! ```

use futures_lite::StreamExt;
use redis_client::{Client, Config, Error, Value, blocking};
use std::process::ExitCode;
use std::time::Instant;
use std::{env, thread};

#[path = "../tests/support/server.rs"]
#[allow(dead_code, unreachable_pub, reason = "the tests use more of it")]
mod server;

/// The number of threads, and of tasks, that read the same key at once.
const READERS: usize = 50;
/// The number of reads of each thread and of each task.
const READS: usize = 20;

fn main() -> ExitCode {
    let (address, _server) = match env::args().nth(1) {
        Some(address) => (address, None),
        None => {
            let server = server::Server::start();
            (server.address(), Some(server))
        }
    };
    let Err(error) = run(&address) else {
        return ExitCode::SUCCESS;
    };
    eprintln!("demo: {error}");
    ExitCode::FAILURE
}

fn run(address: &str) -> Result<(), Error> {
    let client = blocking::Client::connect(Config::new(address))?;
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::from)?;
    println!("server    {address}");
    clean(&client)?;

    let visits = sync_code(&client)?;
    println!(
        "sync      std::net::TcpStream, no executor: {visits} visits, loops made: {}",
        smartasync::cached_loops()
    );

    let visits = tokio.block_on(async_code(&client.to_async()))?;
    println!("async     tokio: {visits} visits");

    let keys: Vec<Vec<u8>> = client.scan("smartasync:demo:*").collect::<Result<_, _>>()?;
    let streamed = tokio.block_on(
        client
            .to_async()
            .scan("smartasync:demo:*")
            .into_stream()
            .count(),
    );
    println!(
        "scan      {} keys as an iterator, {streamed} as a stream",
        keys.len()
    );

    for coalesce in [false, true] {
        let client = blocking::Client::new(Config::new(address).coalesce_gets(coalesce));
        let before = gets(&client)?;
        let start = Instant::now();
        read_together(&client, &tokio);
        let took = start.elapsed();
        let sent = gets(&client)? - before;
        let how = if coalesce { "shared" } else { "alone" };
        println!(
            "{how:9} {} reads by {READERS} threads and {READERS} tasks: {sent} GETs reached the server, {took:.1?}",
            2 * READERS * READS
        );
    }
    clean(&client)
}

fn sync_code(client: &blocking::Client) -> Result<i64, Error> {
    client.set("smartasync:demo:greeting", "hello")?;
    client.incr("smartasync:demo:visits")
}

async fn async_code(client: &Client) -> Result<i64, Error> {
    client
        .set("smartasync:demo:greeting", "hello again")
        .await?;
    client.incr("smartasync:demo:visits").await
}

/// Lets threads and tasks read one key at the same time.
fn read_together(client: &blocking::Client, tokio: &tokio::runtime::Runtime) {
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                (0..READS).for_each(|_| {
                    assert!(
                        client
                            .get("smartasync:demo:greeting")
                            .is_ok_and(|got| got.is_some())
                    )
                })
            });
        }
        tokio.block_on(async {
            let read = |client: Client| async move {
                for _ in 0..READS {
                    assert!(
                        client
                            .get("smartasync:demo:greeting")
                            .await
                            .is_ok_and(|got| got.is_some())
                    );
                }
            };
            let tasks: Vec<_> = (0..READERS)
                .map(|_| tokio::spawn(read(client.to_async())))
                .collect();
            for task in tasks {
                task.await.expect("no reader panics");
            }
        });
    });
}

/// Asks the server for the number of GETs that it has received.
fn gets(client: &blocking::Client) -> Result<usize, Error> {
    let Value::Bytes(info) = client.command(&["INFO", "commandstats"])? else {
        return Ok(0);
    };
    let info = String::from_utf8_lossy(&info);
    let calls = info.lines().find_map(|line| {
        line.strip_prefix("cmdstat_get:calls=")?
            .split(',')
            .next()?
            .parse()
            .ok()
    });
    Ok(calls.unwrap_or(0))
}

fn clean(client: &blocking::Client) -> Result<(), Error> {
    client
        .del(&["smartasync:demo:greeting", "smartasync:demo:visits"])
        .map(drop)
}
