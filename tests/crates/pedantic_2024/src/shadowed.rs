//! Everything that an expansion might name means something else here.

use renamed::{smart_await, smart_fn};

/// The names that are shadowed.
mod names {
    #![allow(
        dead_code,
        unreachable_pub,
        missing_docs,
        reason = "they are only in the way"
    )]
    pub struct Result;
    pub struct Option;
    pub struct Ok;
    pub struct Err;
    pub struct Some;
    pub struct None;
    pub struct Box;
    pub struct String;
    pub struct Vec;
    pub trait Future {}
    pub trait IntoFuture {}
    pub trait Send {}
    pub trait Sync {}
    pub trait Clone {}
    pub trait ToOwned {}
    pub trait FnOnce {}
    pub trait Drop {}
    pub mod core {}
    pub mod std {}
    pub mod alloc {}
    pub mod smartasync {}
    pub struct Call;
    pub trait Work {}
    pub struct Route;
    pub const fn drop() {}
    pub const fn block_on() {}
}
#[allow(unused_imports, reason = "they are only in the way")]
use names::*;
#[allow(
    unused_imports,
    reason = "an import by name wins over the prelude and over crates"
)]
use names::{
    Box, Call, Clone, Drop, Err, FnOnce, Future, IntoFuture, None, Ok, Option, Result, Route, Send,
    Some, String, Sync, ToOwned, Vec, Work, alloc, block_on, core, drop, smartasync, std,
};

/// Macros are shadowed too.
#[allow(unused_macros, reason = "they are only in the way")]
macro_rules! compile_error {
    () => {};
}
#[allow(unused_macros, reason = "they are only in the way")]
macro_rules! concat {
    () => {};
}
#[allow(unused_macros, reason = "they are only in the way")]
macro_rules! stringify {
    () => {};
}

/// Has a size.
pub trait Measure {
    smart_fn!(
        /// Declared only.
        #[send]
        async fn measure(&self) -> usize;
    );
}

/// A page.
#[derive(::core::clone::Clone, Debug)]
pub struct Page(::std::string::String);

impl Page {
    /// A page with a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(::std::borrow::ToOwned::to_owned(text))
    }

    smart_fn!(
        /// A sync method with a twin.
        #[blocking(size_blocking)]
        pub fn size(&self, key: &str) -> usize {
            self.0.len() + key.len()
        }

        /// A method that is compiled twice.
        #[maybe_async]
        pub async fn both(&self, key: &str) -> usize {
            let size = smart_await!(self.size(key));
            size + smart_await!(sync => 1, async => async { 1 })
        }
    );
}

impl Measure for Page {
    smart_fn!(
        #[send]
        async fn measure(&self) -> usize {
            self.0.len()
        }
    );
}

smart_fn!(
    /// Counts bytes, and does so
    /// in two lines of documentation.
    pub async fn count(text: &str) -> usize {
        text.len()
    }

    /// Fails with its argument, through `?`.
    pub async fn divide(n: u32, by: u32) -> ::core::result::Result<u32, u32> {
        let quotient = n.checked_div(by).ok_or(n)?;
        ::core::result::Result::Ok(quotient)
    }

    /// Sums an array, whose length is a parameter.
    pub fn sum_of<const N: usize>(numbers: [u32; N]) -> u32 {
        numbers.iter().sum()
    }

    /// The first line, if there is one.
    pub fn first_line(text: &str) -> ::core::option::Option<::std::string::String> {
        text.lines().next().map(::std::borrow::ToOwned::to_owned)
    }

    /// Shows what it is given.
    pub async fn shown<T>(value: &T) -> ::std::string::String
    where
        T: ::core::fmt::Display + ?Sized,
    {
        ::std::string::ToString::to_string(value)
    }

    /// Wraps another function.
    #[wraps(plain)]
    pub async fn wrapping(n: u32) -> u32;

    /// Boxed, and `Send`.
    #[boxed]
    #[send]
    pub async fn boxed(text: &str) -> usize {
        text.len()
    }

    /// Gives nothing.
    #[maybe_async]
    pub async fn unit() {}
);

#[allow(clippy::unused_async, reason = "it is there to be wrapped")]
async fn plain(n: u32) -> u32 {
    n + 1
}

smart_fn!(
    /// Two plain functions.
    #[split(halved_blocking)]
    #[must_use]
    pub async fn halved(n: u32) -> u32 {
        smart_await!(sync => n / 2, async => async { n / 2 })
    }

    /// Two plain traits.
    #[split(BlockingNamed)]
    #[send]
    pub trait Named: ::core::marker::Sync {
        /// A number.
        const NUMBER: u32 = 1;

        /// Loads the name.
        async fn load(&self) -> &str;

        /// Its length.
        async fn length(&self) -> usize {
            smart_await!(self.load()).len()
        }
    }

    #[split(BlockingNamed for Page)]
    impl Named for Page {
        async fn load(&self) -> &str {
            smart_await!(sync => "page", async => async { "page" })
        }
    }
);
