//! Runs the `quickstart` example as a user does: on real directories, and with wrong arguments,
//! files and servers.
#![cfg(feature = "std")]

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, process, thread};

/// The built example. `cargo test` builds it before any test runs, but `cargo test --test
/// quickstart` does not.
fn quickstart() -> Command {
    let test = env::current_exe().unwrap();
    let target = test.parent().and_then(Path::parent).unwrap();
    let program = target
        .join("examples")
        .join(format!("quickstart{}", env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{program:?} is missing: run `cargo build --example quickstart` first, with the same flags"
    );
    Command::new(program)
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// A directory that is removed at the end of its test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("smartasync quickstart {} {name}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn with(self, file: &str, content: &[u8]) -> Self {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Starts a server that gives every request the same reply, and returns its port.
fn server_that_says(reply: &'static str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head = BufReader::new(&stream).lines().map_while(Result::ok);
            assert!(head.take_while(|line| !line.is_empty()).count() > 0);
            stream.write_all(reply.as_bytes()).unwrap();
        }
    });
    port.to_string()
}

#[track_caller]
fn assert_succeeds(output: &Output, lines: &[&str]) {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{}\n{out}{err}", output.status);
    assert_eq!(err, "");
    for line in lines {
        assert!(out.contains(line), "{line:?} is not in\n{out}");
    }
}

#[track_caller]
fn assert_fails(output: &Output, reason: &str) {
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(
        err.starts_with("quickstart: ") && err.contains(reason),
        "{reason:?} is not in {err:?}"
    );
    assert!(!err.contains("panicked"), "{err}");
}

/// How many files a directory and its subdirectories contain.
fn count(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            if entry.file_type().unwrap().is_dir() {
                count(&entry.path())
            } else {
                1
            }
        })
        .sum()
}

#[test]
fn the_default_directory_is_the_projects_src() {
    let files = count(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let output = run(&mut quickstart());
    let requests = format!(", {files} requests\n        fetched on main");
    let digests = format!("check   both passes have the same {files} digests");
    assert_succeeds(
        &output,
        &[
            "hashed on  main",
            "hashed on  smartasync-",
            &requests,
            &digests,
        ],
    );
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        out.matches(&requests).count(),
        2,
        "each pass fetches each file once\n{out}"
    );
    let lock = out
        .lines()
        .find(|line| line.starts_with("lock    50 callers"))
        .unwrap();
    assert!(lock.ends_with(", 1 request"), "{lock}");
    assert!(
        out.ends_with("callers with the right digest: 50\n"),
        "{out}"
    );
}

#[test]
fn odd_names_empty_files_and_large_ones_are_served() {
    let large = vec![b'x'; 3 << 20];
    let directory = Directory::new("odd")
        .with("a b%20?#ä.txt", b"abc")
        .with("deep/er/empty", b"")
        .with("large", &large);
    let lines = [
        "site    3 files",
        "sync    3 files, 3145731 bytes",
        "async   3 files, 3145731 bytes",
        "the same 3 digests",
        "skipped: 0",
    ];
    assert_succeeds(&run(quickstart().arg(&directory.0)), &lines);
}

#[cfg(unix)]
#[test]
fn links_and_names_that_are_no_text_are_skipped() {
    use std::ffi::OsStr;
    use std::os::unix::{ffi::OsStrExt, fs::symlink};
    let directory = Directory::new("skip").with("plain", b"abc");
    symlink("/", directory.0.join("link")).unwrap();
    // A file system that refuses such a name has nothing to skip.
    let odd = fs::write(directory.0.join(OsStr::from_bytes(b"\xff")), b"abc").is_ok();
    let skipped = format!("skipped: {}\n", 1 + usize::from(odd));
    assert_succeeds(
        &run(quickstart().arg(&directory.0)),
        &["site    1 file ", &skipped],
    );
}

#[test]
fn a_running_server_can_be_asked() {
    let directory = Directory::new("running").with("page", b"not what the server says");
    // The server also sends more bytes than its `Content-Length` says.
    let port = server_that_says("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef");
    let lines = [
        "sync    1 file, 3 bytes",
        "async   1 file, 3 bytes",
        "requests not counted",
        "with the right digest: 50",
    ];
    assert_succeeds(
        &run(quickstart().arg(&directory.0).args(["--port", &port])),
        &lines,
    );
}

#[test]
fn a_wrong_directory_is_an_error() {
    let directory = Directory::new("wrong").with("file", b"abc");
    assert_fails(
        &run(quickstart().arg(directory.0.join("no\nsuch"))),
        "cannot read the directory",
    );
    assert_fails(
        &run(quickstart().arg(directory.0.join("file"))),
        "cannot read the directory",
    );
}

#[test]
fn an_empty_directory_is_an_error() {
    assert_fails(
        &run(quickstart().arg(&Directory::new("empty").0)),
        "there is no file to serve",
    );
}

#[test]
fn a_closed_port_is_an_error() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    assert_fails(
        &run(quickstart().args(["--port", &free.to_string()])),
        "cannot fetch http://127.0.0.1:",
    );
}

#[test]
fn a_server_that_answers_badly_is_an_error() {
    let directory = Directory::new("bad").with("page", b"abc");
    let replies = [
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "404 Not Found",
        ),
        ("HTTP/1.1 200 OK\r\n\r\nabc", "no Content-Length"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            "unexpected end of file",
        ),
        ("", "the server answered \"\""),
    ];
    for (reply, reason) in replies {
        let port = server_that_says(reply);
        assert_fails(
            &run(quickstart().arg(&directory.0).args(["--port", &port])),
            reason,
        );
    }
}

#[test]
fn wrong_arguments_are_an_error() {
    for (arguments, reason) in [
        (&["--help"][..], "usage"),
        (&["a", "b"], "usage"),
        (&["--port"], "usage"),
        (&["--port", "x"], "--port takes"),
    ] {
        assert_fails(&run(quickstart().args(arguments)), reason);
    }
}
