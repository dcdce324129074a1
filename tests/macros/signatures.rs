//! `smart_fn!`: signatures with generics, lifetimes, bounds, argument patterns, and all kinds of
//! results.
#![allow(
    clippy::needless_lifetimes,
    clippy::trivially_copy_pass_by_ref,
    reason = "this form is tested"
)]
#![allow(
    clippy::multiple_bound_locations,
    unused_braces,
    unused_parens,
    reason = "braces and parentheses in types are tested"
)]

use crate::support::both::assert_both;
use smartasync::{block_on, smart_await, smart_fn};
use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::num::ParseIntError;

smart_fn!(
    async fn bounds<T: Clone + Debug, U: Iterator<Item = Vec<Vec<T>>>>(value: T, more: U) -> usize {
        format!("{:?}", value.clone()).len() + more.map(|outer| outer.len()).sum::<usize>()
    }

    fn sync_bounds<T: Clone + Debug + Send + 'static, U>(value: T, more: U) -> usize
    where
        U: Iterator<Item = Vec<Vec<T>>> + Send + 'static,
    {
        format!("{:?}", value.clone()).len() + more.map(|outer| outer.len()).sum::<usize>()
    }

    async fn longest<'a, 'b: 'a>(one: &'a str, two: &'b str) -> &'a str {
        if one.len() > two.len() { one } else { two }
    }

    async fn elided(one: &str) -> &str {
        &one[1..]
    }

    #[maybe_async]
    async fn maybe_elided(one: &str) -> &str {
        smart_await!(elided(one))
    }

    async fn with_static(one: &'static str) -> &'static str {
        one
    }

    fn sync_static(one: &'static str, two: &'static [u8]) -> (&'static str, &'static [u8]) {
        (one, two)
    }

    async fn array<const N: usize, const FLIP: bool>(items: [u8; N]) -> [bool; N] {
        items.map(|item| (item > 0) != FLIP)
    }

    fn sync_array<T: Copy + Send + 'static, const N: usize>(items: &[T; N]) -> [T; N] {
        *items
    }

    fn sync_size_of<T: Send + 'static>() -> usize {
        size_of::<T>()
    }
);

#[test]
fn generics_and_lifetimes_keep_their_meaning() {
    assert_both!(bounds("a", vec![vec![vec!["b"], vec![]]].into_iter()), 5);
    assert_both!(
        sync_bounds("a", vec![vec![vec!["b"], vec![]]].into_iter()),
        5
    );
    assert_both!(longest("ab", "a"), "ab");
    assert_both!(elided("ab"), "b");
    assert_both!(maybe_elided("ab"), "b");
    assert_both!(with_static("ab"), "ab");
    assert_both!(sync_static("ab", b"c"), ("ab", &b"c"[..]));
    assert_both!(array::<2, true>([0, 1]), [true, false]);
    assert_both!(array::<1, { 1 > 2 }>([1]), [true]);
    assert_both!(sync_array(&['a', 'b']), ['a', 'b']);
    assert_both!(sync_size_of::<u64>(), 8);
}

smart_fn!(
    async fn higher_ranked<F>(f: F) -> usize
    where
        F: for<'a> Fn(&'a str) -> &'a str,
    {
        f("abc").len()
    }

    fn sync_higher_ranked<F: for<'a, 'b> Fn(&'a str, &'b str) -> &'a str + Send + 'static>(
        f: F,
    ) -> usize {
        f("abc", "b").len()
    }

    async fn higher_ranked_reference(f: &dyn for<'a> Fn(&'a str) -> &'a str) -> usize {
        f("abc").len()
    }

    async fn where_for<T>(value: T) -> bool
    where
        for<'a> &'a T: IntoIterator<Item = &'a u8>,
    {
        (&value).into_iter().all(|n| *n > 0)
    }
);

#[test]
fn higher_ranked_bounds_keep_their_meaning() {
    assert_both!(higher_ranked(|text| &text[1..]), 2);
    assert_both!(sync_higher_ranked(|text, _| &text[1..]), 2);
    assert_both!(higher_ranked_reference(&|text| &text[1..]), 2);
    assert_both!(where_for(vec![1, 2]), true);
}

struct Sized<const N: usize>;

trait Even {}
impl Even for Sized<2> {}
impl Even for Sized<4> {}

smart_fn!(
    async fn const_block_last() -> usize
    where
        Sized<{ 1 + 1 }>: Even,
    {
        2
    }

    async fn const_blocks(n: usize) -> usize
    where
        Sized<{ 1 + 1 }>: Even,
        [u8; { 2 + 2 }]: Copy,
        Option<Sized<{ 4 }>>: Send,
    {
        n
    }

    fn sync_const_block(n: usize) -> usize
    where
        Option<Option<[u8; { 1 }]>>: Copy,
        Sized<{ 4 }>: Even,
    {
        n
    }

    async fn empty_where() -> u32
where {
        1
    }

    fn no_result_but_where<T>(_value: T)
    where
        T: Send + 'static,
    {
    }
);

