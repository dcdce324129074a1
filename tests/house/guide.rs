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

/// The name that rustdoc gives to a heading.
fn anchor(heading: &str) -> String {
    let shown = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    shown.collect()
}

#[test]
fn each_link_to_a_heading_of_the_guide_finds_it() {
    let mut links = 0;
    let mut texts = vec![fs::read_to_string("src/guide.rs").unwrap()];
    for folder in [
        "src/guide",
        "src/lock",
        "src/call",
        "src/pool",
        "src/thread",
        "src/macros",
    ] {
        for file in fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
        {
            if file.is_file() {
                texts.push(fs::read_to_string(file).unwrap());
            }
        }
    }
    for target in texts.iter().flat_map(|text| text.split("](").skip(1)) {
        let Some((path, heading)) = target.split_once(')').unwrap().0.split_once('#') else {
            continue;
        };
        let name = path.rsplit("::").next().unwrap();
        let Ok(page) = fs::read_to_string(format!("src/guide/{name}.md")) else {
            continue;
        };
        links += 1;
        let mut headings = page
            .lines()
            .filter_map(|line| line.strip_prefix("# "))
            .map(anchor);
        assert!(headings.any(|anchor| anchor == heading), "{path}#{heading}");
    }
    assert!(links >= 20, "{links} links");
}

/// The code blocks of a page that are no tests, each with the paragraph before it.
fn untested(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.split("\n```ignore\n")
        .zip(page.split("\n```ignore\n").skip(1))
        .map(|(before, after)| {
            let paragraph = before.trim_end().rsplit("\n\n").next().unwrap();
            (paragraph, after.split_once("\n```").unwrap().0)
        })
}

#[test]
fn a_quoted_example_stands_in_the_test_that_the_paragraph_before_it_names() {
    let trimmed = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let mut quotes = 0;
    for file in fs::read_dir("src/guide").unwrap() {
        let path = file.unwrap().path();
        let page = fs::read_to_string(&path).unwrap();
        for (paragraph, quote) in untested(&page) {
            for name in quoted(paragraph).filter(|name| name.starts_with("tests/")) {
                quotes += 1;
                let test = fs::read_to_string(name).map(|text| trimmed(&text));
                assert!(
                    !is_repository() || test.unwrap().contains(&trimmed(quote)),
                    "{} quotes code that is not in {name}",
                    path.display()
                );
            }
        }
    }
    assert!(quotes >= 3, "{quotes} quotes");
}

#[test]
fn the_readme_is_short() {
    let lines = fs::read_to_string("README.md").unwrap().lines().count();
    assert!((60..=130).contains(&lines), "the README has {lines} lines");
}
