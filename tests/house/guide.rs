//! The tests that `tests/README.md` names exist, and the guide has a page for each chapter.

use crate::is_repository;
use std::fs;

/// The names in backquotes of a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn each_path_and_each_test_that_the_table_names_is_there() {
    let page = fs::read_to_string("tests/README.md").unwrap();
    let (_, section) = page
        .split_once("\n## What people ran into elsewhere\n")
        .expect("the section is there");
    let rows: Vec<_> = section
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
            } else if let Some(text) = &text {
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
    assert_eq!(index.matches("doc = include_str!(").count(), files.len());
    let pages: Vec<_> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
        .collect();
    assert!(pages.len() >= 14);
    assert_eq!(
        index
            .lines()
            .filter(|line| line.starts_with("//! | [`") || line.starts_with("//! | `"))
            .count(),
        pages.len()
    );
    for page in pages {
        let lines = fs::read_to_string(page).unwrap().lines().count();
        assert!(lines <= 150, "{} has {lines} lines", page.display());
    }
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string("README.md").unwrap().lines().count();
    assert!((60..=130).contains(&lines), "the README has {lines} lines");
}
