//! `smart_fn!`: long signatures, long documentation and many functions, within the default
//! recursion limit.
#![allow(
    clippy::too_many_arguments,
    clippy::multiple_bound_locations,
    reason = "many arguments and bounds are what is tested"
)]

use crate::support::both::assert_both;
use smartasync::{block_on, smart_await, smart_fn};

smart_fn! {
    async fn f0() -> u32 { 0 }
    async fn f1() -> u32 { 1 }
    async fn f2() -> u32 { 2 }
    async fn f3() -> u32 { 3 }
    async fn f4() -> u32 { 4 }
    async fn f5() -> u32 { 5 }
    async fn f6() -> u32 { 6 }
    async fn f7() -> u32 { 7 }
    async fn f8() -> u32 { 8 }
    async fn f9() -> u32 { 9 }
    fn f10(n: u32) -> u32 { n + 10 }
    fn f11(n: u32) -> u32 { n + 11 }
    fn f12(n: u32) -> u32 { n + 12 }
    fn f13(n: u32) -> u32 { n + 13 }
    fn f14(n: u32) -> u32 { n + 14 }
    fn f15(n: u32) -> u32 { n + 15 }
    fn f16(n: u32) -> u32 { n + 16 }
    fn f17(n: u32) -> u32 { n + 17 }
    fn f18(n: u32) -> u32 { n + 18 }
    fn f19(n: u32) -> u32 { n + 19 }
    #[maybe_async] async fn f20(n: &u32) -> u32 { smart_await!(*n) + 20 }
    #[maybe_async] async fn f21(n: &u32) -> u32 { smart_await!(*n) + 21 }
    #[maybe_async] async fn f22(n: &u32) -> u32 { smart_await!(*n) + 22 }
    #[maybe_async] async fn f23(n: &u32) -> u32 { smart_await!(*n) + 23 }
    #[maybe_async] async fn f24(n: &u32) -> u32 { smart_await!(*n) + 24 }
    #[maybe_async] async fn f25(n: &u32) -> u32 { smart_await!(*n) + 25 }
    #[maybe_async] async fn f26(n: &u32) -> u32 { smart_await!(*n) + 26 }
    #[maybe_async] async fn f27(n: &u32) -> u32 { smart_await!(*n) + 27 }
    #[maybe_async] async fn f28(n: &u32) -> u32 { smart_await!(*n) + 28 }
    #[maybe_async] async fn f29(n: &u32) -> u32 { smart_await!(*n) + 29 }
}

