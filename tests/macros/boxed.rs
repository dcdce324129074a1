//! `smart_fn!` with `#[boxed]`: every kind of parameter outlives the returned call.

#![deny(warnings)]

use crate::support::both::assert_both;
use smartasync::{BoxCall, block_on, smart_await, smart_fn};
use std::fmt::Debug;
use std::sync::Arc;

smart_fn!(
    #[boxed]
    async fn count<const N: usize>(items: &[u8; N]) -> usize {
        items.len()
    }

    #[boxed]
    #[blocking(count_all_blocking)]
    async fn count_all<'a, T: Clone, const N: usize, U>(
        items: &'a [T; N],
        more: U,
    ) -> (usize, &'a T, U) {
        (items.len(), &items[0], more)
    }
);

#[test]
fn const_generics_are_not_taken_for_types() {
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
    async fn patterns(
        mut items: impl Iterator<Item = u32> + Send,
        (a, b): (u32, u32),
        _: impl Debug + Send,
    ) -> Option<u32> {
        Some(items.next()? + a + b)
    }
);

#[test]
fn an_argument_may_be_of_an_opaque_type() {
    let lists = [None, Some(vec![1])];
    assert_both!(sum(1_u8, &"ab", lists.clone(), |n| vec![vec![]; n]), 8);
    let call: BoxCall<'_, _> = patterns([1].into_iter(), (2, 3), "ignored");
    assert_eq!(call.wait(), Some(6));
    assert_eq!(block_on(patterns(None.into_iter(), (2, 3), 4)), None);
}

/// Results with an unnamed lifetime, and every form of `self` by value.
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
fn a_result_may_borrow_with_an_unnamed_lifetime() {
    let tagged = Tagged("name".to_owned(), 1);
    assert_both!(tagged.name(), "name");
    assert_eq!(tagged.name_blocking(), "name");
    assert_both!(tagged.shortened(2_u8), Some("na"));
    assert_both!(tagged.shortened(5_u8), None);
}

#[test]
fn a_self_of_a_generic_type_may_be_passed_by_value() {
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
fn a_trait_with_a_self_by_value_is_dyn_compatible() {
    let dynamic: Arc<dyn Dynamic> = Arc::new(7);
    assert_both!(dynamic.clone().shared(), 7);
}

// Named lifetimes keep their meaning: of the function, of its trait and of its `impl`.
smart_fn!(
    #[boxed]
    #[blocking(first_blocking)]
    async fn first<'a>(bytes: &'a mut [u8]) -> &'a mut u8 {
        &mut bytes[0]
    }

    #[boxed]
    #[blocking(same_blocking)]
    async fn same<'a>(text: &'a str, _other: &str) -> &'a str {
        text
    }
);

#[test]
fn a_mutable_reference_keeps_its_named_lifetime() {
    let mut bytes = [1, 2];
    *first(&mut bytes).wait() += 1;
    *first_blocking(&mut bytes) += 1;
    assert_eq!(bytes, [3, 2]);
}

#[test]
fn the_twin_of_a_boxed_function_can_be_a_callback() {
    let callback: fn(&'static str, &str) -> &'static str = same_blocking;
    assert_eq!(["a", "b"].map(|text| callback(text, "c")), ["a", "b"]);
    fn call(callback: impl for<'a> Fn(&'a mut [u8]) -> &'a mut u8) -> u8 {
        *callback(&mut [7])
    }
    assert_eq!(call(first_blocking), 7);
}

trait Put<'c, T> {
    smart_fn!(
        #[boxed]
        async fn put(&self, item: T, name: &'c str) -> usize;

        #[boxed]
        #[maybe_async]
        async fn put_all(&self, items: Vec<T>, name: &'c str, more: impl Fn(u8, u8) -> u8) -> usize
        where
            Self: Sized,
        {
            let mut count = usize::from(more(0, 0));
            for item in items {
                count += smart_await!(self.put(item, name));
            }
            count
        }

        #[boxed]
        async fn kept(&'c self, item: &'c T) -> &'c T {
            item
        }
    );
}

#[derive(Clone, Default)]
struct Names<'c>(&'c str);

impl<'c> Names<'c> {
    smart_fn!(
        #[boxed]
        async fn new(name: &'c str) -> Names<'c> {
            Names(name)
        }

        #[boxed]
        #[send]
        async fn longer(self, other: Names<'c>) -> Names<'c> {
            if self.0.len() > other.0.len() {
                self
            } else {
                other
            }
        }
    );
}

impl<'c> Put<'c, &'c str> for Names<'c> {
    smart_fn!(
        #[boxed]
        async fn put(&self, item: &'c str, name: &'c str) -> usize {
            self.0.len() + item.len() + name.len()
        }
    );
}

impl Put<'_, String> for () {
    smart_fn!(
        #[boxed]
        async fn put(&self, item: String, _name: &str) -> usize {
            item.len()
        }
    );
}

#[test]
fn types_and_lifetimes_of_the_trait_and_the_impl_can_be_arguments() {
    let text = "three".to_owned();
    let names = Names::new(&text).wait();
    assert_eq!(names.put("a", &text).wait(), 11);
    assert_eq!(block_on(names.put("a", &text)), 11);
    let object: &dyn Put<'_, &str> = &names;
    assert_eq!(object.put("ab", &text).wait(), 12);
    assert_eq!(*object.kept(&"kept").wait(), "kept");
    assert_eq!(
        names.put_all(vec!["a", "b"], &text, |a, b| a + b).wait(),
        22
    );
    assert_eq!(names.longer(Names("longer")).wait().0, "longer");
    assert_eq!(().put("a".to_owned(), &text).wait(), 1);
}
