//! Tests that run themselves again in a child process: they could abort the process, or they need
//! another environment.

use std::any::type_name_of_val;
use std::env;
use std::process::Command;

/// This variable is set in the child process.
pub(crate) const CHILD: &str = "SMARTASYNC_TEST_CHILD";

/// Runs `scenario`, a closure of the calling test, in a child process. Fails if the child aborts or
/// fails.
pub(crate) fn in_a_child(scenario: impl FnOnce()) {
    in_a_child_with(&[], scenario);
}

/// Does the same, and sets these variables in the environment of the child.
pub(crate) fn in_a_child_with(variables: &[(&str, &str)], scenario: impl FnOnce()) {
    if env::var_os(CHILD).is_some() {
        return scenario();
    }
    let output = Command::new(env::current_exe().unwrap())
        .args([test_of(&scenario), "--exact", "--nocapture"])
        .envs(variables.iter().copied())
        .env(CHILD, "1")
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success() && out.contains("1 passed"),
        "{}\n{out}{err}",
        output.status
    );
}

/// The name of the test that a closure belongs to, as the test harness knows it.
pub(crate) fn test_of<F>(closure: &F) -> &'static str {
    // The type of a closure has a name like `binary::module::test::{{closure}}`.
    let name = type_name_of_val(closure);
    let (_binary, path) = name.split_once("::").expect("the closure is in a test");
    path.split("::{{closure}}").next().unwrap_or(path)
}
