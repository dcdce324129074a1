//! The service as a separate process, and a client with one connection to it.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;
use std::{env, fs, process};
use web_cache::Store;

/// A sample database for one test.
pub struct Sample(PathBuf);

impl Sample {
    pub fn create() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "web_cache.test.{}.{}.sqlite",
            process::id(),
            LAST.fetch_add(1, Ordering::Relaxed)
        );
        let path = env::temp_dir().join(name);
        Store::create_sample(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Keeps every reader of every process waiting, until the connection is dropped.
    pub fn lock(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(&self.0).unwrap();
        connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
        connection
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

/// The service. Dropping it ends the process.
pub struct Service {
    child: Child,
    address: SocketAddr,
}

impl Service {
    pub fn start(database: &Sample, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_web_cache"));
        command
            .args(["serve", "--port", "0", "--database"])
            .arg(database.path())
            .args(options);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .strip_prefix("listening on http://")
            .and_then(|rest| rest.split('/').next()?.parse().ok());
        Self {
            child,
            address: address.unwrap_or_else(|| panic!("no address in {line:?}")),
        }
    }

    pub fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        // No request takes this long, so the test fails if the service hangs.
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        Client {
            stream: BufReader::new(stream),
        }
    }

    /// Returns a number of `/stats`.
    pub fn stat(&self, name: &str) -> u64 {
        let (status, body) = self.connect().request("GET", "/stats", "");
        assert_eq!(status, 200, "{body}");
        let stats: serde_json::Value = serde_json::from_str(&body).unwrap();
        stats[name]
            .as_u64()
            .unwrap_or_else(|| panic!("no {name} in {body}"))
    }

    /// Waits until a number of `/stats` is at least this high.
    pub fn until(&self, name: &str, count: u64) {
        while self.stat(name) < count {
            thread::yield_now();
        }
    }
}

impl Service {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends what Ctrl-C sends.
    pub fn interrupt(&self) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Returns whether the process still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until the process has ended, and returns whether it ended well.
    pub fn ended_well(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// One connection, which sends one request after the other.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub fn get(&mut self, path: &str) -> String {
        let (status, body) = self.request("GET", path, "");
        assert_eq!(status, 200, "{body}");
        body
    }

    pub fn request(&mut self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.send(method, path, body);
        self.receive()
    }

    pub fn send(&mut self, method: &str, path: &str, body: &str) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
    }

    pub fn receive(&mut self) -> (u16, String) {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or_else(|| panic!("no status in {line:?}"));
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    }
}
