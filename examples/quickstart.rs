//! Fetches the files of a directory over HTTP, with functions that are written once and called from
//! sync and from async code.
//!
//! ```text
//! cargo run --example quickstart                        serves `src`, and fetches it
//! cargo run --example quickstart -- DIRECTORY           serves your directory, and fetches it
//! cargo run --example quickstart -- DIRECTORY --port N  fetches it from a running server
//! ```
//!
//! Read it from the top: the smart functions, the three ways to call them, and the report that it
//! prints. The small file server at the end is ordinary code.

use smartasync::{SmartLock, block_on, smart_await, smart_fn, spawn_local};
use smol::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use smol::{Timer, future, net};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, atomic::AtomicUsize, atomic::Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, thread};

/// The files, by the path in their URL.
type Files = BTreeMap<String, PathBuf>;
/// The pages, by the same paths.
type Pages = BTreeMap<String, Page>;

/// The number of open connections in the concurrent pass, for any number of files. Small servers
/// refuse more.
const CONNECTIONS: usize = 4;
/// The number of threads, and of tasks, that ask for one page at the same time.
const CALLERS_OF_A_KIND: usize = 25;
/// The time for each request. Without it, a server that never answers would stop the program.
const PATIENCE: Duration = Duration::from_secs(30);

/// The facts about a page, and the threads that worked on it.
#[derive(Clone)]
struct Page {
    bytes: usize,
    digest: u64,
    fetched_on: String,
    hashed_on: String,
}

// ---- The smart functions. They do not know whether their callers are sync or async.

smart_fn!(
    /// Async inside, because it uses a socket. Sync callers drive it on the loop of their thread.
    /// Async callers await it.
    async fn fetch(port: u16, path: &str) -> Result<Vec<u8>, String> {
        in_time(get(port, path))
            .await
            .map_err(|error| format!("cannot fetch http://127.0.0.1:{port}{path}: {error}"))
    }

    /// Sync inside, because it only computes. Returns the 64-bit FNV-1a hash, and the thread that
    /// computed it. Sync callers run it in place, on the borrowed bytes. It must not block async
    /// callers, so for them it runs on the offload pool, on a copy of the bytes.
    fn hash(bytes: &[u8]) -> (u64, String) {
        let digest = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        (digest, this_thread())
    }

    /// Calls both. `#[maybe_async]` compiles this function twice. Each `smart_await!` makes a plain
    /// call in the sync copy, and awaits in the async copy.
    #[maybe_async]
    async fn page(port: u16, path: &str) -> Result<Page, String> {
        let body = smart_await!(fetch(port, path))?;
        let fetched_on = this_thread();
        let (digest, hashed_on) = smart_await!(hash(&body));
        Ok(Page {
            bytes: body.len(),
            digest,
            fetched_on,
            hashed_on,
        })
    }

    /// Returns one page to all callers that ask while it is fetched. The first caller fetches the
    /// page, and the others get a clone.
    async fn shared_page(port: u16, path: &str) -> Result<Page, String> {
        let lead = || async {
            in_time(everybody_waits())
                .await
                .map_err(|error| format!("some of the callers did not come: {error}"))?;
            page(port, path).await
        };
        LOCK.run_once(lead)
            .await
            .map_err(|cancelled| cancelled.to_string())?
    }
);

/// The lock of `shared_page`. `SmartLock::new` is `const`, so a `static` can hold the lock.
static LOCK: SmartLock<Result<Page, String>> = SmartLock::new();

