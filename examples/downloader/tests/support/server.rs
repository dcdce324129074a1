//! A small HTTP server with faults. It answers ranges, closes each connection after its response,
//! and notes what it was asked for.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use std::{iter, thread};

/// What the server does wrong, in one request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// It closes the connection without a response.
    HangUp,
    /// It refuses the request with this status.
    Refuse(&'static str),
    /// It promises all bytes, and closes the connection after so many.
    Truncate(usize),
    /// It sends so many bytes, and then nothing.
    Stall(usize),
    /// It sends so many bytes at once, with pauses between them.
    Drip(usize, Duration),
}

/// A file of the server.
#[derive(Clone)]
pub struct File {
    pub bytes: Vec<u8>,
    /// The header that names the version of the file, such as `ETag: "1"`.
    pub version: Option<&'static str>,
    pub knows_ranges: bool,
    /// The faults of the next requests. Further ones have none.
    pub faults: Vec<Fault>,
}

impl File {
    /// Makes a file without faults, whose bytes are different at each place.
    pub fn new(length: usize) -> Self {
        let numbers = (0_u32..).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes());
        Self {
            bytes: numbers.take(length).collect(),
            version: Some("ETag: \"1\""),
            knows_ranges: true,
            faults: Vec::new(),
        }
    }

    pub fn faults(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults = faults.into_iter().collect();
        self
    }
}

/// The server. Its threads end with the process of the test.
pub struct Server {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    inner: Mutex<Inner>,
    changed: Condvar,
    /// How many requests must be open before any of them gets its response.
    at_once: Mutex<usize>,
}

#[derive(Default)]
struct Inner {
    files: HashMap<String, File>,
    /// Each request, as `/path 0-`.
    requests: Vec<String>,
    /// How many requests have no response yet.
    open: usize,
    most_open: usize,
    /// How many responses have stopped in the middle, at a [`Fault::Stall`].
    stalled: usize,
}

impl Server {
    pub fn start<const N: usize>(files: [(&str, File); N]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let server = Self { port, state };
        for (path, file) in files {
            server.put(path, file);
        }
        let state = server.state.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = state.clone();
                // The client may hang up at any time.
                thread::spawn(move || state.serve(stream).ok());
            }
        });
        server
    }

    /// Puts a file into the place of another one.
    pub fn put(&self, path: &str, file: File) {
        let mut inner = self.state.inner.lock().unwrap();
        inner.files.insert(path.to_owned(), file);
    }

    /// Lets no request have its response before so many are open.
    pub fn waits_for(&self, requests: usize) {
        *self.state.at_once.lock().unwrap() = requests;
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Returns the requests that have come since the last call.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state.inner.lock().unwrap().requests)
    }

    /// Returns how many requests were open at once.
    pub fn most_open(&self) -> usize {
        self.state.inner.lock().unwrap().most_open
    }

    /// Returns once so many responses have stopped in the middle.
    pub fn until_stalled(&self, responses: usize) {
        let inner = self.state.inner.lock().unwrap();
        let waits = |inner: &mut Inner| inner.stalled < responses;
        let limit = Duration::from_secs(60);
        let (_inner, timed_out) = self
            .state
            .changed
            .wait_timeout_while(inner, limit, waits)
            .unwrap();
        assert!(!timed_out.timed_out(), "the program does not ask");
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let request: Vec<String> = iter::from_fn(|| lines.next()?.ok())
            .take_while(|line| !line.is_empty())
            .collect();
        let header = |name: &str| {
            request.iter().find_map(|line| {
                let (found, value) = line.split_once(": ")?;
                found.eq_ignore_ascii_case(name).then_some(value)
            })
        };
        let Some(path) = request.first().and_then(|line| line.split(' ').nth(1)) else {
            return Ok(());
        };
        let range = header("range").and_then(|range| range.strip_prefix("bytes="));
        let (file, fault) = self.begin(path, range.unwrap_or("all"));
        match file {
            Some(file) => self.respond(&mut stream, &file, fault, range, header("if-range")),
            None => stream.write_all(&refusal("404 Not Found")),
        }
    }

    /// Counts a request. Returns the file, and what is to go wrong this time.
    fn begin(&self, path: &str, range: &str) -> (Option<File>, Option<Fault>) {
        let mut inner = self.inner.lock().unwrap();
        inner.requests.push(format!("{path} {range}"));
        inner.open += 1;
        inner.most_open = inner.most_open.max(inner.open);
        let file = inner.files.get_mut(path).map(|file| {
            let fault = (!file.faults.is_empty()).then(|| file.faults.remove(0));
            (file.clone(), fault)
        });
        self.changed.notify_all();
        let at_once = *self.at_once.lock().unwrap();
        let waits = |inner: &mut Inner| inner.most_open < at_once;
        // The next request may come as soon as the client has this response.
        self.changed.wait_while(inner, waits).unwrap().open -= 1;
        match file {
            Some((file, fault)) => (Some(file), fault),
            None => (None, None),
        }
    }

    fn respond(
        &self,
        stream: &mut TcpStream,
        file: &File,
        fault: Option<Fault>,
        range: Option<&str>,
        if_range: Option<&str>,
    ) -> std::io::Result<()> {
        match fault {
            Some(Fault::HangUp) => return Ok(()),
            Some(Fault::Refuse(status)) => return stream.write_all(&refusal(status)),
            _ => {}
        }
        let all = file.bytes.len();
        let version = file.version.and_then(|header| header.split_once(": "));
        let is_same = if_range.is_some() && if_range == version.map(|(_, value)| value);
        let from = range.filter(|_| file.knows_ranges && is_same);
        let from = from.map(|range| range.trim_end_matches('-').parse::<usize>().unwrap());
        let mut head = match from {
            Some(from) if from >= all => {
                let refusal = format!(
                    "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{all}\r\n\
                     Content-Length: 0\r\nConnection: close\r\n\r\n"
                );
                return stream.write_all(refusal.as_bytes());
            }
            Some(from) => format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {from}-{}/{all}\r\n",
                all - 1
            ),
            None => "HTTP/1.1 200 OK\r\n".to_owned(),
        };
        if let Some(version) = file.version {
            head += &format!("{version}\r\n");
        }
        let body = &file.bytes[from.unwrap_or(0)..];
        head += &format!(
            "Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        match fault {
            Some(Fault::Truncate(bytes)) => stream.write_all(&body[..bytes]),
            Some(Fault::Stall(bytes)) => {
                stream.write_all(&body[..bytes])?;
                self.inner.lock().unwrap().stalled += 1;
                self.changed.notify_all();
                // Nothing more comes until the client hangs up.
                stream.peek(&mut [0]).map(drop)
            }
            Some(Fault::Drip(bytes, pause)) => body.chunks(bytes).try_for_each(|chunk| {
                thread::sleep(pause);
                stream.write_all(chunk)
            }),
            _ => stream.write_all(body),
        }
    }
}

fn refusal(status: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}