#[test]
fn an_invocation_takes_thirty_functions() {
    let none = [
        f0().wait(),
        f1().wait(),
        f2().wait(),
        f3().wait(),
        f4().wait(),
        f5().wait(),
        f6().wait(),
        f7().wait(),
        f8().wait(),
        f9().wait(),
    ];
    assert_eq!(none, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let sync = [
        block_on(f10(1)),
        block_on(f11(1)),
        block_on(f12(1)),
        block_on(f13(1)),
        block_on(f14(1)),
        block_on(f15(1)),
        block_on(f16(1)),
        block_on(f17(1)),
        block_on(f18(1)),
        block_on(f19(1)),
    ];
    assert_eq!(sync, [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    let either = [
        f20(&1).wait() + block_on(f20(&1)),
        f21(&1).wait() + block_on(f21(&1)),
        f22(&1).wait() + block_on(f22(&1)),
        f23(&1).wait() + block_on(f23(&1)),
        f24(&1).wait() + block_on(f24(&1)),
        f25(&1).wait() + block_on(f25(&1)),
        f26(&1).wait() + block_on(f26(&1)),
        f27(&1).wait() + block_on(f27(&1)),
        f28(&1).wait() + block_on(f28(&1)),
        f29(&1).wait() + block_on(f29(&1)),
    ];
    assert_eq!(either, [42, 44, 46, 48, 50, 52, 54, 56, 58, 60]);
}

mod many {
    use smartasync::smart_fn;

    macro_rules! plain {
        ($($name:ident: $value:literal,)*) => {
            smart_fn! { $(pub(crate) async fn $name() -> u8 { $value })* }
        };
    }

    macro_rules! generic {
        ($($name:ident)*) => {
            smart_fn! {
                $(
                    pub(crate) fn $name<T, U>(&self, a: &T, b: U) -> U
                    where
                        T: Clone + Send + Into<U> + 'static,
                        U: Send + 'static,
                    {
                        drop(a.clone());
                        b
                    }
                )*
            }
        };
    }

    plain! {
        f0: 0, f1: 1, f2: 2, f3: 3, f4: 4, f5: 5, f6: 6, f7: 7, f8: 8, f9: 9,
        f10: 10, f11: 11, f12: 12, f13: 13, f14: 14, f15: 15, f16: 16, f17: 17, f18: 18, f19: 19,
        f20: 20, f21: 21, f22: 22, f23: 23, f24: 24, f25: 25, f26: 26, f27: 27, f28: 28, f29: 29,
        f30: 30, f31: 31, f32: 32, f33: 33, f34: 34, f35: 35, f36: 36, f37: 37, f38: 38, f39: 39,
        f40: 40, f41: 41, f42: 42, f43: 43, f44: 44, f45: 45, f46: 46, f47: 47, f48: 48, f49: 49,
    }

    #[derive(Clone)]
    pub(crate) struct Many;

    impl Many {
        generic! { g0 g1 g2 g3 g4 g5 g6 g7 g8 g9 g10 g11 g12 g13 g14 g15 g16 g17 g18 g19 }
    }
}

#[test]
fn an_invocation_takes_fifty_plain_functions_or_twenty_with_generics() {
    assert_both!(many::f49(), 49);
    assert_both!(many::Many.g19(&"text", "given".to_owned()), "given");
}

/// Declares a function of the given kind that uses 24 arguments.
macro_rules! with_24_arguments {
    (
        $(#[$($attribute:tt)*])*
        [$($asyncness:tt)?] $name:ident $(, $receiver:expr, $($self:tt)*)?
    ) => {
        smart_fn!(
            $(#[$($attribute)*])*
            $($asyncness)? fn $name(
                $($($self)*,)?
                a0: u32, a1: &str, a2: &[u8], a3: u32, a4: &str, a5: &[u8],
                a6: u32, a7: &str, a8: &[u8], a9: u32, a10: &str, a11: &[u8],
                a12: u32, a13: &str, a14: &[u8], a15: u32, a16: &str, a17: &[u8],
                a18: u32, a19: &str, a20: &[u8], a21: u32, a22: &str, a23: &[u8]
            ) -> usize {
                let numbers = [a0, a3, a6, a9, a12, a15, a18, a21].iter().sum::<u32>();
                let texts = [a1, a4, a7, a10, a13, a16, a19, a22].concat().len();
                let lists = [a2, a5, a8, a11, a14, a17, a20, a23].concat().len();
                0 $(+ $receiver)? + numbers as usize + texts + lists
            }
        );
    };
}

with_24_arguments!([async] long_async);
with_24_arguments!([] long_sync);
with_24_arguments!(#[maybe_async] #[blocking(long_blocking)] [async] long_maybe);
with_24_arguments!(#[boxed] #[send] [async] long_boxed);

#[derive(Clone)]
struct Receiver(usize);

impl Receiver {
    with_24_arguments!([async] long_async, self.0, &self);
    with_24_arguments!([] long_sync, self.0, &self);
    with_24_arguments!(#[maybe_async] #[blocking(long_blocking)] [async] long_maybe, self.0, &self);
    with_24_arguments!(#[boxed] #[send] [async] long_boxed, self.0, &self);
}

/// Calls a function with the 24 arguments.
macro_rules! call_24 {
    ($($function:tt)*) => {
        $($function)*(
            1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc",
            1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc"
        )
    };
}

#[test]
fn a_function_takes_24_arguments() {
    const SUM: usize = 8 * (1 + 2 + 3);
    assert_both!(call_24!(long_async), SUM);
    assert_both!(call_24!(long_sync), SUM);
    assert_both!(call_24!(long_maybe), SUM);
    assert_both!(call_24!(long_boxed), SUM);
    assert_eq!(call_24!(long_blocking), SUM);
}

#[test]
fn a_method_takes_24_arguments() {
    const SUM: usize = 100 + 8 * (1 + 2 + 3);
    assert_both!(call_24!(Receiver(100).long_async), SUM);
    assert_both!(call_24!(Receiver(100).long_sync), SUM);
    assert_both!(call_24!(Receiver(100).long_maybe), SUM);
    assert_both!(call_24!(Receiver(100).long_boxed), SUM);
    assert_eq!(call_24!(Receiver(100).long_blocking), SUM);
}

/// Declares a function with 8 generic parameters, 8 bounds on them and 8 more in its `where`
/// clause.
macro_rules! with_8_generics {
    (
        $(#[$($attribute:tt)*])*
        [$($asyncness:tt)?] $name:ident $(, $receiver:expr, $($self:tt)*)?
    ) => {
        smart_fn!(
            $(#[$($attribute)*])*
            $($asyncness)? fn $name<
                A: Clone + Send + 'static,
                B: Clone + Send + 'static,
                C: Copy + Send + 'static,
                D: Send + 'static,
                E: Send + 'static,
                F: Send + 'static,
                G: Into<u32> + Send + 'static,
                H: Send + 'static,
            >(
                $($($self)*,)?
                g0: A, g1: B, g2: C, g3: D, g4: E, g5: F, g6: G, g7: H,
                a0: u32, a1: &str, a2: &[u8], a3: u32, a4: &str, a5: &[u8], a6: u32, a7: &str,
                a8: &[u8], a9: u32, a10: &str, a11: &[u8], a12: u32, a13: &str, a14: &[u8],
                a15: u32,
            ) -> usize
            where
                A: std::fmt::Debug,
                B: PartialEq,
                C: Into<u32>,
                D: std::fmt::Display,
                E: Iterator<Item = u32>,
                F: Fn(u32) -> u32,
                G: Clone,
                H: AsRef<str>,
            {
                let sum = format!("{g0:?}").len() + usize::from(g1 == g1.clone());
                let sum = sum + g3.to_string().len() + g7.as_ref().len();
                let sum = sum + (g2.into() + g4.sum::<u32>() + g5(1) + g6.clone().into()) as usize;
                let numbers = [a0, a3, a6, a9, a12, a15].iter().sum::<u32>();
                let texts = [a1, a4, a7, a10, a13].concat().len();
                let lists = [a2, a5, a8, a11, a14].concat().len();
                sum $(+ $receiver)? + numbers as usize + texts + lists
            }
        );
    };
}

with_8_generics!([async] many_async);
with_8_generics!([] many_sync);
with_8_generics!(#[maybe_async] #[blocking(many_blocking)] [async] many_maybe);
with_8_generics!(#[boxed] [async] many_boxed);

impl Receiver {
    with_8_generics!([async] many_async, self.0, &self);
    with_8_generics!([] many_sync, self.0, &self);
    with_8_generics!(#[maybe_async] #[blocking(many_blocking)] [async] many_maybe, self.0, &self);
    with_8_generics!(#[boxed] [async] many_boxed, self.0, &self);
}

/// Calls a function with 24 arguments, 8 of them generic.
macro_rules! call_generic {
    ($($function:tt)*) => {
        $($function)*(
            1u8, 2u8, 3u8, 4u8, 0..3u32, |n: u32| n + 1, 5u8, "five55",
            1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1
        )
    };
}

#[test]
fn a_function_takes_24_arguments_with_8_generics_and_8_bounds() {
    const SUM: usize = (1 + 1 + 1 + 6) + (3 + 3 + 2 + 5) + 31;
    assert_both!(call_generic!(many_async), SUM);
    assert_both!(call_generic!(many_sync), SUM);
    assert_both!(call_generic!(many_maybe), SUM);
    assert_both!(call_generic!(many_boxed), SUM);
    assert_eq!(call_generic!(many_blocking), SUM);
}

#[test]
fn a_method_takes_24_arguments_with_8_generics_and_8_bounds() {
    const SUM: usize = 100 + (1 + 1 + 1 + 6) + (3 + 3 + 2 + 5) + 31;
    assert_both!(call_generic!(Receiver(100).many_async), SUM);
    assert_both!(call_generic!(Receiver(100).many_sync), SUM);
    assert_both!(call_generic!(Receiver(100).many_maybe), SUM);
    assert_both!(call_generic!(Receiver(100).many_boxed), SUM);
    assert_eq!(call_generic!(Receiver(100).many_blocking), SUM);
}

smart_fn!(
    /// Line 0.
    /// Line 1.
    /// Line 2.
    /// Line 3.
    /// Line 4.
    /// Line 5.
    /// Line 6.
    /// Line 7.
    /// Line 8.
    /// Line 9.
    /// Line 10.
    /// Line 11.
    /// Line 12.
    /// Line 13.
    /// Line 14.
    /// Line 15.
    /// Line 16.
    /// Line 17.
    /// Line 18.
    /// Line 19.
    /// Line 20.
    /// Line 21.
    /// Line 22.
    /// Line 23.
    /// Line 24.
    /// Line 25.
    /// Line 26.
    /// Line 27.
    /// Line 28.
    /// Line 29.
    /// Line 30.
    /// Line 31.
    /// Line 32.
    /// Line 33.
    /// Line 34.
    /// Line 35.
    /// Line 36.
    /// Line 37.
    /// Line 38.
    /// Line 39.
    /// Line 40.
    /// Line 41.
    /// Line 42.
    /// Line 43.
    /// Line 44.
    /// Line 45.
    /// Line 46.
    /// Line 47.
    /// Line 48.
    /// Line 49.
    /// Line 50.
    /// Line 51.
    /// Line 52.
    /// Line 53.
    /// Line 54.
    /// Line 55.
    /// Line 56.
    /// Line 57.
    /// Line 58.
    /// Line 59.
    /// Line 60.
    /// Line 61.
    /// Line 62.
    /// Line 63.
    /// Line 64.
    /// Line 65.
    /// Line 66.
    /// Line 67.
    /// Line 68.
    /// Line 69.
    /// Line 70.
    /// Line 71.
    /// Line 72.
    /// Line 73.
    /// Line 74.
    /// Line 75.
    /// Line 76.
    /// Line 77.
    /// Line 78.
    /// Line 79.
    /// Line 80.
    /// Line 81.
    /// Line 82.
    /// Line 83.
    /// Line 84.
    /// Line 85.
    /// Line 86.
    /// Line 87.
    /// Line 88.
    /// Line 89.
    /// Line 90.
    /// Line 91.
    /// Line 92.
    /// Line 93.
    /// Line 94.
    /// Line 95.
    /// Line 96.
    /// Line 97.
    /// Line 98.
    /// Line 99.
    async fn documented() -> u32 {
        100
    }

    /// Line 0.
    /// Line 1.
    /// Line 2.
    /// Line 3.
    /// Line 4.
    /// Line 5.
    /// Line 6.
    /// Line 7.
    /// Line 8.
    /// Line 9.
    #[maybe_async]
    /// Line 10.
    /// Line 11.
    /// Line 12.
    /// Line 13.
    /// Line 14.
    /// Line 15.
    /// Line 16.
    /// Line 17.
    /// Line 18.
    /// Line 19.
    /// Line 20.
    /// Line 21.
    /// Line 22.
    #[inline]
    /// Line 23.
    /// Line 24.
    /// Line 25.
    /// Line 26.
    async fn interrupted() -> u32 {
        27
    }
);

#[test]
fn a_function_has_100_lines_of_documentation() {
    assert_both!(documented(), 100);
    assert_both!(interrupted(), 27);
}
