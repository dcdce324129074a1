//! The crates that are compared: the same functions, by hand and with macros. The first variant of
//! a group is the pair by hand.

/// A kind of function.
pub struct Group {
    pub title: &'static str,
    pub variants: &'static [Variant],
}

/// A way to have those functions, as a crate.
pub struct Variant {
    pub name: &'static str,
    pub title: &'static str,
    pub dependencies: &'static [&'static str],
    pub files: fn(usize) -> Vec<(&'static str, String)>,
}

const SMARTASYNC: &str = "smartasync = { path = \"ROOT\" }";
const WITHOUT_STD: &str = "smartasync = { path = \"ROOT\", default-features = false }";

pub const GROUPS: &[Group] = &[
    Group {
        title: "`async fn`",
        variants: &[
            Variant {
                name: "async-pair",
                title: "`async fn` and a blocking function, by hand",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    library(n, ASYNC_NEXT, |i| {
                        format!(
                            "pub async fn f{i}{SIGNATURE} {}\npub fn f{i}_blocking{SIGNATURE} {{\n    smartasync::block_on(f{i}(n, text))\n}}\n",
                            body(i, "next(n).await")
                        )
                    })
                },
            },
            Variant {
                name: "async-smart",
                title: "`smart_fn!`",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    library(n, ASYNC_NEXT, |i| {
                        format!(
                            "smartasync::smart_fn!(\n    pub async fn f{i}{SIGNATURE} {}\n);\n",
                            body(i, "next(n).await")
                        )
                    })
                },
            },
            Variant {
                name: "async-blocks",
                title: "`smart_fn!` with 20 functions",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    blocks(n, 20, ASYNC_NEXT, "", "", |i| {
                        format!(
                            "    pub async fn f{i}{SIGNATURE} {}\n",
                            body(i, "next(n).await")
                        )
                    })
                },
            },
            Variant {
                name: "async-blocks-40",
                title: "`smart_fn!` with 40 functions",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    blocks(n, 40, ASYNC_NEXT, "", "", |i| {
                        format!(
                            "    pub async fn f{i}{SIGNATURE} {}\n",
                            body(i, "next(n).await")
                        )
                    })
                },
            },
        ],
    },
    Group {
        title: "`fn`",
        variants: &[
            Variant {
                name: "sync-pair",
                title: "`fn` and an `async fn` that offloads it, by hand",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    library(n, SYNC_NEXT, |i| {
                        format!(
                            "pub fn f{i}{SIGNATURE} {}\npub async fn f{i}_async{SIGNATURE} {{\n    let text = text.to_owned();\n    smartasync::offload(move || f{i}(n, &text)).await\n}}\n",
                            body(i, "next(n)")
                        )
                    })
                },
            },
            Variant {
                name: "sync-smart",
                title: "`smart_fn!`",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    library(n, SYNC_NEXT, |i| {
                        format!(
                            "smartasync::smart_fn!(\n    pub fn f{i}{SIGNATURE} {}\n);\n",
                            body(i, "next(n)")
                        )
                    })
                },
            },
            Variant {
                name: "sync-blocks",
                title: "`smart_fn!` with 20 functions",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    blocks(n, 20, SYNC_NEXT, "", "", |i| {
                        format!("    pub fn f{i}{SIGNATURE} {}\n", body(i, "next(n)"))
                    })
                },
            },
        ],
    },
    Group {
        title: "`fn` with `&self`",
        variants: &[
            Variant {
                name: "method-pair",
                title: "`fn` and an `async fn` that offloads it, by hand",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    library(n, &format!("{SYNC_NEXT}{STORE}"), |i| {
                        format!(
                            "impl Store {{\n    pub fn f{i}{METHOD} {}\n    pub async fn f{i}_async{METHOD} {{\n        let (this, text) = (self.clone(), text.to_owned());\n        smartasync::offload(move || this.f{i}(n, &text)).await\n    }}\n}}\n",
                            body(i, "next(n + self.0)")
                        )
                    })
                },
            },
            Variant {
                name: "method-smart",
                title: "`smart_fn!`",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    library(n, &format!("{SYNC_NEXT}{STORE}"), |i| {
                        format!(
                            "impl Store {{\n    smartasync::smart_fn!(\n        pub fn f{i}{METHOD} {}\n    );\n}}\n",
                            body(i, "next(n + self.0)")
                        )
                    })
                },
            },
            Variant {
                name: "method-blocks",
                title: "an `impl` with 20 functions in `smart_fn!`",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    blocks(
                        n,
                        20,
                        &format!("{SYNC_NEXT}{STORE}"),
                        "impl Store {\n",
                        "}\n",
                        |i| format!("    pub fn f{i}{METHOD} {}\n", body(i, "next(n + self.0)")),
                    )
                },
            },
        ],
    },
    Group {
        title: "`#[boxed] async fn`",
        variants: &[
            Variant {
                name: "boxed-pair",
                title: "a function that boxes its future, and a blocking one, by hand",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    library(n, ASYNC_NEXT, |i| {
                        format!(
                            "pub fn f{i}<'a>(n: u32, text: &'a str) -> std::pin::Pin<Box<dyn Future<Output = Result<usize, std::num::ParseIntError>> + 'a>> {{\n    Box::pin(async move {})\n}}\npub fn f{i}_blocking{SIGNATURE} {{\n    smartasync::block_on(f{i}(n, text))\n}}\n",
                            body(i, "next(n).await")
                        )
                    })
                },
            },
            Variant {
                name: "boxed-smart",
                title: "`smart_fn!`",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    library(n, ASYNC_NEXT, |i| {
                        format!(
                            "smartasync::smart_fn!(\n    #[boxed]\n    pub async fn f{i}{SIGNATURE} {}\n);\n",
                            body(i, "next(n).await")
                        )
                    })
                },
            },
            Variant {
                name: "boxed-blocks",
                title: "`smart_fn!` with 20 functions",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    blocks(n, 20, ASYNC_NEXT, "", "", |i| {
                        format!(
                            "    #[boxed]\n    pub async fn f{i}{SIGNATURE} {}\n",
                            body(i, "next(n).await")
                        )
                    })
                },
            },
        ],
    },
    Group {
        title: "a split `impl`",
        variants: &[
            Variant {
                name: "split-pair",
                title: "two `impl`s, by hand",
                dependencies: &[],
                files: |n| {
                    library(n, SPLIT_HEAD, |i| {
                        format!(
                            "impl Store {{\n    pub async fn f{i}{METHOD} {}\n}}\nimpl blocking::Store {{\n    pub fn f{i}{METHOD} {}\n}}\n",
                            body(i, "self.next(n).await"),
                            body(i, "self.next(n)")
                        )
                    })
                },
            },
            Variant {
                name: "split-smart",
                title: "`smart_fn!` with an `impl` of one function",
                dependencies: &[SMARTASYNC],
                files: |n| blocks(n, 1, SPLIT_HEAD, SPLIT_OPEN, "}\n", split_function),
            },
            Variant {
                name: "split-blocks",
                title: "`smart_fn!` with an `impl` of 20 functions",
                dependencies: &[SMARTASYNC],
                files: |n| blocks(n, 20, SPLIT_HEAD, SPLIT_OPEN, "}\n", split_function),
            },
        ],
    },
    Group {
        title: "`#[maybe_async] async fn`",
        variants: &[
            Variant {
                name: "maybe-pair",
                title: "`fn` and `async fn`, by hand",
                dependencies: &[],
                files: |n| {
                    library(
                        n,
                        &format!("{ASYNC_NEXT}{}", SYNC_NEXT.replace("next", "next_blocking")),
                        |i| {
                            format!(
                                "pub async fn f{i}{SIGNATURE} {}\npub fn f{i}_blocking{SIGNATURE} {}\n",
                                body(i, "next(n).await"),
                                body(i, "next_blocking(n)")
                            )
                        },
                    )
                },
            },
            Variant {
                name: "maybe-smart",
                title: "`smart_fn!`",
                dependencies: &[SMARTASYNC],
                files: maybe_smart,
            },
            Variant {
                name: "maybe-blocks",
                title: "`smart_fn!` with 20 functions",
                dependencies: &[SMARTASYNC],
                files: |n| {
                    blocks(n, 20, MAYBE_NEXT, "", "", |i| {
                        format!(
                            "    #[maybe_async]\n    pub async fn f{i}{SIGNATURE} {}\n",
                            body(i, "smart_await!(next(n))")
                        )
                    })
                },
            },
            Variant {
                name: "maybe-smart-core",
                title: "`smart_fn!`, `default-features = false`",
                dependencies: &[WITHOUT_STD],
                files: maybe_smart,
            },
            Variant {
                name: "maybe-bisync",
                title: "bisync",
                dependencies: &["bisync = \"0.3\""],
                files: |n| {
                    let [(_, functions)] =
                        <[_; 1]>::try_from(library(n, "use super::bisync;\n#[bisync]\npub async fn next(n: u32) -> u32 {\n    n + 1\n}\n", |i| {
                            format!("#[bisync]\npub async fn f{i}{SIGNATURE} {}\n", body(i, "next(n).await"))
                        }))
                        .expect("one file");
                    let module = |name: &str, of: &str| {
                        format!(
                            "#[path = \".\"]\npub mod {name} {{\n    use bisync::{of}::*;\n    mod inner;\n    pub use inner::*;\n}}\n"
                        )
                    };
                    let root =
                        module("asynchronous", "asynchronous") + &module("blocking", "synchronous");
                    vec![("lib.rs", root), ("inner.rs", functions)]
                },
            },
            Variant {
                name: "maybe-maybe-async",
                title: "maybe-async, which has one copy in a build",
                dependencies: &["maybe-async = \"0.2\""],
                files: |n| {
                    library(
                        n,
                        "#[maybe_async::maybe_async]\npub async fn next(n: u32) -> u32 {\n    n + 1\n}\n",
                        |i| {
                            format!(
                                "#[maybe_async::maybe_async]\npub async fn f{i}{SIGNATURE} {}\n",
                                body(i, "next(n).await")
                            )
                        },
                    )
                },
            },
        ],
    },
];

