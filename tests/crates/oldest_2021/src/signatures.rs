//! Generics, bounds, patterns, lifetimes and opaque types.

use smartasync::{smart_await, smart_fn};
use std::fmt::{Debug, Display};

smart_fn!(
    /// A type parameter, with a bound of each form.
    pub async fn shown<T: Display + ?Sized>(value: &T) -> String
    where
        T: Debug,
    {
        format!("{value} {value:?}")
    }

    /// A constant parameter.
    pub fn total<const N: usize>(numbers: [u32; N]) -> u32 {
        numbers.iter().sum()
    }

    /// A lifetime with a name.
    pub async fn longer<'t>(left: &'t str, right: &'t str) -> &'t str {
        if left.len() < right.len() {
            right
        } else {
            left
        }
    }

    /// A reference in the result whose lifetime has no name.
    #[maybe_async]
    pub async fn trimmed(text: &str) -> &str {
        text.trim()
    }

    /// A mutable reference.
    #[maybe_async]
    pub async fn push(list: &mut Vec<u32>, n: u32) -> usize {
        list.push(n);
        list.len()
    }

    /// Patterns.
    pub async fn patterns((left, _): (u32, u32), [first, .., last]: [u32; 3], mut n: u32) -> u32 {
        n += left;
        n + first + last
    }

    /// An opaque argument.
    pub async fn added(numbers: impl IntoIterator<Item = u32>) -> u32 {
        numbers.into_iter().sum()
    }

    /// An opaque result.
    #[maybe_async]
    pub async fn numbers(end: u32) -> impl Iterator<Item = u32> {
        let end = smart_await!(sync => end, async => std::future::ready(end));
        0..end
    }

    /// A closure as an argument.
    pub fn mapped<F>(n: u32, f: F) -> u32
    where
        F: FnOnce(u32) -> u32 + Send + 'static,
    {
        f(n)
    }

    /// A boxed function with a constant and an opaque argument.
    #[boxed]
    pub async fn boxed<const N: usize>(items: &[u8; N], more: impl Into<usize>) -> usize {
        items.len() + more.into()
    }
);
