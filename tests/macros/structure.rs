//! What an editor needs of the macros: rules that the compiler does not check. `tests/editor` measures
//! what they are for, with rust-analyzer.

use std::fs;
use std::path::Path;

/// The arms of every macro in `src/macros`: the file, the name of the macro, and each arm.
fn macros() -> Vec<(String, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/macros");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut name = String::new();
        for line in text.lines() {
            let line = line.trim();
            if line.starts_with("//") {
                continue;
            }
            if let Some(rest) = line.strip_prefix("macro_rules! ") {
                name = rest.trim_end_matches(" {").to_owned();
            }
            found.push((file.clone(), name.clone(), line.to_owned()));
        }
    }
    assert!(found.len() > 500, "the macros were not found");
    found
}

#[test]
fn a_body_is_matched_as_a_block_in_one_place() {
    // A `block` fragment matches no unfinished body, so rust-analyzer must not meet one.
    let blocks: Vec<_> = macros()
        .into_iter()
        .filter(|(_, _, line)| line.contains(":block"))
        .collect();
    assert_eq!(blocks.len(), 1, "{blocks:?}");
    assert_eq!(blocks[0].1, "define_windows");
}

#[test]
fn no_arm_takes_an_unfinished_expression() {
    // An arm for everything else would be taken while `smart_await!(self.)` is being written.
    for (file, name, line) in macros() {
        if name.contains("smart_await") {
            assert!(
                !(line.starts_with("($($") && line.contains(":tt)*) =>")),
                "{file}: {name}: {line}"
            );
            // An arm that hands `sync => …` on as tokens is taken for `self.` too.
            assert!(!line.contains(":ident =>"), "{file}: {name}: {line}");
        }
    }
}

#[test]
fn the_state_with_the_body_stands_before_its_copies() {
    // rust-analyzer follows the first of two equal tokens.
    for (file, name, line) in macros() {
        if let (Some(look), Some(item)) = (line.find("look: ["), line.find("item: {")) {
            assert!(item < look, "{file}: {name}: {line}");
        }
        if let (Some(body), Some(header)) = (line.find("body: ["), line.find("header: [")) {
            assert!(body < header, "{file}: {name}: {line}");
        }
    }
}

#[test]
fn lines_are_short() {
    let long: Vec<_> = macros()
        .into_iter()
        .filter(|(_, _, line)| line.chars().count() > 100)
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}
