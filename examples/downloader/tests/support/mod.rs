//! The program as a separate process, and a server that misbehaves as a test says.

#![allow(unreachable_pub, reason = "a module of the tests")]

pub mod server;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

/// A directory for the files of one test. It is removed at the end.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("downloader.test.{}.{number}", process::id());
        let directory = env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads a file of the directory.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Returns the names of the files, without the database.
    pub fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter(|name| !name.starts_with("downloads.sqlite"))
            .collect();
        names.sort();
        names
    }

    /// Starts the program.
    pub fn start(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_downloader"))
            .args(["--pause", "0.01", "--directory"])
            .arg(&self.0)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs the program to its end, in a terminal. What it has drawn is in the lines.
    pub fn run_in_terminal(&self, url: &str) -> Run {
        let program = env!("CARGO_BIN_EXE_downloader");
        let directory = self.0.display();
        let command = format!("stty cols 80; {program} --directory {directory} {url}");
        let child = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        finish(child.expect("`script` of util-linux runs a program in a terminal"))
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Run {
        finish(self.start(arguments))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// What a run of the program has said.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub lines: Vec<String>,
    pub errors: String,
}

/// Waits for the end of the program. Panics if it hangs.
pub fn finish(child: Child) -> Run {
    let id = child.id();
    let (done, output) = mpsc::channel();
    thread::spawn(move || drop(done.send(child.wait_with_output().unwrap())));
    let Ok(Output {
        status,
        stdout,
        stderr,
    }) = output.recv_timeout(Duration::from_secs(60))
    else {
        signal("-KILL", id);
        panic!("the program hangs");
    };
    let mut lines: Vec<String> = String::from_utf8(stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    // Downloads end in any order.
    lines.sort();
    Run {
        code: status.code(),
        lines,
        errors: String::from_utf8(stderr).unwrap(),
    }
}

/// Returns once `is_so` does. Panics if that takes too long.
pub fn until(is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "it never is");
        thread::yield_now();
    }
}

/// Sends a signal to a process.
pub fn signal(signal: &str, id: u32) {
    // Every shell has this command. As a program of its own, it may be missing.
    let kill = format!("kill {signal} {id}");
    let status = Command::new("sh").args(["-c", &kill]).status();
    assert!(status.unwrap().success());
}
