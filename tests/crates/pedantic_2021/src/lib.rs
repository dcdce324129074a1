//! Smart functions of every kind, in a crate that allows its macros nothing.
#![deny(
    warnings,
    missing_docs,
    clippy::pedantic,
    clippy::nursery,
    unused_qualifications,
    unreachable_pub,
    let_underscore_drop
)]
#![forbid(unsafe_code)]

use renamed::{smart_await, smart_fn};
use std::num::ParseIntError;
use std::sync::Mutex;

/// Names that an expansion must not mean.
pub mod shadows {
    #![allow(missing_docs, dead_code)]
    pub struct Result;
    pub struct Option;
    pub struct Ok;
    pub struct Err;
    pub struct Some;
    pub struct None;
    pub struct Box;
    pub struct String;
    pub trait Future {}
    pub trait Send {}
    pub mod core {}
}
#[allow(unused_imports)]
use shadows::{core, Box, Err, Future, None, Ok, Option, Result, Send, Some, String};

/// A page.
#[derive(Clone, Debug)]
pub struct Page(pub u32);

impl Page {
    smart_fn!(
        /// An async method.
        pub async fn load(&self, key: &str) -> u32 {
            self.0 + u32::try_from(key.len()).unwrap_or(0)
        }

        /// A sync method, and its twin.
        #[blocking(store_blocking)]
        pub fn store(&self, key: &str, n: u32) -> u32 {
            self.0 + n + u32::try_from(key.len()).unwrap_or(0)
        }

        /// Both.
        #[maybe_async]
        pub async fn both(&self, key: &str) -> std::result::Result<u32, ParseIntError> {
            let n: u32 = key.parse()?;
            if n > 5 {
                return std::result::Result::Ok(n);
            }
            std::result::Result::Ok(
                smart_await!(self.load(key)) + smart_await!(sync => 1, async => async { 1 }),
            )
        }
    );
}

smart_fn!(
    /// A temporary at the tail, which edition 2021 drops late.
    pub async fn tail(m: Mutex<u32>) -> u32 {
        *m.lock().unwrap()
    }
    /// The same in a sync function.
    pub fn sync_tail(m: Mutex<u32>, k: &str) -> u32 {
        *m.lock().unwrap() + u32::from(k.is_empty())
    }
    /// No result.
    pub async fn unit() {}
    /// No result, and an unused argument.
    pub fn sync_unit(_: u32) {}
    /// Does not return.
    pub async fn never() -> ! {
        loop {
            std::future::pending::<()>().await;
        }
    }
    /// Does not return.
    pub fn sync_never() -> ! {
        panic!("as it says")
    }
    /// Returns by `return`.
    pub async fn returns(x: u32) -> u32 {
        return x;
    }
    /// Boxed.
    #[boxed]
    pub async fn boxed(x: &str) -> usize {
        x.len()
    }
    /// Has a result type and does not return.
    pub async fn diverges(_x: u32) -> u32 {
        panic!("as it says")
    }
);

/// A value with two plain APIs.
#[derive(Clone, Debug)]
pub struct Twin<T>(pub T);

/// The sync half.
pub mod blocking {
    /// A value.
    #[derive(Clone, Debug)]
    pub struct Twin<T>(pub T);
}

smart_fn!(
    #[split(blocking::Twin<T> where T: Clone)]
    impl<T> Twin<T>
    where
        T: Clone + std::marker::Send + Sync,
    {
        /// The value, and a number from a text.
        ///
        /// # Errors
        ///
        /// If the text is no number.
        pub async fn with(&self, key: &str) -> std::result::Result<(T, u32), ParseIntError> {
            let n: u32 = key.parse()?;
            let more = smart_await!(sync => n + 1, async => async { n + 1 });
            std::result::Result::Ok((self.0.clone(), more - 1))
        }
    }

    /// Loads.
    #[split(BlockingLoad)]
    pub trait Load {
        /// Loads a number.
        async fn load(&self, key: &str) -> u32;

        /// Loads twice.
        async fn twice(&self, key: &str) -> u32 {
            smart_await!(self.load(key)) + smart_await!(self.load(key))
        }
    }

    #[split(BlockingLoad for Page)]
    impl Load for Page {
        async fn load(&self, key: &str) -> u32 {
            smart_await!(sync => self.0, async => async { self.0 })
                + u32::try_from(key.len()).unwrap_or(0)
        }
    }

    impl Page {
        /// A smart method in a block.
        pub async fn in_a_block(&self) -> u32 {
            self.load("key").await
        }
    }
);

#[cfg(test)]
mod tests {
    use super::{boxed, smart_await, smart_fn, sync_tail, tail, Page};
    use std::cell::RefCell;
    use std::sync::Mutex;

    std::thread_local! {
        static DROPPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    }

    /// Writes its name down when it is dropped.
    struct Noted(&'static str);

    impl Noted {
        const fn number(&self) -> usize {
            self.0.len()
        }
    }

    impl Drop for Noted {
        fn drop(&mut self) {
            DROPPED.with(|dropped| dropped.borrow_mut().push(self.0));
        }
    }

    fn plain() -> usize {
        let _local = Noted("local");
        Noted("temporary").number()
    }

    smart_fn!(
        fn sync() -> usize {
            let _local = Noted("local");
            Noted("temporary").number()
        }
        async fn asynchronous() -> usize {
            let _local = Noted("local");
            Noted("temporary").number()
        }
        #[maybe_async]
        async fn either() -> usize {
            let _local = Noted("local");
            Noted("temporary").number() + smart_await!(0)
        }
    );

    #[test]
    fn the_last_temporary_is_dropped_when_a_plain_function_drops_it() {
        let dropped = || DROPPED.with(|dropped| std::mem::take(&mut *dropped.borrow_mut()));
        plain();
        let expected = dropped();
        assert_eq!(expected, ["local", "temporary"]);
        sync().wait();
        assert_eq!(dropped(), expected);
        asynchronous().wait();
        assert_eq!(dropped(), expected);
        either().wait();
        assert_eq!(dropped(), expected);
        renamed::block_on(either());
        assert_eq!(dropped(), expected);
    }

    #[test]
    fn smart_functions_work_among_shadowed_names() {
        assert_eq!(Page(1).both("3").wait(), Ok(3));
        assert_eq!(Page(1).both("7").wait(), Ok(7));
        assert_eq!(Page(1).store_blocking("key", 2), 6);
        assert_eq!(renamed::block_on(Page(1).store("key", 2)), 6);
        assert_eq!(
            tail(Mutex::new(3)).wait() + renamed::block_on(sync_tail(Mutex::new(4), "")),
            8
        );
        assert_eq!(boxed("abc").wait(), 3);
        assert_eq!(super::blocking::Twin('a').with("3"), Ok(('a', 3)));
        assert_eq!(renamed::block_on(super::Twin('a').with("3")), Ok(('a', 3)));
        assert_eq!(super::BlockingLoad::twice(&Page(1), "key"), 8);
        assert_eq!(renamed::block_on(super::Load::twice(&Page(1), "key")), 8);
        assert_eq!(Page(1).in_a_block().wait(), 4);
    }
}
