//! The result of a sync function cannot hold a reference.

use smartasync::smart_fn;
use std::borrow::Cow;

smart_fn!(
    fn first(words: &[String]) -> Option<&String> {
        words.first()
    }

    fn trimmed<'a>(text: &'a str) -> Cow<'a, str> {
        text.trim().into()
    }

    fn kept() -> Option<&'static str> {
        Some("kept")
    }
);

fn main() {}
