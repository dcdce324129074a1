//! Downloads one file: its requests, its tries, and where it goes on.

use crate::bars::Bars;
use crate::options::Options;
use crate::record::{self, Entry, Record};
use indicatif::ProgressBar;
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderName, IF_RANGE, LAST_MODIFIED, RANGE};
use reqwest::{Client, Response, StatusCode, Url};
use smartasync::{sleep, smart};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};

/// Downloads files. All of its futures run on the thread of the loop in `main`, so they share the
/// database and the bars without a lock. They also write to their files there. A program whose
/// disk is slow would write with [`offload`](smartasync::offload).
pub(crate) struct Fetcher<'a> {
    client: Client,
    options: &'a Options,
    record: &'a Record,
    bars: &'a Bars,
}

/// How a file came to be complete.
pub(crate) enum Fetched {
    /// This run has completed it.
    New { file: String, bytes: u64 },
    /// An earlier run has.
    Before { file: String },
}

impl<'a> Fetcher<'a> {
    /// Makes a client.
    pub(crate) fn new(
        options: &'a Options,
        record: &'a Record,
        bars: &'a Bars,
    ) -> reqwest::Result<Self> {
        let agent = concat!("downloader/", env!("CARGO_PKG_VERSION"));
        Ok(Self {
            client: Client::builder().user_agent(agent).build()?,
            options,
            record,
            bars,
        })
    }

    /// Downloads a file, if the directory does not have it. If the future is dropped, the next run
    /// goes on where this one was.
    pub(crate) async fn fetch(&self, url: &Url) -> Result<Fetched, Error> {
        let entry = self.record.entry(url)?;
        let file = entry.name();
        if entry.is_complete() {
            return Ok(Fetched::Before { file });
        }
        let bar = self.bars.begin(&file);
        let mut part = Part::open(&entry)?;
        let (mut most, mut failures) = (part.bytes, 0);
        loop {
            let request = smart(self.request(url, &mut part, &bar));
            let result = request.timeout(self.options.timeout).await;
            let Err(error) = result.unwrap_or(Err(Error::TimedOut)) else {
                break;
            };
            // A request that got further than all before it starts the count anew.
            failures = if part.bytes > most { 1 } else { failures + 1 };
            most = most.max(part.bytes);
            if !error.is_temporary() || failures >= self.options.tries.get() {
                return Err(error);
            }
            let pause = self
                .options
                .pause
                .saturating_mul(1 << (failures - 1).min(16));
            sleep(pause).await;
        }
        part.file.sync_all()?;
        fs::rename(entry.part(), &entry.path)?;
        self.record.complete(url, part.bytes)?;
        let bytes = part.bytes;
        Ok(Fetched::New { file, bytes })
    }

    /// Asks for the missing bytes of a file, and appends them.
    async fn request(&self, url: &Url, part: &mut Part, bar: &ProgressBar) -> Result<(), Error> {
        let mut request = self.client.get(url.clone());
        let from = part.bytes;
        if let (1.., Some(version)) = (from, &part.version) {
            // The server sends the whole file if it is not that version any more.
            request = request
                .header(RANGE, format!("bytes={from}-"))
                .header(IF_RANGE, version);
        }
        let mut response = request.send().await.map_err(Error::Request)?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT if starts_at(&response) == Some(from) => {}
            StatusCode::RANGE_NOT_SATISFIABLE if all_of(&response) == Some(from) => return Ok(()),
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                // The server has another file than the part. The next request asks for all of it.
                part.restart(None)?;
                self.record.begin(url, None)?;
                return Err(Error::Changed);
            }
            StatusCode::OK => {
                part.restart(version(response.headers()))?;
                self.record.begin(url, part.version.as_deref())?;
            }
            status => return Err(Error::Status(status)),
        }
        bar.set_position(part.bytes);
        if let Some(missing) = response.content_length() {
            bar.set_length(part.bytes + missing);
        }
        // reqwest returns an error if the body is shorter than the server has said.
        while let Some(bytes) = response.chunk().await.map_err(Error::Request)? {
            part.append(&bytes)?;
            bar.set_position(part.bytes);
        }
        Ok(())
    }
}

/// A file that is not complete.
struct Part {
    file: File,
    bytes: u64,
    version: Option<String>,
}

impl Part {
    fn open(entry: &Entry) -> io::Result<Self> {
        let mut options = File::options();
        let mut file = options.create(true).append(true).open(entry.part())?;
        Ok(Self {
            bytes: file.seek(SeekFrom::End(0))?,
            version: entry.version.clone(),
            file,
        })
    }

    /// Throws away all bytes.
    fn restart(&mut self, version: Option<String>) -> io::Result<()> {
        self.file.set_len(0)?;
        self.bytes = 0;
        self.version = version;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Returns what names this version of the file. A weak `ETag` names versions that are only similar.
fn version(headers: &HeaderMap) -> Option<String> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok();
    let strong = text(ETAG).filter(|tag| !tag.starts_with("W/"));
    strong.or_else(|| text(LAST_MODIFIED)).map(str::to_owned)
}

/// Returns `7` for `Content-Range: bytes 7-9/10`.
fn starts_at(response: &Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range
        .strip_prefix("bytes ")?
        .split_once('-')?
        .0
        .parse()
        .ok()
}

/// Returns `10` for `Content-Range: bytes */10`.
fn all_of(response: &Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes */")?.parse().ok()
}

/// Why a file is not complete.
#[derive(Debug)]
pub(crate) enum Error {
    /// A request took too long.
    TimedOut,
    /// There was no response, or not all of it.
    Request(reqwest::Error),
    /// The server refused the request.
    Status(StatusCode),
    /// The server has another file than before.
    Changed,
    /// The file could not be written.
    File(io::Error),
    /// The database failed.
    Record(record::Error),
}

impl Error {
    /// Returns whether another try may succeed.
    fn is_temporary(&self) -> bool {
        match self {
            // A URL that cannot be asked for, and too many redirects, stay as they are.
            Self::Request(error) => !error.is_builder() && !error.is_redirect(),
            Self::Status(status) => {
                status.is_server_error()
                    || matches!(
                        *status,
                        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
                    )
            }
            Self::TimedOut | Self::Changed => true,
            Self::File(_) | Self::Record(_) => false,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<record::Error> for Error {
    fn from(error: record::Error) -> Self {
        Self::Record(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("the time is up"),
            Self::Request(error) => {
                // The first sentence of reqwest only names the URL again.
                let mut cause: &dyn std::error::Error = error;
                while let Some(next) = cause.source() {
                    cause = next;
                }
                write!(f, "{cause}")
            }
            Self::Status(status) => write!(f, "the server says {status}"),
            Self::Changed => f.write_str("the file changed on the server"),
            Self::File(error) => write!(f, "the file cannot be written: {error}"),
            Self::Record(error) => error.fmt(f),
        }
    }
}
