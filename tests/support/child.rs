//! Tests that run themselves once more in a child process.

use std::env;
use std::process::Command;

/// This variable is set in the child process.
pub(crate) const CHILD: &str = "SMARTASYNC_TEST_CHILD";

/// Runs `scenario` in a child process, which is the test `test` once more: where it fails, it
/// aborts.
pub(crate) fn in_a_child(test: &str, scenario: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        return scenario();
    }
    let output = Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
