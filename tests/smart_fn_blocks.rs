//! Whole `impl` and `trait` blocks in `smart_fn!`, and as many functions as one may have.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    clippy::multiple_bound_locations,
    reason = "these are a library's items, without a library around them"
)]

mod support;

use smartasync::{block_on, smart_await, smart_fn};
use std::fmt::Debug;
use support::both::assert_both;

#[derive(Clone)]
pub struct Store<T, const N: usize> {
    values: [T; N],
}

smart_fn!(
    /// Documented.
    #[allow(clippy::needless_lifetimes, reason = "attributes stay on the block")]
    impl<T: Clone + Send + 'static, const N: usize> Store<T, N>
    where
        T: Debug,
    {
        /// A constant stays.
        pub const SIZE: usize = { N };

        pub async fn first<'a>(&'a self) -> Option<&'a T> {
            self.values.first()
        }

        pub fn shown(&self) -> String {
            format!("{:?}", self.values)
        }

        #[maybe_async]
        #[blocking(count_blocking)]
        pub async fn count(&self) -> usize {
            smart_await!(self.shown()).len() + Self::SIZE
        }
    }

    /// A trait with a type, a constant and a default body.
    pub trait Source: Sized {
        type Item: Default;
        const LIMIT: usize = 3;

        async fn next(&mut self) -> Option<Self::Item>;

        async fn next_or_default(&mut self) -> Self::Item {
            self.next().await.unwrap_or_default()
        }
    }

    impl Source for Vec<u32> {
        type Item = u32;

        async fn next(&mut self) -> Option<u32> {
            self.pop()
        }
    }

    /// A function beside blocks.
    async fn beside() -> u32 {
        1
    }
);

#[test]
fn a_block_has_smart_functions_and_its_other_items() {
    let store = Store { values: [1, 2] };
    assert_both!(store.first(), Some(&1));
    assert_both!(store.shown(), "[1, 2]");
    assert_both!(store.count(), 8);
    assert_eq!(store.count_blocking(), 8);
    assert_eq!(Store::<u8, 2>::SIZE, 2);
    let mut source = vec![1];
    assert_eq!(Vec::LIMIT, 3);
    assert_eq!(source.next_or_default().wait(), 1);
    assert_eq!(block_on(source.next_or_default()), 0);
    assert_both!(beside(), 1);
}

smart_fn!(
    #[boxed]
    trait Shape {
        async fn area(&self) -> u32;
        fn name(&self) -> String;
    }

    struct_of! { Square }

    #[boxed]
    impl Shape for Square {
        async fn area(&self) -> u32 {
            self.0 * self.0
        }
        fn name(&self) -> String {
            "square".into()
        }
    }

    #[send]
    trait Fetch: Sync {
        async fn fetch(&self, url: &str) -> usize;
        async fn twice(&self, url: &str) -> usize {
            2 * self.fetch(url).await
        }
    }

    #[send]
    impl Fetch for Square {
        async fn fetch(&self, url: &str) -> usize {
            url.len()
        }
    }

    #[maybe_async]
    impl Square {
        async fn sum(&self, n: u32) -> u32 {
            smart_await!(sync => self.0, async => async { self.0 }) + n
        }
        async fn sums(&self) -> u32 {
            smart_await!(self.sum(1)) + smart_await!(self.sum(2))
        }
        // There is no second way to compile it.
        fn plain(&self) -> u32 {
            self.0
        }
    }
);

#[macro_export]
macro_rules! struct_of {
    ($name:ident) => {
        #[derive(Clone)]
        struct $name(u32);
    };
}

fn spawned<F: Fetch>(fetch: &F) -> usize {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    block_on(is_send(async { fetch.twice("four").await }))
}

#[test]
fn a_helper_attribute_on_a_block_is_on_each_function() {
    let shape: &dyn Shape = &Square(3);
    assert_both!(shape.area(), 9);
    assert_both!(shape.name(), "square");
    assert_eq!(spawned(&Square(1)), 8);
    assert_both!(Square(1).sums(), 5);
    assert_both!(Square(1).plain(), 1);
}

