//! rustfmt formats what stands in `smart_fn!( … );`, since each item in it is valid Rust:
//! `tests/rustfmt/untidy.rs` becomes `tidy.rs`, and that stays as it is.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What rustfmt makes of a text, in its own style; nothing where there is no rustfmt.
fn formatted(text: &str) -> Option<String> {
    let mut rustfmt = Command::new("rustfmt");
    // What this project's own `rustfmt.toml` sets is set back.
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
    std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/rustfmt")
            .join(name),
    )
    .unwrap()
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
