//! Downloads files: a sync program over reqwest, which is an async library.
//!
//! ```text
//! cargo run -- https://www.rust-lang.org/ https://doc.rust-lang.org/book/
//! cargo run -- --list
//! ```
//!
//! The program has no async `main` and no runtime of its own. [`install_tokio`] is the one line that
//! reqwest needs. The loop in [`download`] takes the results in the order in which they come.

mod bars;
mod fetch;
mod options;
mod record;

use bars::Bars;
use clap::Parser;
use fetch::{Fetched, Fetcher};
use futures_util::{StreamExt, stream};
use options::Options;
use record::Record;
use reqwest::Url;
use smartasync::{install_tokio, smart_stream};
use std::cell::Cell;
use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::process::ExitCode;

/// The exit code of a program that Ctrl-C has ended.
const STOPPED: u8 = 130;

fn main() -> ExitCode {
    let options = Options::parse();
    let done = if options.list {
        list(&options)
    } else {
        download(&options)
    };
    done.unwrap_or_else(|error| {
        eprintln!("downloader: {error}");
        ExitCode::FAILURE
    })
}

/// Prints what the directory has.
fn list(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    let record = Record::open(&options.directory)?;
    for entry in record.entries()? {
        println!("{entry}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Downloads the files that the directory does not have yet.
fn download(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    install_tokio()?; // The one line.
    fs::create_dir_all(&options.directory)?;
    let record = Record::open(&options.directory)?;
    let urls = urls(options);
    let bars = Bars::new(urls.len() as u64);
    let fetcher = Fetcher::new(options, &record, &bars)?;
    let (mut failed, stopped) = (0, Cell::new(false));

    let stop = async { stopped.set(tokio::signal::ctrl_c().await.is_ok()) };
    let downloads = stream::iter(&urls)
        .map(async |url| (url, fetcher.fetch(url).await))
        .buffer_unordered(options.at_once.get())
        .take_until(stop);
    for (url, result) in smart_stream(downloads) {
        match result {
            Ok(Fetched::New { file, bytes }) => {
                bars.say(&format!("done      {file}, {bytes} bytes"))
            }
            Ok(Fetched::Before { file }) => bars.say(&format!("before    {file}")),
            Err(error) => {
                failed += 1;
                bars.say(&format!("failed    {url}: {error}"));
            }
        }
        bars.count();
    }

    bars.end();
    if stopped.get() {
        println!("stopped   run the same command again to go on");
        return Ok(ExitCode::from(STOPPED));
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns each URL once, because two downloads of the same URL would write to the same file.
fn urls(options: &Options) -> Vec<Url> {
    let mut seen = HashSet::new();
    let mut urls = options.urls.clone();
    urls.retain(|url| seen.insert(url.clone()));
    urls
}
