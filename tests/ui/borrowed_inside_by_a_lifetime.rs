//! An argument of a sync function cannot have a lifetime.

use smartasync::smart_fn;
use std::borrow::Cow;

smart_fn!(
    fn size(text: Cow<'_, str>) -> usize {
        text.len()
    }

    fn kept(text: Cow<'static, str>, more: Option<&'static str>) -> usize {
        text.len() + more.map_or(0, str::len)
    }

    async fn sizes(text: Cow<'_, str>, more: Option<&str>) -> usize {
        text.len() + more.map_or(0, str::len)
    }
);

fn main() {}
