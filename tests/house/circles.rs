//! `src` has no circle of imports, neither between files nor between folders.
//!
//! Files and folders are treated alike. An import from one module to another counts for the two
//! siblings that contain them. For example, an import of `b::y` in `a::x` counts for `a` and `b`,
//! and an import of `a::y` in `a::x` counts for `a::x` and `a::y`. A module and the modules inside
//! it belong together, so imports between them do not count. Imports of tests do not count either.

use crate::rust_files;
use crate::tokens::{tokens, without_tests};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The names of a module and of the modules around it, outermost first. The crate root is empty.
type ModulePath = Vec<String>;

/// A module with its code, and with the module itself.
struct Source {
    module: ModulePath,
    code: String,
}

impl Source {
    /// The module of a file of `src`.
    fn new(path: &Path, code: String) -> Self {
        let path = path.strip_prefix("src").unwrap().with_extension("");
        let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
        let module = names
            .filter(|name| name != "lib" && name != "mod")
            .collect();
        Self { module, code }
    }
}

/// A path that a module names: in a `use` item, or elsewhere if it begins with `crate`, `super` or
/// `self`.
struct Import {
    from: ModulePath,
    /// The path from the crate root.
    path: Vec<String>,
    /// The name that a `use` item gives to what it imports.
    name: Option<String>,
}

fn imports(source: &Source) -> Vec<Import> {
    let all = tokens(&source.code);
    let tokens = without_tests(&all);
    let mut imports = Vec::new();
    // The inline modules around the current token, each with the number of open braces outside it.
    let mut inline: Vec<(usize, String)> = Vec::new();
    let (mut depth, mut at) = (0, 0);
    while at < tokens.len() {
        let before = at.checked_sub(1).map_or("", |before| tokens[before]);
        match tokens[at] {
            "{" => {
                if at > 1 && tokens[at - 2] == "mod" {
                    inline.push((depth, before.to_owned()));
                }
                depth += 1;
                at += 1;
            }
            "}" => {
                depth -= 1;
                if inline.last().is_some_and(|(outside, _)| *outside == depth) {
                    inline.pop();
                }
                at += 1;
            }
            word if before == "use" || is_start(word) && !["::", "$"].contains(&before) => {
                let names = inline.iter().map(|(_, name)| name.clone());
                let here: ModulePath = source.module.iter().cloned().chain(names).collect();
                let begin = at;
                paths(&tokens, &mut at, &[], &mut |path, name| {
                    imports.extend(from_the_root(&here, path).map(|path| Import {
                        from: source.module.clone(),
                        path,
                        name: (before == "use").then(|| name.to_owned()),
                    }));
                });
                at = at.max(begin + 1);
            }
            _ => at += 1,
        }
    }
    imports
}

fn is_start(word: &str) -> bool {
    ["crate", "super", "self"].contains(&word)
}

/// Calls `found` with each path of the tree of paths at `at`, and with its name. For example,
/// `a::{b, c::d as e}` has the paths `a::b` and `a::c::d` with the names `b` and `e`.
fn paths<'c>(
    tokens: &[&'c str],
    at: &mut usize,
    before: &[&'c str],
    found: &mut impl FnMut(&[&'c str], &'c str),
) {
    let mut path = before.to_vec();
    loop {
        match tokens.get(*at) {
            Some(&"{") => {
                *at += 1;
                while tokens.get(*at).is_some_and(|&token| token != "}") {
                    let begin = *at;
                    paths(tokens, at, &path, found);
                    // Skips the comma, and what is no path, such as `*`.
                    *at += usize::from(*at == begin || tokens.get(*at) == Some(&","));
                }
                *at += 1;
                return;
            }
            Some(&word) if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                path.push(word);
                *at += 1;
            }
            _ => return,
        }
        if tokens.get(*at) != Some(&"::") {
            let mut name = path[path.len() - 1];
            if tokens.get(*at) == Some(&"as") {
                name = tokens[*at + 1];
                *at += 2;
            }
            return found(&path, name);
        }
        *at += 1;
    }
}

/// Resolves `crate`, `super` and `self`. Gives `None` if there are too many `super`.
fn from_the_root(here: &ModulePath, path: &[&str]) -> Option<Vec<String>> {
    let mut full = if path[0] == "crate" {
        Vec::new()
    } else {
        here.clone()
    };
    for &name in path {
        match name {
            "crate" | "self" => {}
            "super" => drop(full.pop()?),
            name => full.push(name.to_owned()),
        }
    }
    Some(full)
}

/// The module that declares what a path names. Follows the imports of the modules on the way,
/// because a `mod.rs` imports the items of its files so that other files can import them from it.
fn declaring_module(
    modules: &BTreeSet<&ModulePath>,
    names: &BTreeMap<(&ModulePath, &str), &[String]>,
    path: &[String],
) -> ModulePath {
    let mut path = path.to_vec();
    let mut module = ModulePath::new();
    let mut at = 0;
    let mut followed = BTreeSet::new();
    while let Some(name) = path.get(at) {
        let inner: ModulePath = module.iter().chain([name]).cloned().collect();
        if modules.contains(&inner) {
            module = inner;
            at += 1;
            continue;
        }
        let target = names.get(&(&module, name.as_str()));
        match target.filter(|_| followed.insert((module.clone(), name.clone()))) {
            Some(&target) => {
                path = target.iter().chain(&path[at + 1..]).cloned().collect();
                (module, at) = (ModulePath::new(), 0);
            }
            None => break,
        }
    }
    module
}

/// The circles of imports. Panics if there is no module or no import at all.
fn circles(sources: &[Source]) -> Vec<String> {
    let modules: BTreeSet<_> = sources.iter().map(|source| &source.module).collect();
    let imports: Vec<_> = sources.iter().flat_map(imports).collect();
    let mut names = BTreeMap::new();
    for Import { from, path, name } in &imports {
        if let Some(name) = name {
            names.insert((from, name.as_str()), path.as_slice());
        }
    }
    let mut graph = Graph::new();
    for Import { from, path, .. } in &imports {
        let to = declaring_module(&modules, &names, path);
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        if shared < from.len() && shared < to.len() {
            let siblings = (from[..=shared].to_vec(), to[..=shared].to_vec());
            graph.entry(siblings.0).or_default().insert(siblings.1);
        }
    }
    assert!(!graph.is_empty(), "no import was read");
    let (mut done, mut found) = (BTreeSet::new(), Vec::new());
    for start in graph.keys() {
        walk(&graph, start, &mut Vec::new(), &mut done, &mut found);
    }
    found
}

/// The modules that each module imports. Both are siblings.
type Graph = BTreeMap<ModulePath, BTreeSet<ModulePath>>;

/// Follows the imports from `module` on, and adds each circle that closes. `way` leads to the
/// module.
fn walk<'g>(
    graph: &'g Graph,
    module: &'g ModulePath,
    way: &mut Vec<&'g ModulePath>,
    done: &mut BTreeSet<&'g ModulePath>,
    found: &mut Vec<String>,
) {
    if let Some(begin) = way.iter().position(|&earlier| earlier == module) {
        let circle = way[begin..].iter().chain([&module]);
        let names: Vec<_> = circle.map(|module| module.join("::")).collect();
        found.push(names.join(" -> "));
    } else if done.insert(module) {
        way.push(module);
        for next in graph.get(module).into_iter().flatten() {
            walk(graph, next, way, done, found);
        }
        way.pop();
    }
}

