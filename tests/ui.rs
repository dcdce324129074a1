//! What the compiler says about mistakes. Each `.rs` file in `tests/ui` is one mistake, and the
//! `.stderr` file beside it holds the message of the compiler.
//!
//! The messages differ between releases of the compiler. The test runs only with the release that
//! wrote the `.stderr` files, and says so if it is skipped. `TRYBUILD=overwrite cargo test --test
//! ui` writes the files again.

use std::io::{Write, stderr};
use std::path::Path;
use std::process::Command;

const RELEASE: &str = "rustc 1.95.";

#[test]
fn each_mistake_gets_one_clear_sentence() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    if !version.starts_with(RELEASE) {
        writeln!(
            stderr(),
            "skipped: {RELEASE}x wrote tests/ui/*.stderr, and this is {}",
            version.trim()
        )
        .unwrap();
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

/// The rows of the first table after `heading`, without its header.
fn table<'a>(text: &'a str, heading: &str) -> Vec<[&'a str; 2]> {
    let after = text
        .split_once(heading)
        .unwrap_or_else(|| panic!("there is no `{heading}`"))
        .1;
    let rows = after
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2);
    rows.map(|row| {
        row.trim_matches('|')
            .split_once(" | ")
            .map(|(a, b)| [a.trim(), b.trim()])
            .expect("a row has two cells")
    })
    .collect()
}

#[test]
fn each_limit_of_smart_fn_shows_what_the_compiler_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let (docs, shown) = (read("src/macros/smart_fn.md"), read("tests/README.md"));
    let (limits, shown) = (
        table(&docs, "\n# Limits\n"),
        table(&shown, "\n## What is refused\n"),
    );
    assert!(limits.len() >= 15, "the table was not found");
    assert_eq!(
        limits.iter().map(|row| row[0]).collect::<Vec<_>>(),
        shown.iter().map(|row| row[0]).collect::<Vec<_>>()
    );
    for name in shown
        .iter()
        .flat_map(|row| row[1].split(", "))
        .filter(|name| !name.contains('`'))
    {
        for ending in ["rs", "stderr"] {
            assert!(
                root.join("tests/ui")
                    .join(name)
                    .with_extension(ending)
                    .is_file(),
                "tests/ui/{name}.{ending}"
            );
        }
    }
}