#[test]
fn a_where_clause_holds_constants_in_braces() {
    assert_both!(const_block_last(), 2);
    assert_both!(const_blocks(3), 3);
    assert_both!(sync_const_block(4), 4);
    assert_both!(empty_where(), 1);
    assert_both!(no_result_but_where(1), ());
}

smart_fn!(
    async fn impl_argument(
        text: impl Into<String>,
        more: &impl Display,
        f: impl FnOnce(usize) -> usize,
    ) -> usize {
        f(text.into().len() + more.to_string().len())
    }

    fn sync_impl_argument(
        text: impl Into<String> + Send + 'static,
        f: impl FnOnce(usize) -> usize + Send + 'static,
    ) -> usize {
        f(text.into().len())
    }

    #[maybe_async]
    async fn maybe_impl_argument(text: impl AsRef<str>) -> usize {
        smart_await!(text.as_ref().len())
    }
);

#[test]
fn impl_trait_is_an_argument() {
    assert_both!(impl_argument("ab", &123, |n| n + 1), 6);
    assert_both!(sync_impl_argument("ab", |n| n + 1), 3);
    assert_both!(maybe_impl_argument("ab"), 2);
}

smart_fn!(
    async fn impl_result(n: u32) -> impl Iterator<Item = u32> {
        0..n
    }

    fn sync_impl_result(n: u32) -> impl Iterator<Item = u32> + Send + 'static {
        0..n
    }

    #[maybe_async]
    async fn maybe_impl_result(n: u32) -> impl Iterator<Item = u32> {
        smart_await!(sync_impl_result(n))
    }

    async fn nested_impl_result(
        text: &str,
    ) -> Result<impl Iterator<Item = u32> + use<>, ParseIntError> {
        let n: u32 = text.parse()?;
        Ok(0..n)
    }

    fn sync_nested_impl_result(
        text: &str,
    ) -> Result<(u32, impl Iterator<Item = u32> + Send + 'static), ParseIntError> {
        let n: u32 = text.parse()?;
        Ok((n, 0..n))
    }

    async fn impl_in_a_tuple() -> (u32, [impl Display; 2]) {
        (1, ["a", "b"])
    }

    async fn impl_with_where<T>(value: T) -> Option<impl Display>
    where
        T: Display,
    {
        Some(value)
    }

    async fn impl_that_borrows(text: &str) -> impl Iterator<Item = char> {
        text.chars()
    }
);

#[test]
fn impl_trait_is_a_result_or_a_part_of_one() {
    assert_eq!(impl_result(3).wait().count(), 3);
    assert_eq!(block_on(impl_result(3)).sum::<u32>(), 3);
    assert_eq!(
        sync_impl_result(3).wait().sum::<u32>() + block_on(sync_impl_result(3)).sum::<u32>(),
        6
    );
    assert_eq!(
        maybe_impl_result(3).wait().sum::<u32>() + block_on(maybe_impl_result(3)).sum::<u32>(),
        6
    );
    assert_eq!(nested_impl_result("3").wait().unwrap().sum::<u32>(), 3);
    assert!(block_on(nested_impl_result("x")).is_err());
    assert_eq!(
        sync_nested_impl_result("3").wait().unwrap().1.sum::<u32>(),
        3
    );
    assert!(block_on(sync_nested_impl_result("x")).is_err());
    assert_eq!(
        impl_in_a_tuple().wait().1.map(|text| text.to_string()),
        ["a", "b"]
    );
    assert_eq!(block_on(impl_with_where(1)).unwrap().to_string(), "1");
    assert_eq!(impl_that_borrows("ab").wait().collect::<String>(), "ab");
}

#[derive(Clone, Copy)]
struct Point {
    x: u32,
    y: u32,
}

struct Unit(u32);

mod shapes {
    pub(crate) struct Line(pub(crate) u32, pub(crate) u32);
}

smart_fn!(
    async fn patterns(
        (a, b): (u32, u32),
        Point { x, y }: Point,
        _: u32,
        mut c: u32,
        Unit(d): Unit,
    ) -> u32 {
        c += 1;
        a + b + x + y + c + d
    }

    fn sync_patterns(
        (a, b): (u32, u32),
        Point { x, y: z }: Point,
        _: &str,
        mut c: u32,
        Unit(d): Unit,
    ) -> u32 {
        c += 1;
        a + b + x + z + c + d
    }

    #[maybe_async]
    async fn nested(
        (a, (b, [c, d])): (u32, (u32, [u32; 2])),
        shapes::Line(e, f): shapes::Line,
    ) -> u32 {
        a + b + c + d + e + f
    }

    fn references(
        &Point { x, y }: &Point,
        &n: &u32,
        [a, b]: &[u32; 2],
        (c, _): &(u32, u32),
    ) -> u32 {
        x + y + n + a + b + c
    }

    async fn rest(
        (first, ..): (u32, u8, u8),
        [one, .., two]: [u32; 4],
        Point { x, .. }: Point,
    ) -> u32 {
        first + one + two + x
    }

    async fn bound(
        whole @ (part, _): (u32, u32),
        ref by_reference: u32,
        mut list: Vec<u32>,
    ) -> u32 {
        list.push(*by_reference);
        whole.1 + part + list.len() as u32
    }

    async fn bound_mutably(ref mut list: Vec<u32>, Point { ref mut x, y }: Point) -> usize {
        list.push(y);
        *x += 1;
        list.len() + *x as usize
    }

    fn sync_bound_mutably(ref mut list: Vec<u32>, Point { ref mut x, y }: Point) -> usize {
        list.push(y);
        *x += 1;
        list.len() + *x as usize
    }

    async fn mutable(text: &mut String, (a, list): (u32, &mut Vec<u32>)) -> usize {
        text.push('!');
        list.push(a);
        text.len() + list.len()
    }
);