#[test]
fn src_has_no_circle_of_imports() {
    let files = rust_files(Path::new("src")).into_iter();
    let sources: Vec<_> = files.map(|(path, code)| Source::new(&path, code)).collect();
    let found = circles(&sources);
    assert!(
        found.is_empty(),
        "circles of imports:\n{}",
        found.join("\n")
    );
}

/// The circles of a small made-up tree. A file is given as its path in `src` and its code.
fn circles_of<const N: usize>(files: [(&str, &str); N]) -> Vec<String> {
    circles(&files.map(|(path, code)| Source::new(&Path::new("src").join(path), code.to_owned())))
}

#[test]
fn a_circle_through_a_grouped_import_is_found() {
    let found = circles_of([
        ("a.rs", "use crate::b::X;"),
        ("b.rs", "use crate::{c, a::{Y, z::Z as W}};"),
        ("c.rs", ""),
    ]);
    assert_eq!(found, ["a -> b -> a"]);
}

#[test]
fn a_circle_through_super_and_self_is_found() {
    let found = circles_of([
        (
            "a.rs",
            "use self::x::X; mod inside { use super::super::b::B; }",
        ),
        ("a/x.rs", "use super::y::Y;"),
        (
            "a/y.rs",
            "fn f() -> super::x::X { super::x::X::<u8>::new() }",
        ),
        ("b.rs", ""),
    ]);
    assert_eq!(found, ["a::x -> a::y -> a::x"]);
}

#[test]
fn a_circle_through_the_names_of_a_folder_is_found() {
    let found = circles_of([
        ("a/mod.rs", "pub(crate) use self::x::{X, f}; use y::Y as Z;"),
        ("a/x.rs", "use super::Z;"),
        ("a/y.rs", "use crate::a::{self, X};"),
    ]);
    assert_eq!(found, ["a::x -> a::y -> a::x"]);
}

#[test]
fn a_circle_between_folders_only_is_found() {
    // No file of this tree is part of a circle.
    let found = circles_of([
        ("a.rs", ""),
        ("a/x.rs", "use crate::b::y::Y;"),
        ("a/z.rs", ""),
        ("b.rs", ""),
        ("b/y.rs", "fn f() { crate::a::z::g() }"),
    ]);
    assert_eq!(found, ["a -> b -> a"]);
}

#[test]
fn a_circle_of_three_is_found_once() {
    let found = circles_of([
        ("a.rs", "use crate::b;"),
        ("b.rs", "use crate::c;"),
        ("c.rs", "use crate::a;"),
        ("d.rs", "use crate::{a, b};"),
    ]);
    assert_eq!(found, ["a -> b -> c -> a"]);
}

#[test]
fn comments_tests_and_macros_make_no_circle() {
    let found = circles_of([
        ("a.rs", "use crate::b::X;"),
        (
            "b.rs",
            "// use crate::a::X;
             use std::a; pub(crate) fn f() { \"crate::a\"; $crate::a::g() }
             #[cfg(test)] mod tests { use super::*; use crate::a; }",
        ),
    ]);
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_folder_and_its_own_files_belong_together() {
    let found = circles_of([
        ("a.rs", "use self::x::X; use crate::b::B;"),
        ("a/x.rs", "use crate::a::helper; use super::other;"),
        ("b.rs", ""),
    ]);
    assert_eq!(found, [""; 0]);
}

#[test]
#[should_panic = "no import was read"]
fn a_tree_without_imports_is_an_error() {
    circles_of([("a.rs", "fn f() {}")]);
}
