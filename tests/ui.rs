//! What a user reads who has made a mistake: each file in `tests/ui` is one mistake, and the `.stderr` beside it what the compiler says.
//!
//! The compiler's words differ between releases, so the test runs with the release that the `.stderr` files come from, and says so where it
//! does not. `TRYBUILD=overwrite cargo test --test ui` writes them anew.

use std::io::{Write, stderr};
use std::process::Command;

const RELEASE: &str = "rustc 1.95.";

#[test]
fn each_mistake_gets_one_clear_sentence() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version =
        Command::new(rustc).arg("--version").output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if !version.starts_with(RELEASE) {
        writeln!(stderr(), "skipped: tests/ui/*.stderr are what {RELEASE}x says, and this is {}", version.trim()).unwrap();
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
