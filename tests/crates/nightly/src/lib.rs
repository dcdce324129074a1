//! `#[smart_fn]` on every kind of item, with every helper attribute.
#![feature(macro_attr)]
#![deny(warnings, missing_docs)]

use smartasync::{Call, Work, smart_await, smart_fn};

/// An async function.
#[smart_fn]
pub async fn double(n: u32) -> u32 {
    2 * n
}

/// A sync function.
#[smart_fn]
#[must_use]
pub fn length(text: &str) -> usize {
    text.len()
}

/// Compiled twice, with a twin.
#[smart_fn]
#[maybe_async]
#[blocking(sum_blocking)]
pub async fn sum(n: u32, text: &str) -> usize {
    let doubled = smart_await!(double(n));
    smart_await!(length(text)) + usize::try_from(doubled).unwrap_or(0)
}

/// Wraps another.
#[smart_fn]
#[wraps(plain)]
pub async fn wrapping(n: u32) -> u32;

async fn plain(n: u32) -> u32 {
    n + 1
}

/// With generics and bounds.
#[smart_fn]
pub async fn shown<T: ToString>(value: T) -> String
where
    T: Clone,
{
    value.clone().to_string()
}

/// A trait with smart methods.
pub trait Store {
    /// Declared only.
    #[smart_fn]
    #[send]
    async fn get(&self, key: &str) -> usize;

    /// Boxed, with a body.
    #[smart_fn]
    #[boxed]
    async fn size(&self) -> usize {
        0
    }
}

/// A store of lengths.
#[derive(Clone, Debug)]
pub struct Lengths;

impl Store for Lengths {
    #[smart_fn]
    #[send]
    async fn get(&self, key: &str) -> usize {
        key.len()
    }
}

impl Lengths {
    /// A sync method.
    #[smart_fn]
    pub fn local(&self, key: &str) -> usize {
        key.len()
    }
}

/// Inside a function, and in the form of a macro.
pub fn nested(n: u32) -> Call<impl Work<Output = u32>> {
    #[smart_fn]
    async fn inner(n: u32) -> u32 {
        n + 1
    }
    smart_fn!(
        async fn outer(n: u32) -> u32 {
            inner(n).await + 1
        }
    );
    outer(n)
}

#[cfg(test)]
mod tests {
    use super::{Lengths, Store, double, length, nested, shown, sum, sum_blocking, wrapping};
    use smartasync::block_on;

    #[test]
    fn the_attribute_does_what_the_macro_does() {
        assert_eq!((double(2).wait(), block_on(double(2))), (4, 4));
        assert_eq!((length("abc").wait(), block_on(length("abc"))), (3, 3));
        assert_eq!(
            (
                sum(1, "abc").wait(),
                block_on(sum(1, "abc")),
                sum_blocking(1, "abc")
            ),
            (5, 5, 5)
        );
        assert_eq!((wrapping(1).wait(), block_on(wrapping(1))), (2, 2));
        assert_eq!(
            (shown(1).wait(), block_on(shown(1))),
            ("1".to_owned(), "1".to_owned())
        );
        assert_eq!(
            (Lengths.get("abc").wait(), block_on(Lengths.get("abc"))),
            (3, 3)
        );
        assert_eq!((Lengths.size().wait(), block_on(Lengths.size())), (0, 0));
        assert_eq!(
            (Lengths.local("abc").wait(), block_on(Lengths.local("abc"))),
            (3, 3)
        );
        assert_eq!((nested(1).wait(), block_on(nested(1))), (3, 3));
    }
}
