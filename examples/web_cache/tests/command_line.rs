//! The command line, which finishes the same functions with `.wait()`.

mod support;

use std::process::{Command, Output};
use support::{Sample, Service};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_web_cache"))
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn stderr(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn it_reads_the_sample_or_a_database_of_ones_own() {
    let sample = Sample::create();
    let path = sample.path().to_str().unwrap();
    let text = "Article 7 on the loop\n\nWhat the loop has to do with the waker, and why number 7 is not the last word on it.\n";
    assert_eq!(stdout(&["show", "7"]), text);
    assert_eq!(stdout(&["show", "7", "--database", path]), text);
    assert_eq!(
        stdout(&["search", "queue", "--database", path])
            .lines()
            .count(),
        10
    );
    // The service uses the same file at the same time.
    let service = Service::start(&sample, &[]);
    assert_eq!(
        service.connect().request("PUT", "/articles/7", "Renamed").0,
        200
    );
    assert!(stdout(&["show", "7", "--database", path]).starts_with("Renamed\n"));
}

#[test]
fn mistakes_get_one_sentence() {
    assert_eq!(stderr(&["show", "0"]), "web_cache: there is no article 0\n");
    assert_eq!(
        stderr(&["show", "x"]),
        "web_cache: \"x\" is not the number of an article\n"
    );
    assert_eq!(
        stderr(&["--port", "x"]),
        "web_cache: --port takes a number from 0 to 65535\n"
    );
    assert!(stderr(&["dance"]).starts_with("web_cache: usage: "));
    assert!(stderr(&["--dance"]).starts_with("web_cache: there is no option --dance; usage: "));
    assert!(
        stderr(&["show", "7", "--database"])
            .starts_with("web_cache: --database takes a value; usage: ")
    );
    let missing = stderr(&["show", "7", "--database", "/nowhere/at/all"]);
    assert!(
        missing
            .starts_with("web_cache: the database /nowhere/at/all: unable to open database file"),
        "{missing}"
    );
}
