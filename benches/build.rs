//! Tells the benches which compiler builds them, because counts differ between compilers.

use std::env;
use std::process::Command;

fn main() {
    let compiler = env::var_os("RUSTC").expect("cargo names the compiler");
    let output = Command::new(compiler).arg("--version").output();
    let version = output.expect("the compiler runs").stdout;
    let version = String::from_utf8(version).expect("the version is text");
    println!("cargo:rustc-env=COMPILER={}", version.trim());
    println!("cargo:rerun-if-changed=build.rs");
}
