//! The service, and a command line over the same database layer.
//!
//! ```text
//! web_cache [serve] [--port N] [--workers N] [--no-coalescing] [--database FILE]
//! web_cache show ID [--database FILE]
//! web_cache search WORD [--database FILE]
//! ```
//!
//! Without `--database`, the program makes a sample database at its start, and removes it at its
//! end.

use smartasync::wait_for_offloads;
use std::error::Error;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs, process};
use web_cache::{Library, Store, router};

const USAGE: &str = "usage: web_cache [serve [--port N] [--workers N] [--no-coalescing] | show ID | search WORD] [--database FILE]";

/// How long the service waits at its end for queries that still run.
const LAST_QUERIES: Duration = Duration::from_secs(30);

enum Command {
    Serve {
        port: u16,
        workers: usize,
        coalesce: bool,
    },
    Show(i64),
    Search(String),
}

/// The database to use. Dropping it removes a sample database.
struct Database {
    path: PathBuf,
    is_sample: bool,
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.is_sample {
            drop(fs::remove_file(&self.path));
        }
    }
}

fn main() -> ExitCode {
    let Err(error) = run() else {
        return ExitCode::SUCCESS;
    };
    eprintln!("web_cache: {error}");
    ExitCode::FAILURE
}

fn run() -> Result<(), Box<dyn Error>> {
    let (command, database) = arguments(env::args().skip(1))?;
    let database = match database {
        Some(path) => Database {
            path,
            is_sample: false,
        },
        None => {
            let path = env::temp_dir().join(format!("web_cache.{}.sqlite", process::id()));
            let database = Database {
                path,
                is_sample: true,
            };
            Store::create_sample(&database.path)?;
            database
        }
    };
    let store = Store::open(&database.path)?;
    // This uses `writeln!`, because `println!` panics when the reader of the output is gone.
    let mut out = io::stdout();
    match command {
        Command::Serve {
            port,
            workers,
            coalesce,
        } => serve(port, workers, Library::new(store, coalesce)),
        Command::Show(id) => {
            let article = store
                .article(id)
                .wait()?
                .ok_or_else(|| format!("there is no article {id}"))?;
            Ok(writeln!(out, "{}\n\n{}", article.title, article.body)?)
        }
        Command::Search(word) => {
            for found in store.search(&word).wait()? {
                writeln!(out, "{:6} {}", found.id, found.title)?;
            }
            Ok(())
        }
    }
}

fn serve(port: u16, workers: usize, library: Library) -> Result<(), Box<dyn Error>> {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()?;
    tokio.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener =
            listener.map_err(|error| format!("cannot listen on port {port}: {error}"))?;
        writeln!(
            io::stdout(),
            "listening on http://{}/, try /articles/7, /search/waker, /report/1000000, /stats",
            listener.local_addr()?
        )?;
        let until_interrupted = async { drop(tokio::signal::ctrl_c().await) };
        axum::serve(listener, router(library))
            .with_graceful_shutdown(until_interrupted)
            .await?;
        // A query goes on when its client has gone. It may be a write.
        if wait_for_offloads(LAST_QUERIES).await {
            Ok(())
        } else {
            Err("a query did not end in time".into())
        }
    })
}

fn arguments(
    mut words: impl Iterator<Item = String>,
) -> Result<(Command, Option<PathBuf>), String> {
    let (mut port, mut workers, mut coalesce, mut database) = (8080, 2, true, None);
    let mut plain = Vec::new();
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| format!("{word} takes a value; {USAGE}"))
        };
        match word.as_str() {
            "--port" => {
                port = value()?
                    .parse()
                    .map_err(|_| "--port takes a number from 0 to 65535")?
            }
            "--workers" => {
                workers = value()?
                    .parse()
                    .ok()
                    .filter(|&workers| workers > 0)
                    .ok_or("--workers takes a number, at least 1")?
            }
            "--database" => database = Some(value()?.into()),
            "--no-coalescing" => coalesce = false,
            _ if word.starts_with("--") => {
                return Err(format!("there is no option {word}; {USAGE}"));
            }
            _ => plain.push(word),
        }
    }
    let command = match &plain.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] | ["serve"] => Command::Serve {
            port,
            workers,
            coalesce,
        },
        ["show", id] => Command::Show(
            id.parse()
                .map_err(|_| format!("{id:?} is not the number of an article"))?,
        ),
        ["search", word] => Command::Search((*word).to_owned()),
        _ => return Err(USAGE.to_owned()),
    };
    Ok((command, database))
}
