//! Counts the lines of the client, and of the two halves that replace it when they are written by
//! hand. Checks that the README has the same numbers.
//!
//! A half is what `smart_fn!` holds, without the macro: the sync half without `async` and `.await`,
//! the async half with them. A line of code is neither blank nor a comment. Lines of documentation
//! are counted separately.

use std::fs;
use std::ops::AddAssign;
use std::path::Path;

#[derive(Clone, Copy, Default)]
struct Lines {
    code: usize,
    docs: usize,
}

impl Lines {
    fn of(text: &str) -> Self {
        let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
        let docs = lines()
            .filter(|line| line.starts_with("///") || line.starts_with("//!"))
            .count();
        Self {
            code: lines().filter(|line| !line.starts_with("//")).count(),
            docs,
        }
    }

    fn row(self) -> String {
        format!("{} + {}", self.code, self.docs)
    }
}

impl AddAssign for Lines {
    fn add_assign(&mut self, more: Self) {
        self.code += more.code;
        self.docs += more.docs;
    }
}

/// Returns the text between `open` and its closing character, and the text after that.
fn enclosed(text: &str) -> (&str, &str) {
    let mut depth = 1;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (&text[..at], &text[at + 1..]);
        }
    }
    panic!("a parenthesis is not closed");
}

/// Writes the contents of a `smart_fn!` without the macro, as one of the two halves.
fn by_hand(text: &str, is_sync: bool) -> String {
    let other_half = if is_sync {
        "#[async_only]"
    } else {
        "#[sync_only]"
    };
    let (mut written, mut item, mut place) = (String::new(), String::new(), None);
    for line in text.lines() {
        if let Some(split) = line.strip_prefix("    #[split(") {
            place = split.strip_suffix(")]");
        } else if line.starts_with("    impl ") && is_sync {
            let place = place.expect("each block has its split");
            written += &format!("    impl {place} {{\n");
        } else {
            item += &format!("{line}\n");
        }
        // rustfmt puts the end of each item there.
        if line == "        }" || line == "    }" {
            if !item.lines().any(|line| line.trim() == other_half) {
                written += &item;
            }
            item.clear();
        }
    }
    let only = |line: &&str| !matches!(line.trim(), "#[sync_only]" | "#[async_only]");
    let lines: Vec<&str> = written.lines().filter(only).collect();
    let text = lines.join("\n");
    without_awaits(
        &if is_sync {
            text.replace("async fn", "fn")
        } else {
            text
        },
        is_sync,
    )
}

/// Writes what `smart_await!` stands for in one of the halves.
fn without_awaits(text: &str, is_sync: bool) -> String {
    const AWAIT: &str = "smart_await!(";
    let mut written = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(AWAIT) {
        let (inner, behind) = enclosed(&rest[at + AWAIT.len()..]);
        let expression = match inner
            .trim()
            .strip_prefix("sync =>")
            .and_then(|both| both.split_once("async =>"))
        {
            Some((sync, _)) if is_sync => sync.trim().trim_end_matches(',').to_owned(),
            Some((_, asynchronous)) => asynchronous.trim().to_owned(),
            None => without_awaits(inner, is_sync),
        };
        written += &rest[..at];
        written += &expression;
        written += if is_sync { "" } else { ".await" };
        rest = behind;
    }
    written + rest
}

#[test]
fn the_table_of_the_readme_is_true() {
    let (mut neutral, mut split, mut sync_half, mut async_half) = (
        Lines::default(),
        Lines::default(),
        Lines::default(),
        Lines::default(),
    );
    let (mut blocking, mut non_blocking) = (Lines::default(), Lines::default());
    let mut sync_types = Lines::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in fs::read_dir(root.join("src")).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            // The decoder's tests.
            continue;
        }
        let mut rest = fs::read_to_string(&path)
            .unwrap()
            .replace("#[cfg(test)]\nmod tests;\n", "");
        match path.file_name().unwrap().to_str().unwrap() {
            "demo.rs" => continue,
            "blocking_socket.rs" => blocking += Lines::of(&rest),
            "async_socket.rs" => non_blocking += Lines::of(&rest),
            "blocking.rs" => sync_types += Lines::of(&rest),
            _ => {
                while let Some(at) = rest.find("smart_fn!(\n") {
                    neutral += Lines::of(&rest[..at]);
                    let (items, behind) = enclosed(&rest[at + "smart_fn!(".len()..]);
                    split += Lines::of(&format!("smart_fn!({items});"));
                    sync_half += Lines::of(&by_hand(items, true));
                    async_half += Lines::of(&by_hand(items, false));
                    rest = behind.trim_start_matches(';').to_owned();
                }
                neutral += Lines::of(&rest);
            }
        }
    }
    let sum = |parts: &[Lines]| {
        let mut sum = Lines::default();
        parts.iter().for_each(|&part| sum += part);
        sum
    };
    let here = sum(&[neutral, sync_types, blocking, non_blocking, split]);
    let twice = sum(&[
        neutral,
        sync_types,
        blocking,
        non_blocking,
        sync_half,
        async_half,
    ]);
    let table = format!(
        "| what | this client | by hand: shared | by hand: sync half | by hand: async half |\n\
         | --- | --- | --- | --- | --- |\n\
         | protocol, values, errors, settings, idle connections, types | {0} | {0} | | |\n\
         | the types of `blocking` | {10} | | {10} | |\n\
         | sockets of std | {1} | | {1} | |\n\
         | sockets of tokio and async-io | {2} | | | {2} |\n\
         | commands, pipelines, scans, the exchange | {3} | | {4} | {5} |\n\
         | all | **{6}** | {0} | {7} | {8} |\n\
         | all by hand | | **{9}** | | |\n",
        neutral.row(),
        blocking.row(),
        non_blocking.row(),
        split.row(),
        sync_half.row(),
        async_half.row(),
        here.row(),
        sum(&[sync_types, blocking, sync_half]).row(),
        sum(&[non_blocking, async_half]).row(),
        twice.row(),
        sync_types.row(),
    );
    // Both halves have whole functions.
    assert!(sync_half.code > 100 && async_half.code > 100, "{table}");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    assert!(
        readme.contains(&table),
        "the README's table of lines should be:\n\n{table}"
    );
}
