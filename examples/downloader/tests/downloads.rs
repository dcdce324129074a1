//! Downloads from a local server, good ones and bad ones, by the program as users run it.

mod support;

use std::fs;
use std::time::Duration;
use support::server::{Fault, File, Server};
use support::{Directory, finish, signal, until};

/// The exit code after Ctrl-C.
const STOPPED: Option<i32> = Some(130);

#[test]
fn many_files_come_at_once_but_no_more_than_the_limit() {
    let server = Server::start([]);
    let paths: Vec<String> = (0..20)
        .map(|number| format!("/file-{number}.bin"))
        .collect();
    for (number, path) in paths.iter().enumerate() {
        server.put(path, File::new(1000 * number));
    }
    // With fewer at once, no file would come.
    server.waits_for(3);
    let directory = Directory::new();
    let urls: Vec<String> = paths.iter().map(|path| server.url(path)).collect();
    let mut arguments = vec!["--at-once", "3"];
    arguments.extend(urls.iter().map(String::as_str));
    let run = directory.run(&arguments);
    assert_eq!((run.code, run.lines.len()), (Some(0), 20), "{run:?}");
    assert_eq!(server.most_open(), 3);
    for (number, path) in paths.iter().enumerate() {
        assert_eq!(directory.read(&path[1..]), File::new(1000 * number).bytes);
    }
}

#[test]
fn a_second_run_finds_all_files_in_the_record() {
    let server = Server::start([("/one", File::new(10)), ("/two", File::new(20))]);
    let (one, two) = (server.url("/one"), server.url("/two"));
    let directory = Directory::new();
    let run = directory.run(&[&one, &two, &one]);
    assert_eq!(
        run.lines,
        ["done      one, 10 bytes", "done      two, 20 bytes"]
    );
    assert_eq!(server.requests().len(), 2);

    let run = directory.run(&[&one, &two]);
    assert_eq!((run.code, server.requests().len()), (Some(0), 0));
    assert_eq!(run.lines, ["before    one", "before    two"]);

    let run = directory.run(&["--list"]);
    let expected = [
        format!("complete  one, 10 bytes, from {one}"),
        format!("complete  two, 20 bytes, from {two}"),
    ];
    assert_eq!((run.code, run.lines), (Some(0), expected.to_vec()));

    // A file that is gone comes again.
    fs::remove_file(directory.path().join("two")).unwrap();
    let run = directory.run(&[&one, &two]);
    assert_eq!(run.lines, ["before    one", "done      two, 20 bytes"]);
    assert_eq!(server.requests(), ["/two all"]);
}

#[test]
fn a_download_goes_on_after_each_fault() {
    let file = File::new(100_000).faults([
        Fault::HangUp,
        Fault::Refuse("503 Service Unavailable"),
        Fault::Truncate(0),
        Fault::Truncate(30_000),
        Fault::HangUp,
        Fault::Refuse("429 Too Many Requests"),
        Fault::Refuse("408 Request Timeout"),
        Fault::Truncate(1),
    ]);
    let server = Server::start([("/file", file)]);
    let directory = Directory::new();
    let run = directory.run(&["--tries", "5", &server.url("/file")]);
    assert_eq!(run.lines, ["done      file, 100000 bytes"], "{run:?}");
    assert_eq!(
        server.requests(),
        [
            "/file all",
            "/file all",
            "/file all",
            "/file all",
            "/file 30000-",
            "/file 30000-",
            "/file 30000-",
            "/file 30000-",
            "/file 30001-",
        ]
    );
    assert_eq!(directory.read("file"), File::new(100_000).bytes);
    assert_eq!(directory.names(), ["file"]);
}

