//! A real `redis-server` on a free loopback port, without persistence. Its directory is removed
//! with it.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

/// A server that ends when it is dropped.
pub struct Server {
    child: Child,
    pub port: u16,
    directory: PathBuf,
    options: Vec<String>,
}

impl Server {
    /// Starts a server.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts a server with options, such as `["--requirepass", "secret"]`.
    pub fn with(options: &[&str]) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "redis_client.{}.{}",
            process::id(),
            LAST.fetch_add(1, Ordering::Relaxed)
        );
        let directory = env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("a directory for the server");
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        // Another process may take the free port first, so this tries several times.
        for _ in 0..10 {
            let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .and_then(|listener| listener.local_addr());
            let port = free.expect("a free port").port();
            if let Some(child) = spawn(port, &directory, &options) {
                return Self {
                    child,
                    port,
                    directory,
                    options,
                };
            }
        }
        panic!("redis-server does not start; run it by hand to see why");
    }

    /// The address of the server.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Kills the server, as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
    }

    /// Starts the server again on its port, without data.
    pub fn restart(&mut self) {
        self.kill();
        // Another socket, such as a connection of another test, may use the port for a short time.
        let again = (0..50).find_map(|_| spawn(self.port, &self.directory, &self.options));
        self.child = again.expect("its port is free");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// Starts the server, and returns once it is ready, or `None` if it ends before.
fn spawn(port: u16, directory: &PathBuf, options: &[String]) -> Option<Child> {
    let mut child = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no", "--daemonize", "no"])
        .arg("--dir")
        .arg(directory)
        .args(options)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run redis-server ({error}); install it, on Debian: apt-get install redis-server"));
    let log = child.stdout.take().map(BufReader::new);
    // The server prints little after that, and ignores that this end of the pipe closes.
    let ready = log.is_some_and(|log| {
        log.lines()
            .map_while(Result::ok)
            .any(|line| line.contains("Ready to accept connections"))
    });
    if ready {
        return Some(child);
    }
    drop(child.kill());
    drop(child.wait());
    None
}
