//! `smart_fn!`: long signatures, long documentation and many functions, within the default recursion limit.
#![allow(clippy::too_many_arguments, clippy::multiple_bound_locations, reason = "many arguments and bounds are what is tested")]

mod support;

use smartasync::{block_on, smart_await, smart_fn};
use support::both::assert_both;

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
    let none = [f0().wait(), f1().wait(), f2().wait(), f3().wait(), f4().wait(), f5().wait(), f6().wait(), f7().wait(), f8().wait(), f9().wait()];
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

    smart_fn! {
        pub(crate) async fn f0() -> u8 { 0 } pub(crate) async fn f1() -> u8 { 1 } pub(crate) async fn f2() -> u8 { 2 } pub(crate) async fn f3() -> u8 { 3 }
        pub(crate) async fn f4() -> u8 { 4 } pub(crate) async fn f5() -> u8 { 5 } pub(crate) async fn f6() -> u8 { 6 } pub(crate) async fn f7() -> u8 { 7 }
        pub(crate) async fn f8() -> u8 { 8 } pub(crate) async fn f9() -> u8 { 9 } pub(crate) async fn f10() -> u8 { 10 } pub(crate) async fn f11() -> u8 { 11 }
        pub(crate) async fn f12() -> u8 { 12 } pub(crate) async fn f13() -> u8 { 13 } pub(crate) async fn f14() -> u8 { 14 } pub(crate) async fn f15() -> u8 { 15 }
        pub(crate) async fn f16() -> u8 { 16 } pub(crate) async fn f17() -> u8 { 17 } pub(crate) async fn f18() -> u8 { 18 } pub(crate) async fn f19() -> u8 { 19 }
        pub(crate) async fn f20() -> u8 { 20 } pub(crate) async fn f21() -> u8 { 21 } pub(crate) async fn f22() -> u8 { 22 } pub(crate) async fn f23() -> u8 { 23 }
        pub(crate) async fn f24() -> u8 { 24 } pub(crate) async fn f25() -> u8 { 25 } pub(crate) async fn f26() -> u8 { 26 } pub(crate) async fn f27() -> u8 { 27 }
        pub(crate) async fn f28() -> u8 { 28 } pub(crate) async fn f29() -> u8 { 29 } pub(crate) async fn f30() -> u8 { 30 } pub(crate) async fn f31() -> u8 { 31 }
        pub(crate) async fn f32() -> u8 { 32 } pub(crate) async fn f33() -> u8 { 33 } pub(crate) async fn f34() -> u8 { 34 } pub(crate) async fn f35() -> u8 { 35 }
        pub(crate) async fn f36() -> u8 { 36 } pub(crate) async fn f37() -> u8 { 37 } pub(crate) async fn f38() -> u8 { 38 } pub(crate) async fn f39() -> u8 { 39 }
        pub(crate) async fn f40() -> u8 { 40 } pub(crate) async fn f41() -> u8 { 41 } pub(crate) async fn f42() -> u8 { 42 } pub(crate) async fn f43() -> u8 { 43 }
        pub(crate) async fn f44() -> u8 { 44 } pub(crate) async fn f45() -> u8 { 45 } pub(crate) async fn f46() -> u8 { 46 } pub(crate) async fn f47() -> u8 { 47 }
        pub(crate) async fn f48() -> u8 { 48 } pub(crate) async fn f49() -> u8 { 49 }
    }

    #[derive(Clone)]
    pub(crate) struct Many;

    impl Many {
        smart_fn! {
        pub(crate) fn g0<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g1<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g2<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g3<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g4<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g5<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g6<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g7<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g8<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g9<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g10<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g11<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g12<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g13<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g14<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g15<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g16<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g17<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g18<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        pub(crate) fn g19<T, U>(&self, a: &T, b: U) -> U where T: Clone + Send + Into<U> + 'static, U: Send + 'static { drop(a.clone()); b }
        }
    }
}

#[test]
fn an_invocation_takes_fifty_plain_functions_or_twenty_with_generics() {
    assert_both!(many::f49(), 49);
    assert_both!(many::Many.g19(&"text", "given".to_owned()), "given");
}

/// Declares a function of the given kind with 24 arguments, all used.
macro_rules! with_24_arguments {
    ($(#[$($attribute:tt)*])* [$($asyncness:tt)?] $name:ident $(, $receiver:expr, $($self:tt)*)?) => {
        smart_fn!(
            $(#[$($attribute)*])*
            $($asyncness)? fn $name($($($self)*,)? a0: u32, a1: &str, a2: &[u8], a3: u32, a4: &str, a5: &[u8], a6: u32, a7: &str, a8: &[u8], a9: u32, a10: &str, a11: &[u8], a12: u32, a13: &str, a14: &[u8], a15: u32, a16: &str, a17: &[u8], a18: u32, a19: &str, a20: &[u8], a21: u32, a22: &str, a23: &[u8]) -> usize {
                0 $(+ $receiver)? + a0 as usize + a1.len() + a2.len() + a3 as usize + a4.len() + a5.len() + a6 as usize + a7.len() + a8.len() + a9 as usize + a10.len() + a11.len() + a12 as usize + a13.len() + a14.len() + a15 as usize + a16.len() + a17.len() + a18 as usize + a19.len() + a20.len() + a21 as usize + a22.len() + a23.len()
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
        $($function)*(1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc")
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

/// The same with 8 generic parameters, bounds on them and 8 more in the `where` clause.
macro_rules! with_8_generics {
    ($(#[$($attribute:tt)*])* [$($asyncness:tt)?] $name:ident $(, $receiver:expr, $($self:tt)*)?) => {
        smart_fn!(
            $(#[$($attribute)*])*
            $($asyncness)? fn $name<
                A: Clone + Send + 'static, B: Clone + Send + 'static, C: Copy + Send + 'static, D: Send + 'static,
                E: Send + 'static, F: Send + 'static, G: Into<u32> + Send + 'static, H: Send + 'static,
            >(
                $($($self)*,)? g0: A, g1: B, g2: C, g3: D, g4: E, g5: F, g6: G, g7: H, a0: u32, a1: &str, a2: &[u8], a3: u32, a4: &str, a5: &[u8], a6: u32, a7: &str, a8: &[u8], a9: u32, a10: &str, a11: &[u8], a12: u32, a13: &str, a14: &[u8], a15: u32,
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
                let sum = format!("{g0:?}").len() + usize::from(g1 == g1.clone()) + g3.to_string().len() + g7.as_ref().len();
                let sum = sum + (g2.into() + g4.sum::<u32>() + g5(1) + g6.clone().into()) as usize;
                sum $(+ $receiver)? + a0 as usize + a1.len() + a2.len() + a3 as usize + a4.len() + a5.len() + a6 as usize + a7.len() + a8.len() + a9 as usize + a10.len() + a11.len() + a12 as usize + a13.len() + a14.len() + a15 as usize
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

/// Calls a function with the 24 arguments of 8 generic types and others.
macro_rules! call_generic {
    ($($function:tt)*) => {
        $($function)*(1u8, 2u8, 3u8, 4u8, 0..3u32, |n: u32| n + 1, 5u8, "five55", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1, "ab", b"abc", 1)
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