/// A crate without functions: what `cargo check` takes anyway.
pub fn empty() -> Variant {
    Variant {
        name: "empty",
        title: "no functions",
        dependencies: &[SMARTASYNC],
        files: |n| library(n, ASYNC_NEXT, |_| String::new()),
    }
}

fn maybe_smart(n: usize) -> Vec<(&'static str, String)> {
    library(n, MAYBE_NEXT, |i| {
        format!(
            "smart_fn!(\n    #[maybe_async]\n    pub async fn f{i}{SIGNATURE} {}\n);\n",
            body(i, "smart_await!(next(n))")
        )
    })
}

fn library(
    functions: usize,
    head: &str,
    function: impl Fn(usize) -> String,
) -> Vec<(&'static str, String)> {
    let text = head.to_owned() + &(0..functions).map(function).collect::<String>();
    vec![("lib.rs", text)]
}

/// The functions in invocations of `smart_fn!` with `size` functions each, between `open` and
/// `close`.
fn blocks(
    functions: usize,
    size: usize,
    head: &str,
    open: &str,
    close: &str,
    function: impl Fn(usize) -> String,
) -> Vec<(&'static str, String)> {
    let numbers: Vec<usize> = (0..functions).collect();
    let block = |numbers: &[usize]| {
        let inside: String = numbers.iter().map(|&i| function(i)).collect();
        format!("smartasync::smart_fn!(\n{open}{inside}{close});\n")
    };
    let text = head.to_owned() + &numbers.chunks(size).map(block).collect::<String>();
    vec![("lib.rs", text)]
}

