//! rustfmt formats the items in `smart_fn!( … );`, because each of them is valid Rust. It turns
//! `rustfmt/untidy.rs` into `rustfmt/tidy.rs`, and does not change `rustfmt/tidy.rs`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The text as rustfmt formats it with its default settings, or `None` if rustfmt is not installed.
fn formatted(text: &str) -> Option<String> {
    let mut rustfmt = Command::new("rustfmt");
    // These options override any `rustfmt.toml` above the current directory.
    rustfmt.args([
        "--edition",
        "2024",
        "--emit",
        "stdout",
        "--config",
        "max_width=100,use_small_heuristics=Default",
    ]);
    let spawned = rustfmt
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        assert!(
            std::env::var_os("CI").is_none(),
            "rustfmt is missing: `rustup component add rustfmt`"
        );
        eprintln!("skipped: there is no rustfmt here");
        return None;
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

fn example(name: &str) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/macros/rustfmt");
    std::fs::read_to_string(examples.join(name)).unwrap()
}

#[test]
fn untidy_smart_functions_become_tidy() {
    if let Some(tidied) = formatted(&example("untidy.rs")) {
        assert_eq!(tidied, example("tidy.rs"));
    }
}

#[test]
fn tidy_smart_functions_stay_as_they_are() {
    let tidy = example("tidy.rs");
    if let Some(tidied) = formatted(&tidy) {
        assert_eq!(tidied, tidy);
    }
}