/// Waits until all callers have come, so that this program always prints the same numbers. Real
/// code does not need this. The loop ends when the lock has enough waiters. The pause only keeps
/// the thread from spinning.
async fn everybody_waits() -> io::Result<()> {
    while LOCK.waiters() < 2 * CALLERS_OF_A_KIND - 1 {
        Timer::after(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// Ends a future that is not ready in time. The timer and the sockets come from smol. Any library
/// that needs no runtime of its own works here.
async fn in_time<T>(future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let too_late = async {
        Timer::after(PATIENCE).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    future::or(future, too_late).await
}

/// Sends one HTTP/1.1 request on a new connection, and returns the body. `Content-Length` gives the
/// length of the body. Anything after that is ignored.
async fn get(port: u16, path: &str) -> io::Result<Vec<u8>> {
    let mut stream = net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut reply = smol::io::BufReader::new(stream);
    let mut line = String::new();
    reply.read_line(&mut line).await?;
    if line.split(' ').nth(1) != Some("200") {
        return Err(io::Error::other(format!(
            "the server answered {:?}",
            line.trim_end()
        )));
    }
    let mut length = None;
    loop {
        line.clear();
        reply.read_line(&mut line).await?;
        // The head ends with a blank line, which has no colon. A reply that is cut off gives an
        // empty line, which has no colon either.
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<u64>().ok();
        }
    }
    let length = length.ok_or_else(|| io::Error::other("the reply has no Content-Length"))?;
    let mut body = Vec::new();
    reply.take(length).read_to_end(&mut body).await?;
    if body.len() as u64 == length {
        Ok(body)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

// ---- The three ways to call them.

/// In sync code: fetches one page after the other, without a runtime.
fn fetch_in_turn(port: u16, files: &Files) -> Result<Pages, String> {
    files
        .keys()
        .map(|path| Ok((path.clone(), page(port, path).wait()?)))
        .collect()
}

/// In async code: a few tasks share the work on this thread. While one task waits for the network,
/// the others use the thread.
fn fetch_concurrently(port: u16, files: &Files) -> Result<Pages, String> {
    let worker = |paths: Vec<String>| async move {
        let mut pages = Pages::new();
        for path in paths {
            let page = page(port, &path).await?;
            pages.insert(path, page);
        }
        Ok::<_, String>(pages)
    };
    let share = |of| {
        files
            .keys()
            .skip(of)
            .step_by(CONNECTIONS)
            .cloned()
            .collect()
    };
    block_on(async {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|number| spawn_local(worker(share(number))))
            .collect();
        let mut pages = Pages::new();
        for worker in workers {
            pages.extend(worker.await?);
        }
        Ok(pages)
    })
}

/// In both at once: threads wait and tasks await, all for the same page.
fn fetch_together(port: u16, path: &str) -> Result<Vec<Page>, Box<dyn Error>> {
    let mut threads = Vec::new();
    for number in 1..=CALLERS_OF_A_KIND {
        let path = path.to_owned();
        threads.push(
            thread::Builder::new()
                .name(format!("caller {number}"))
                .spawn(move || shared_page(port, &path).wait())?,
        );
    }
    // To the compiler, a task may outlive this function. So each task owns its path, and lends the
    // path to the call inside.
    let call = |path: String| async move { shared_page(port, &path).await };
    let mut pages = block_on(async {
        let tasks: Vec<_> = (0..CALLERS_OF_A_KIND)
            .map(|_| spawn_local(call(path.to_owned())))
            .collect();
        let mut pages = Vec::new();
        for task in tasks {
            pages.push(task.await?);
        }
        Ok::<_, String>(pages)
    })?;
    for thread in threads {
        pages.push(thread.join().map_err(|_| "a calling thread panicked")??);
    }
    Ok(pages)
}

// ---- The report.

fn main() -> ExitCode {
    let Err(error) = run(&mut io::stdout()) else {
        return ExitCode::SUCCESS;
    };
    eprintln!("quickstart: {error}");
    ExitCode::FAILURE
}

/// Runs the three passes, and prints the report. It uses `writeln!`, because `println!` panics when
/// the reader of the output is gone, as in `quickstart | head -1`.
fn run(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (directory, port) = arguments()?;
    let mut files = Files::new();
    // `{:?}` escapes line breaks, which a path may contain.
    let skipped = list(&directory, "/", &mut files)
        .map_err(|error| format!("cannot read the directory {directory:?}: {error}"))?;
    let first = files
        .keys()
        .next()
        .ok_or_else(|| format!("there is no file to serve in {directory:?}"))?;
    let requests = Arc::new(AtomicUsize::new(0));
    // Only our own server counts its requests.
    let (port, count): (_, &dyn Fn() -> String) = match port {
        Some(port) => (port, &|| "requests not counted".to_owned()),
        None => (serve(files.clone(), requests.clone())?, &|| {
            plural(requests.swap(0, Relaxed), "request")
        }),
    };
    writeln!(
        out,
        "site    {} of {directory:?} at http://127.0.0.1:{port}/, skipped: {skipped}",
        plural(files.len(), "file")
    )?;

    let start = Instant::now();
    let in_turn = fetch_in_turn(port, &files)?;
    report(out, "sync ", &in_turn, start.elapsed(), &count())?;

    let start = Instant::now();
    let concurrently = fetch_concurrently(port, &files)?;
    report(out, "async", &concurrently, start.elapsed(), &count())?;

    if let Some(path) = files
        .keys()
        .find(|&path| in_turn[path].digest != concurrently[path].digest)
    {
        return Err(format!(
            "{path} differs between the passes; did the file change in the meantime?"
        )
        .into());
    }
    writeln!(
        out,
        "check   both passes have the same {}",
        plural(files.len(), "digest")
    )?;

    let start = Instant::now();
    let pages = fetch_together(port, first)?;
    writeln!(
        out,
        "lock    {} callers of {first}, half threads, half tasks: {:.1?}, {}",
        pages.len(),
        start.elapsed(),
        count()
    )?;
    let right = pages
        .iter()
        .filter(|page| page.digest == in_turn[first].digest)
        .count();
    writeln!(
        out,
        "        fetched on {}; callers with the right digest: {right}",
        pages[0].fetched_on
    )?;
    if right == pages.len() {
        Ok(())
    } else {
        Err(format!("{first} changed in the meantime").into())
    }
}

fn report(
    out: &mut impl Write,
    name: &str,
    pages: &Pages,
    took: Duration,
    requests: &str,
) -> io::Result<()> {
    let bytes: usize = pages.values().map(|page| page.bytes).sum();
    let threads = |of: fn(&Page) -> &str| {
        pages
            .values()
            .map(of)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
            .join(", ")
    };
    writeln!(
        out,
        "{name}   {}, {}: {took:.1?}, {requests}",
        plural(pages.len(), "file"),
        plural(bytes, "byte")
    )?;
    writeln!(
        out,
        "        fetched on {}\n        hashed on  {}",
        threads(|page| &page.fetched_on),
        threads(|page| &page.hashed_on)
    )
}

fn plural(count: usize, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}

fn this_thread() -> String {
    let thread = thread::current();
    format!("{} {:?}", thread.name().unwrap_or("unnamed"), thread.id())
}

/// Reads the directory and the port. It uses `args_os`, because `args` panics if a path is not
/// UTF-8.
fn arguments() -> Result<(PathBuf, Option<u16>), &'static str> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let (directory, port) = match &arguments[..] {
        [directory @ .., flag, number] if flag == "--port" => {
            let number = number.to_str().and_then(|number| number.parse().ok());
            (
                directory,
                Some(number.ok_or("--port takes a number from 0 to 65535")?),
            )
        }
        directory => (directory, None),
    };
    match directory {
        [] => Ok((Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), port)),
        [directory] if !directory.to_string_lossy().starts_with("--") => {
            Ok((directory.into(), port))
        }
        _ => Err("usage: quickstart [DIRECTORY] [--port N]"),
    }
}

// ---- The file server, in plain std.

/// Lists the plain files of a directory and of its subdirectories. Skips other entries, such as
/// links, and files that cannot be read or whose names are not UTF-8. Returns the number of skipped
/// entries.
fn list(directory: &Path, url: &str, files: &mut Files) -> io::Result<usize> {
    let mut skipped = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        match entry
            .file_name()
            .to_str()
            .map(|name| format!("{url}{}", percent_encode(name)))
        {
            Some(url) if kind.is_dir() => {
                skipped += list(&path, &format!("{url}/"), files).unwrap_or(1)
            }
            Some(url) if kind.is_file() && File::open(&path).is_ok() => {
                drop(files.insert(url, path))
            }
            _ => skipped += 1,
        }
    }
    Ok(skipped)
}