#[test]
fn arguments_are_patterns() {
    let point = Point { x: 1, y: 2 };
    assert_both!(patterns((1, 2), point, 9, 3, Unit(4)), 14);
    assert_both!(sync_patterns((1, 2), point, "9", 3, Unit(4)), 14);
    assert_both!(nested((1, (2, [3, 4])), shapes::Line(5, 6)), 21);
    assert_both!(bound_mutably(vec![3], point), 4);
    assert_both!(sync_bound_mutably(vec![3], point), 4);
    assert_both!(references(&point, &3, &[4, 5], &(6, 7)), 21);
    assert_both!(rest((1, 0, 0), [2, 0, 0, 3], point), 7);
    assert_both!(bound((1, 2), 3, vec![]), 4);
    assert_both!(mutable(&mut "a".to_owned(), (1, &mut vec![])), 3);
}

#[rustfmt::skip]
mod commas {
    use super::*;

    smart_fn!(
        async fn everywhere<'a, T: Clone, const N: usize,>(one: &'a T, two: [u8; N],)
        -> (T, HashMap<u8, (usize,),>,) where T: Debug,
        { (one.clone(), HashMap::from([(1, (two.len(),))]),) }
        fn nowhere<T: Send + 'static>(one: T) -> T where T: Clone { one.clone() }
        fn no_spaces<T>(t:T)->Option<Option<T>>where T:Send+'static,Option<Option<T>>:Send{
            Some(Some(t))}
        #[maybe_async] async fn shifted<T: Into<Option<Option<u8>>>>(one: T) -> Option<Option<u8>> {
            one.into()
        }
    );

    #[test]
    fn commas_and_spaces_do_not_matter() {
        assert_both!(everywhere(&1, [0; 2]), (1, HashMap::from([(1, (2,))])));
        assert_both!(nowhere(1), 1);
        assert_both!(no_spaces(1), Some(Some(1)));
        assert_both!(shifted(Some(Some(1))), Some(Some(1)));
    }
}

smart_fn!(
    fn owned_forms(
        text: &str,
        bytes: &[u8],
        list: &Vec<u8>,
        path: &std::path::Path,
        number: &u32,
        boxed: Box<dyn Fn() -> u32 + Send>,
    ) -> u32 {
        (text.len() + bytes.len() + list.len() + path.as_os_str().len()) as u32 + number + boxed()
    }

    fn parenthesised(one: (u32), two: &(u32), f: fn(&u32) -> &u32, pointer: &fn() -> u32) -> u32 {
        one + f(two) + pointer()
    }

    async fn unit_result() -> () {}

    fn qualified(
        n: <Vec<u32> as IntoIterator>::Item,
        list: &<Vec<u32> as ToOwned>::Owned,
    ) -> <Vec<u32> as IntoIterator>::Item {
        n + list[0]
    }
);

#[test]
fn arguments_of_a_sync_fn_travel_in_their_owned_form() {
    assert_both!(
        owned_forms("a", b"b", &vec![1], "c".as_ref(), &1, Box::new(|| 1)),
        6
    );
    assert_both!(parenthesised(1, &2, |n| n, &((|| 3) as fn() -> u32)), 6);
    assert_both!(unit_result(), ());
    assert_both!(qualified(1, &vec![2]), 3);
}

#[test]
fn a_raw_name_is_a_name() {
    smart_fn!(
        async fn r#match(r#type: u32, r#in: &u32) -> u32 {
            r#type + r#in
        }

        fn r#move(r#type: u32) -> u32 {
            r#type
        }
    );
    assert_both!(r#match(1, &2), 3);
    assert_both!(r#move(1), 1);
}

#[derive(Clone)]
struct Counted(u32);

impl Counted {
    smart_fn!(
        /// On the pool the method is called again with a `self` of any lifetime, so the result must
        /// not capture a lifetime.
        fn up_to_self(
            &self,
            step: usize,
        ) -> Result<impl Iterator<Item = u32> + Send + use<>, std::num::TryFromIntError> {
            let step = u32::try_from(step)?;
            Ok((0..self.0).filter(move |n| n % step == 0))
        }
    );
}

#[test]
fn a_sync_method_returns_impl_trait_that_captures_no_lifetime() {
    assert_eq!(
        Counted(6).up_to_self(2).wait().unwrap().collect::<Vec<_>>(),
        [0, 2, 4]
    );
    assert_eq!(
        block_on(Counted(6).up_to_self(3))
            .unwrap()
            .collect::<Vec<_>>(),
        [0, 3]
    );
}