fn split_function(i: usize) -> String {
    format!(
        "    pub async fn f{i}{METHOD} {}\n",
        body(i, "smart_await!(self.next(n))")
    )
}

const SIGNATURE: &str = "(n: u32, text: &str) -> Result<usize, std::num::ParseIntError>";
const METHOD: &str = "(&self, n: u32, text: &str) -> Result<usize, std::num::ParseIntError>";
const ASYNC_NEXT: &str = "pub async fn next(n: u32) -> u32 {\n    n + 1\n}\n";
const SYNC_NEXT: &str = "pub fn next(n: u32) -> u32 {\n    n + 1\n}\n";
const MAYBE_NEXT: &str = "use smartasync::{smart_await, smart_fn};\nsmart_fn!(\n    #[maybe_async]\n    pub async fn next(n: u32) -> u32 {\n        n + 1\n    }\n);\n";
const SPLIT_HEAD: &str = "pub struct Store(pub u32);\npub mod blocking {\n    pub struct Store(pub u32);\n}\nimpl Store {\n    pub async fn next(&self, n: u32) -> u32 {\n        n + self.0\n    }\n}\nimpl blocking::Store {\n    pub fn next(&self, n: u32) -> u32 {\n        n + self.0\n    }\n}\n";
const SPLIT_OPEN: &str = "#[split(blocking::Store)]\nimpl Store {\n";
const STORE: &str = "#[derive(Clone)]\npub struct Store(pub u32);\n";

/// A short body of the usual kind: `?`, a call of another function, a branch with an early return.
fn body(i: usize, next: &str) -> String {
    format!(
        "{{
        let parsed: u32 = text.trim().parse()?;
        let next = {next};
        if next > parsed {{
            return Ok(text.len());
        }}
        Ok(text.lines().count() + {i})
    }}"
    )
}