fn percent_encode(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Serves `files` until the program ends, and returns its port. Each connection has a thread.
/// Clients may close their connections at any time.
fn serve(files: Files, requests: Arc<AtomicUsize>) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let files = Arc::new(files);
    thread::Builder::new().spawn(move || {
        for stream in listener.incoming().flatten() {
            let (files, requests) = (files.clone(), requests.clone());
            drop(thread::Builder::new().spawn(move || answer(&stream, &files, &requests)));
        }
    })?;
    Ok(port)
}

/// Answers the one request of a connection. It serves only `files`, so no path leads out of the
/// directory.
fn answer(mut stream: &TcpStream, files: &Files, requests: &AtomicUsize) -> io::Result<()> {
    let mut head = String::new();
    let mut lines = io::BufReader::new(stream.take(16 << 10));
    // A line of two bytes is a bare line end, which ends the head.
    while lines.read_line(&mut head)? > 2 {}
    requests.fetch_add(1, Relaxed);
    let file = files.get(head.split(' ').nth(1).unwrap_or_default());
    let (status, body) = match file.map(fs::read) {
        Some(Ok(body)) => ("200 OK", body),
        _ => ("404 Not Found", Vec::new()),
    };
    // This is one write, because a second small one would wait for the client to acknowledge the
    // first.
    let mut reply = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    reply.extend(body);
    stream.write_all(&reply)
}
