//! Tests of the project itself, which read its files: imports without a circle, names in the
//! documentation that exist, and a guide that is complete.

mod circles;
mod guide;
mod names;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

/// Whether this is the repository. The published package lacks `.ci`, `tests/crates` and some pages.
fn is_repository() -> bool {
    Path::new(".ci").exists()
}

/// All Rust files in a folder and its subfolders, with their code.
fn rust_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let code = fs::read_to_string(&path).unwrap();
            files.push((path, code));
        }
    }
    files
}