#[test]
fn a_server_without_ranges_sends_all_again() {
    for (version, knows_ranges, again) in [
        (Some("ETag: \"1\""), false, "/file 500-"),
        (Some("ETag: W/\"1\""), true, "/file all"),
        (None, true, "/file all"),
    ] {
        let mut file = File::new(1000).faults([Fault::Truncate(500)]);
        (file.version, file.knows_ranges) = (version, knows_ranges);
        let server = Server::start([("/file", file)]);
        let directory = Directory::new();
        let run = directory.run(&[&server.url("/file")]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!(server.requests(), ["/file all", again]);
        assert_eq!(directory.read("file"), File::new(1000).bytes);
    }
}

#[test]
fn a_failure_leaves_the_part_and_the_other_files_alone() {
    let bad = File::new(1000).faults([Fault::Truncate(500), Fault::HangUp, Fault::HangUp]);
    let server = Server::start([("/bad", bad), ("/good", File::new(10))]);
    let urls = ["/bad", "/good", "/missing"].map(|path| server.url(path));
    let [bad, good, missing] = urls.each_ref().map(String::as_str);
    let directory = Directory::new();
    let run = directory.run(&["--tries", "2", bad, good, missing]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.lines[0], "done      good, 10 bytes");
    assert!(
        run.lines[1].starts_with(&format!("failed    {bad}: ")),
        "{run:?}"
    );
    assert_eq!(
        run.lines[2],
        format!("failed    {missing}: the server says 404 Not Found")
    );
    // What will not change is not asked for again.
    let requests = server.requests();
    let asked = |path| {
        requests
            .iter()
            .filter(|request| request.starts_with(path))
            .count()
    };
    assert_eq!((asked("/bad"), asked("/missing")), (2, 1));
    assert_eq!(directory.read("bad.part"), File::new(500).bytes);
    let run = directory.run(&["--list"]);
    assert_eq!(
        run.lines[1],
        format!("part      bad, 500 bytes, from {bad}")
    );

    let run = directory.run(&["--tries", "2", bad]);
    assert_eq!(run.lines, ["done      bad, 1000 bytes"]);
    assert_eq!(server.requests(), ["/bad 500-", "/bad 500-"]);
    assert_eq!(directory.read("bad"), File::new(1000).bytes);
}

#[test]
fn a_request_that_takes_too_long_ends() {
    let file = File::new(1000).faults([Fault::Stall(0), Fault::Stall(0)]);
    let server = Server::start([("/file", file)]);
    let directory = Directory::new();
    let url = server.url("/file");
    let run = directory.run(&["--timeout", "1", "--tries", "2", &url]);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.lines, [format!("failed    {url}: the time is up")]);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_slow_file_comes_in_several_requests() {
    // Each request has time for a part of the file only. Each brings something, so the tries do
    // not run out.
    let slow = Fault::Drip(500, Duration::from_millis(300));
    let file = File::new(3000).faults([slow; 20]);
    let server = Server::start([("/file", file)]);
    let directory = Directory::new();
    let run = directory.run(&["--timeout", "1", "--tries", "3", &server.url("/file")]);
    assert_eq!(run.lines, ["done      file, 3000 bytes"], "{run:?}");
    assert!(server.requests().len() > 1);
    assert_eq!(directory.read("file"), File::new(3000).bytes);
}

#[test]
fn ctrl_c_ends_the_program_and_the_next_run_goes_on() {
    let file = File::new(100_000).faults([Fault::Stall(40_000)]);
    let server = Server::start([
        ("/a", file.clone()),
        ("/b", file.clone()),
        ("/c", file),
        ("/d", File::new(10)),
    ]);
    let urls = ["/a", "/b", "/c", "/d"].map(|path| server.url(path));
    let arguments: Vec<&str> = ["--at-once", "2"]
        .into_iter()
        .chain(urls.iter().map(String::as_str))
        .collect();
    let directory = Directory::new();
    let program = directory.start(&arguments);
    server.until_stalled(2);
    // The bytes are on their way to the file.
    for part in ["a.part", "b.part"] {
        let part = directory.path().join(part);
        until(|| fs::metadata(&part).is_ok_and(|file| file.len() == 40_000));
    }
    signal("-INT", program.id());
    let run = finish(program);
    assert_eq!(run.code, STOPPED, "{run:?}");
    assert_eq!(run.lines, ["stopped   run the same command again to go on"]);
    assert_eq!(directory.names(), ["a.part", "b.part"]);
    server.requests();

    let program = directory.start(&arguments);
    // The third file stalls in this run.
    server.until_stalled(3);
    signal("-INT", program.id());
    assert_eq!(finish(program).code, STOPPED);
    let mut requests = server.requests();
    requests.sort();
    assert_eq!(requests[..3], ["/a 40000-", "/b 40000-", "/c all"]);

    let run = directory.run(&arguments);
    assert_eq!(
        (run.code, directory.names()),
        (Some(0), ["a", "b", "c", "d"].map(str::to_owned).to_vec())
    );
    for name in ["a", "b", "c"] {
        assert_eq!(directory.read(name), File::new(100_000).bytes);
    }
}

#[test]
fn a_file_that_changed_on_the_server_comes_anew() {
    let old = File::new(1000).faults([Fault::Truncate(500)]);
    let server = Server::start([("/file", old)]);
    let directory = Directory::new();
    let url = server.url("/file");
    assert_eq!(directory.run(&["--tries", "1", &url]).code, Some(1));
    let mut new = File::new(800);
    new.bytes.reverse();
    new.version = Some("ETag: \"2\"");
    server.put("/file", new.clone());
    assert_eq!(directory.run(&[&url]).lines, ["done      file, 800 bytes"]);
    assert_eq!(server.requests(), ["/file all", "/file 500-"]);
    assert_eq!(directory.read("file"), new.bytes);
}

#[test]
fn a_part_that_has_all_bytes_needs_no_more() {
    // The first run ends after the last byte, before the file gets its name.
    let file = File::new(1000).faults([Fault::Truncate(999)]);
    let server = Server::start([("/file", file)]);
    let directory = Directory::new();
    let url = server.url("/file");
    assert_eq!(directory.run(&["--tries", "1", &url]).code, Some(1));
    fs::write(directory.path().join("file.part"), File::new(1000).bytes).unwrap();
    assert_eq!(directory.run(&[&url]).lines, ["done      file, 1000 bytes"]);
    // A part that is too long is not that file.
    fs::rename(
        directory.path().join("file"),
        directory.path().join("file.part"),
    )
    .unwrap();
    fs::write(directory.path().join("file.part"), [0; 1001]).unwrap();
    server.requests();
    assert_eq!(directory.run(&[&url]).lines, ["done      file, 1000 bytes"]);
    assert_eq!(server.requests(), ["/file 1001-", "/file all"]);
    assert_eq!(directory.read("file"), File::new(1000).bytes);
}

#[test]
fn files_of_one_name_get_two_names() {
    let server = Server::start([
        ("/a/x.txt", File::new(1)),
        ("/b/x.txt", File::new(2)),
        ("/c/own.txt", File::new(3)),
    ]);
    let directory = Directory::new();
    fs::write(directory.path().join("own.txt"), "somebody else's").unwrap();
    let urls = ["/a/x.txt", "/b/x.txt", "/c/own.txt"].map(|path| server.url(path));
    let run = directory.run(&urls.each_ref().map(String::as_str));
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(
        directory.names(),
        ["own-2.txt", "own.txt", "x-2.txt", "x.txt"]
    );
    assert_eq!(directory.read("own.txt"), b"somebody else's");
    assert_eq!(directory.read("own-2.txt").len(), 3);
}

#[test]
fn two_programs_do_not_write_to_one_directory() {
    let server = Server::start([("/file", File::new(10).faults([Fault::Stall(5)]))]);
    let directory = Directory::new();
    let url = server.url("/file");
    let first = directory.start(&[&url]);
    server.until_stalled(1);
    let second = directory.run(&[&url]);
    assert_eq!(
        (second.code, second.errors.as_str()),
        (
            Some(1),
            "downloader: another downloader uses this directory\n"
        )
    );
    signal("-INT", first.id());
    assert_eq!(finish(first).code, STOPPED);
}

#[test]
fn a_terminal_shows_a_bar_for_the_file_and_one_for_all_files() {
    let slow = Fault::Drip(50_000, Duration::from_millis(100));
    let server = Server::start([("/file", File::new(200_000).faults([slow]))]);
    let directory = Directory::new();
    let run = directory.run_in_terminal(&server.url("/file"));
    let drawn = run.lines.join("\n");
    assert_eq!(run.code, Some(0), "{drawn}");
    // How often the bars are drawn depends on the machine.
    let bars = ["0/1 files", " KiB/195.31 KiB"];
    for bar in bars {
        assert!(drawn.contains(bar), "{bar}: {drawn}");
    }
    assert!(drawn.contains("done      file, 200000 bytes"), "{drawn}");
}

#[test]
fn mistakes_get_a_sentence() {
    let directory = Directory::new();
    for (arguments, sentence) in [
        (&["no-url"][..], "invalid value 'no-url' for '[URL]...'"),
        (&["--at-once", "0", "http://host/"], "for '--at-once <N>'"),
        (&["--timeout", "soon", "http://host/"], "it is not a number"),
        (&[], "required arguments were not provided"),
    ] {
        let run = directory.run(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}");
        assert!(run.errors.contains(sentence), "{}", run.errors);
    }
    let run = directory.run(&["ftp://127.0.0.1/file"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.lines[0].starts_with("failed    ftp://127.0.0.1/file: "),
        "{run:?}"
    );
}
