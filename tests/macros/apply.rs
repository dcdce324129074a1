//! The attribute form of `smart_fn!` on stable Rust, `#[macro_rules_attribute::apply(smart_fn!)]`,
//! on every kind of item.

use crate::support::both::assert_both;
use macro_rules_attribute::apply;
use smartasync::{smart_await, smart_fn};

/// This function has documentation.
#[apply(smart_fn!)]
async fn double(n: u32) -> u32 {
    2 * n
}

#[apply(smart_fn!)]
fn length(text: &str) -> usize {
    text.len()
}

#[apply(smart_fn!)]
#[maybe_async]
#[blocking(sum_blocking)]
pub(crate) async fn sum(n: u32, text: &str) -> u32 {
    smart_await!(double(n)) + u32::try_from(smart_await!(length(text))).unwrap()
}

async fn plain(n: u32) -> u32 {
    n + 1
}

#[apply(smart_fn!)]
#[wraps(plain)]
async fn wrapping(n: u32) -> u32;

#[apply(smart_fn!)]
async fn shown<T>(value: T) -> String
where
    T: ToString,
{
    value.to_string()
}

#[test]
fn apply_works_on_functions() {
    assert_both!(double(2), 4);
    assert_both!(length("abc"), 3);
    assert_both!(sum(1, "abc"), 5);
    assert_eq!(sum_blocking(1, "abc"), 5);
    assert_both!(wrapping(1), 2);
    assert_both!(shown(7), "7");
}

#[derive(Clone)]
struct Lengths(usize);

trait Store {
    #[apply(smart_fn!)]
    #[send]
    async fn get(&self, key: &str) -> usize;

    #[apply(smart_fn!)]
    #[boxed]
    async fn size(&self) -> usize {
        7
    }
}

impl Store for Lengths {
    #[apply(smart_fn!)]
    #[send]
    async fn get(&self, key: &str) -> usize {
        self.0 + key.len()
    }
}

impl Lengths {
    #[apply(smart_fn!)]
    fn local(&self, key: &str) -> usize {
        self.0 + key.len()
    }

    #[apply(smart_fn!)]
    async fn made(from: usize) -> Self {
        Self(from)
    }
}

#[test]
fn apply_works_on_methods_of_types_and_traits() {
    assert_both!(Lengths(1).get("abc"), 4);
    assert_both!(Lengths(1).size(), 7);
    assert_both!(Lengths(1).local("abc"), 4);
    assert_eq!(Lengths::made(3).wait().0, 3);
}

#[test]
fn apply_works_on_a_function_in_a_function() {
    #[apply(smart_fn!)]
    async fn inner(n: u32) -> u32 {
        n + 1
    }

    assert_both!(inner(1), 2);
}