macro_rules! plain {
    ($($name:ident)*) => {
        smart_fn!(
            impl Many {
                $(
                    /// A method.
                    pub async fn $name(&self, n: u32, text: &str) -> Result<u32, std::fmt::Error> {
                        println!("{n}{text}");
                        Ok(n + self.0)
                    }
                )*
            }
            $(
                pub async fn $name(n: u32, text: &str) -> Result<u32, std::fmt::Error> {
                    println!("{n}{text}");
                    Ok(n)
                }
            )*
        );

        smart_fn!(
            #[split(blocking::Split)]
            impl Split {
                $(
                    pub async fn $name(&self, n: u32, text: &str) -> Result<u32, std::fmt::Error> {
                        println!("{n}{text}");
                        Ok(smart_await!(sync => n, async => std::future::ready(n)))
                    }
                )*
            }
        );
    };
}

macro_rules! generic {
    ($($name:ident)*) => {
        smart_fn!(
            impl Many {
                $(
                    pub async fn $name<T: Into<String> + Clone, F>(&self, key: T, with: F) -> Result<Vec<u32>, std::fmt::Error>
                    where
                        F: Fn(&str) -> Option<u32> + Copy,
                        T: Send,
                    {
                        let key: String = key.into();
                        println!("{key}");
                        Ok(vec![with(&key).unwrap_or(self.0)])
                    }
                )*
            }
        );

        smart_fn!(
            #[split(blocking::Split)]
            impl Split {
                $(
                    #[sync_where(T: Sync, F: Fn(&str) -> Option<u32>)]
                    pub async fn $name<T: Into<String> + Clone, F>(&self, key: T, with: F) -> Result<Vec<u32>, std::fmt::Error>
                    where
                        F: Fn(&str) -> Option<u32> + Copy,
                        T: Send,
                    {
                        let key: String = key.into();
                        println!("{key}");
                        Ok(vec![with(&key).unwrap_or(1)])
                    }
                )*
            }
        );
    };
}

#[derive(Clone)]
struct Many(u32);
struct Split;

mod blocking {
    pub struct Split;
}

plain! {
    f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12 f13 f14 f15 f16 f17 f18 f19 f20 f21 f22 f23 f24 f25 f26 f27 f28 f29
    f30 f31 f32 f33 f34 f35 f36 f37 f38 f39 f40 f41 f42 f43 f44 f45 f46 f47 f48 f49 f50 f51 f52 f53 f54 f55 f56
    f57 f58 f59 f60 f61 f62 f63 f64 f65 f66 f67 f68 f69 f70 f71 f72 f73 f74 f75 f76 f77 f78 f79 f80 f81 f82 f83
    f84 f85 f86 f87 f88 f89 f90 f91 f92 f93 f94 f95 f96 f97 f98 f99
}

generic! {
    g0 g1 g2 g3 g4 g5 g6 g7 g8 g9 g10 g11 g12 g13 g14 g15 g16 g17 g18 g19 g20 g21 g22 g23 g24 g25 g26 g27 g28 g29
    g30 g31 g32 g33 g34 g35 g36 g37 g38 g39
}

#[test]
fn a_block_and_an_invocation_take_100_plain_functions_or_40_with_generics() {
    assert_eq!(Many(1).f99(1, "a").wait(), Ok(2));
    assert_eq!(f99(1, "a").wait(), Ok(1));
    assert_eq!(blocking::Split.f99(1, "a"), Ok(1));
    assert_eq!(block_on(Split.f99(1, "a")), Ok(1));
    assert_eq!(Many(1).g39("a", |_| None).wait(), Ok(vec![1]));
    assert_eq!(blocking::Split.g39("a", |_| None), Ok(vec![1]));
    assert_eq!(block_on(Split.g39("a", |_| None)), Ok(vec![1]));
}
