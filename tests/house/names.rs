//! The names in ARCHITECTURE.md and CONTRIBUTING.md exist.

use crate::tokens::tokens;
use crate::{is_repository, rust_files};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names in backquotes of a page. Blocks of code are left out.
fn quoted(page: &str) -> impl Iterator<Item = &str> {
    let blocks = page.split("```").step_by(2);
    blocks.flat_map(|text| text.split('`').skip(1).step_by(2))
}

/// Whether a name is a path, like `src/lock`, `tests/README.md` or `.ci/run`.
fn is_path(name: &str) -> bool {
    let folder = name.split('/').next().unwrap_or(name);
    let folders = ["src", "tests", "benches", "examples", "fuzz", ".ci"];
    name.contains('/') && folders.contains(&folder) && !name.contains(' ')
}

/// The words of a name that look like types, like `Call` and `Work` in `Call<impl Work>`.
fn types(name: &str) -> impl Iterator<Item = &str> {
    let words = name.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| {
        word.starts_with(|c: char| c.is_uppercase())
            && word.contains(|c: char| c.is_lowercase())
            && !word.contains('_')
    })
}

/// What a page names.
struct Named<'p> {
    paths: BTreeSet<&'p str>,
    types: BTreeSet<&'p str>,
}

impl<'p> Named<'p> {
    fn new(page: &'p str) -> Self {
        let (paths, others): (BTreeSet<_>, BTreeSet<_>) =
            quoted(page).partition(|name| is_path(name));
        let types = others.into_iter().flat_map(types).collect();
        Self { paths, types }
    }

    /// The paths that do not exist, and the types that are none of these words.
    fn missing(&self, words: &BTreeSet<String>) -> Vec<&str> {
        let paths = self.paths.iter().filter(|path| !Path::new(path).exists());
        let types = self.types.iter().filter(|name| !words.contains(**name));
        paths.chain(types).copied().collect()
    }
}

#[test]
fn each_path_and_each_type_in_architecture_md_exists() {
    if !is_repository() {
        return;
    }
    let page = fs::read_to_string("ARCHITECTURE.md").expect("ARCHITECTURE.md exists");
    let named = Named::new(&page);
    let count = named.paths.len() + named.types.len();
    assert!(
        count >= 20,
        "ARCHITECTURE.md names only {count} paths and types"
    );
    // The code compiles, so a word in it that looks like a type is a type or a variant, of this
    // crate or of another one.
    let files = rust_files(Path::new("src"));
    let words = files.iter().flat_map(|(_, code)| tokens(code));
    let code = words.map(str::to_owned).collect();
    assert_eq!(
        named.missing(&code),
        [""; 0],
        "these names are not in the project"
    );
}

#[test]
fn each_path_in_contributing_md_exists() {
    if !is_repository() {
        return;
    }
    let page = fs::read_to_string("CONTRIBUTING.md").unwrap();
    let named = Named::new(&page);
    assert!(
        named.paths.len() >= 5,
        "CONTRIBUTING.md names only {:?}",
        named.paths
    );
    let types = named.types.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(named.missing(&types), [""; 0], "these paths do not exist");
}

#[test]
fn names_are_found_in_backquotes_only() {
    let page = "See `src/lib.rs` and src/no.rs, `Call<impl Work>` and Nothing.\n\
                ```text\n`src/block.rs` Block\n```\n`cargo test --test lock` `tests/no such`, `T`";
    let named = Named::new(page);
    assert_eq!(Vec::from_iter(named.paths), ["src/lib.rs"]);
    assert_eq!(Vec::from_iter(named.types), ["Call", "Work"]);
}

#[test]
fn names_that_do_not_exist_are_missing() {
    let named = Named::new("`src/lib.rs` `src/no_such_file.rs` `Present` `Absent::new`");
    let words = BTreeSet::from(["Present".to_owned()]);
    assert_eq!(named.missing(&words), ["src/no_such_file.rs", "Absent"]);
}
