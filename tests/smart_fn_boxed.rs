//! `smart_fn!` with `#[boxed]`: every kind of parameter outlives the call that is returned.

#![deny(warnings)]

mod support;

use smartasync::{SendBoxCall, block_on, smart_fn};
use std::fmt::Debug;
use std::sync::Arc;
use support::both::assert_both;

smart_fn!(
    #[boxed]
    async fn count<const N: usize>(items: &[u8; N]) -> usize {
        items.len()
    }

    #[boxed]
    #[blocking(count_all_blocking)]
    async fn count_all<'a, T: Clone, const N: usize, U>(items: &'a [T; N], more: U) -> (usize, &'a T, U) {
        (items.len(), &items[0], more)
    }
);

#[test]
fn generic_constants_are_no_types() {
    assert_both!(count(&[1, 2]), 2);
    assert_both!(count_all(&["a"; 3], 'c'), (3, &"a", 'c'));
    assert_eq!(count_all_blocking(&[1, 2], ()), (2, &1, ()));
}

smart_fn!(
    #[boxed]
    async fn sum(
        first: impl Into<usize>,
        text: &impl AsRef<str>,
        lists: impl IntoIterator<Item = Option<Vec<u8>>> + Clone,
        grow: impl Fn(usize) -> Vec<Vec<u8>>,
    ) -> usize {
        first.into() + text.as_ref().len() + lists.into_iter().count() + grow(3).len()
    }

    #[boxed]
    #[send]
    async fn patterns(mut items: impl Iterator<Item = u32> + Send, (a, b): (u32, u32), _: impl Debug + Send) -> Option<u32> {
        Some(items.next()? + a + b)
    }
);

#[test]
fn an_argument_may_be_of_an_opaque_type() {
    let lists = [None, Some(vec![1])];
    assert_both!(sum(1_u8, &"ab", lists.clone(), |n| vec![vec![]; n]), 8);
    let call: SendBoxCall<'_, _> = patterns([1].into_iter(), (2, 3), "ignored");
    assert_eq!(call.wait(), Some(6));
    assert_eq!(block_on(patterns(None.into_iter(), (2, 3), 4)), None);
}

/// A result whose reference has no name for its lifetime, and every `self` by value.
trait Named {
    smart_fn!(
        #[boxed]
        #[blocking(name_blocking)]
        async fn name(&self) -> &str;

        #[boxed]
        async fn shortened(&self, length: impl Into<usize>) -> Option<&str>;

        #[boxed]
        async fn into_length(self) -> usize
        where
            Self: Sized;

        #[boxed]
        async fn shared(self: Arc<Self>) -> usize;

        #[boxed]
        #[blocking(unboxed_blocking)]
        async fn unboxed(self: Box<Self>) -> usize;
    );
}

#[derive(Clone)]
struct Tagged<T>(String, T);

impl<T> Named for Tagged<T> {
    smart_fn!(
        #[boxed]
        #[blocking(name_blocking)]
        async fn name(&self) -> &str {
            &self.0
        }

        #[boxed]
        async fn shortened(&self, length: impl Into<usize>) -> Option<&str> {
            self.0.get(..length.into())
        }

        #[boxed]
        async fn into_length(self) -> usize {
            self.0.len()
        }

        #[boxed]
        async fn shared(self: Arc<Self>) -> usize {
            self.0.len()
        }

        #[boxed]
        #[blocking(unboxed_blocking)]
        async fn unboxed(self: Box<Self>) -> usize {
            self.0.len()
        }
    );
}

#[test]
fn a_result_may_borrow_without_a_name_for_it() {
    let tagged = Tagged("name".to_owned(), 1);
    assert_both!(tagged.name(), "name");
    assert_eq!(tagged.name_blocking(), "name");
    assert_both!(tagged.shortened(2_u8), Some("na"));
    assert_both!(tagged.shortened(5_u8), None);
}

#[test]
fn a_generic_self_may_come_by_value() {
    let tagged = Tagged("name".to_owned(), &1);
    assert_both!(tagged.clone().into_length(), 4);
    assert_both!(Arc::new(tagged.clone()).shared(), 4);
    assert_both!(Box::new(tagged.clone()).unboxed(), 4);
    assert_eq!(Box::new(tagged).unboxed_blocking(), 4);
}

trait Dynamic {
    smart_fn!(
        #[boxed]
        async fn shared(self: Arc<Self>) -> u32;
    );
}

impl Dynamic for u32 {
    smart_fn!(
        #[boxed]
        async fn shared(self: Arc<Self>) -> u32 {
            *self
        }
    );
}

#[test]
fn a_trait_with_a_self_by_value_may_be_dynamic() {
    let dynamic: Arc<dyn Dynamic> = Arc::new(7);
    assert_both!(dynamic.clone().shared(), 7);
}
