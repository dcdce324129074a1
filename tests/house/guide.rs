//! The guide's table of known pains: the tests that it names are there.

use std::fs;
use std::path::Path;

/// The names in backquotes of a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Where a package is unpacked, the crates of `tests/crates` and `.ci` are not.
fn is_repository() -> bool {
    Path::new(".ci").exists()
}

#[test]
fn each_path_and_each_test_that_the_table_names_is_there() {
    let page = fs::read_to_string("src/guide/known_pains.md").unwrap();
    let rows: Vec<_> = page
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(2)
        .collect();
    let (mut paths, mut names) = (0, 0);
    for row in &rows {
        let shown_by = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let mut text: Option<String> = None;
        for name in quoted(shown_by) {
            if name.contains('/') {
                paths += 1;
                text = fs::read_to_string(name).ok();
                assert!(text.is_some() || !is_repository(), "{name} is not there");
            } else if let (Some(text), false) = (
                &text,
                Path::new("src/guide")
                    .join(name)
                    .with_extension("md")
                    .exists(),
            ) {
                names += 1;
                assert!(
                    text.contains(&format!("#[test]\nfn {name}()")),
                    "no test is called {name}"
                );
            }
        }
    }
    assert!(
        rows.len() >= 21 && paths >= 30 && (names >= 25 || !is_repository()),
        "{} rows, {paths} paths, {names} names",
        rows.len()
    );
}

#[test]
fn the_guide_has_a_page_for_each_of_its_chapters() {
    let index = fs::read_to_string("src/guide.rs").unwrap();
    let files: Vec<_> = fs::read_dir("src/guide")
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(index.matches("#[doc = include_str!(").count(), files.len());
    let pages = files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
        .count();
    assert!(pages >= 11);
    assert_eq!(
        index
            .lines()
            .filter(|line| line.starts_with("//! | [`") || line.starts_with("//! | `"))
            .count(),
        pages
    );
}
