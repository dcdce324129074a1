//! `smart_fn!`: shapes that mix. Boxed and sync, generic and borrowed, a trait and its impl with
//! different kinds of function.

mod support;

use smartasync::{smart_await, smart_fn};
use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;
use support::both::assert_both;

#[derive(Clone, Debug)]
struct Store(u32);

/// Sync methods that are boxed.
impl Store {
    smart_fn!(
        #[boxed]
        #[blocking(generic_blocking)]
        fn generic<T: Send + 'static>(&self, value: T) -> usize {
            drop(value);
            1
        }
        #[boxed]
        fn slice<T>(&self, values: &[T]) -> usize
        where
            T: Clone + Send + 'static,
        {
            values.len()
        }
        #[boxed]
        fn closure(&self, f: impl Fn(u32) -> u32 + Send + 'static) -> u32 {
            f(self.0)
        }
        #[boxed]
        fn shared(self: &Arc<Self>, text: &str) -> usize {
            text.len() + self.0 as usize
        }
        #[boxed]
        #[send]
        fn constant<const N: usize>(&self, array: [u8; N]) -> usize {
            array.len()
        }
        #[boxed]
        fn by_value<T: Debug + Send + 'static>(self, value: T) -> String {
            format!("{self:?}{value:?}")
        }
        #[boxed]
        fn named<'a, 'b: 'a, T: Clone + Send + 'static>(&self, a: &'a str, b: &'b [T]) -> usize {
            a.len() + b.len()
        }
    );
}

#[test]
fn a_boxed_sync_method_takes_what_a_plain_one_takes() {
    let store = Store(1);
    assert_both!(store.generic("a".to_owned()), 1);
    assert_eq!(store.generic_blocking(vec![1]), 1);
    assert_both!(store.slice(&[1, 2]), 2);
    assert_both!(store.closure(|n| n + 1), 2);
    assert_both!(Arc::new(Store(1)).shared("ab"), 3);
    assert_both!(store.constant([1, 2]), 2);
    assert_both!(store.clone().by_value('x'), "Store(1)'x'");
    assert_both!(store.named("a", &[1]), 2);
}

/// Lifetimes that have bounds.
impl Store {
    smart_fn!(
        fn bounded<'a, T>(&self, value: &'a T) -> String
        where
            T: 'a + Clone + Debug + Send + 'static,
        {
            format!("{value:?}")
        }
        #[allow(
            clippy::extra_unused_lifetimes,
            reason = "an early-bound lifetime is what is tested"
        )]
        fn early<'a: 'a>(&self, text: &'a str) -> usize {
            text.len()
        }
        fn two<'a, 'b: 'a>(&self, a: &'a str, b: &'b str) -> usize {
            a.len() + b.len()
        }
    );
}

#[test]
fn a_lifetime_may_have_bounds() {
    assert_both!(Store(1).bounded(&1), "1");
    assert_both!(Store(1).early("ab"), 2);
    assert_both!(Store(1).two("ab", "c"), 3);
}

/// Declared as one kind of function, and implemented as another.
trait Transport {
    smart_fn!(
        #[boxed]
        async fn asynchronous(&self, name: String, text: &str) -> usize;
        #[boxed]
        fn synchronous(&self, name: String, text: &str) -> usize;
        #[boxed]
        #[maybe_async]
        async fn either(&self, name: String, text: &str) -> usize;
        #[boxed]
        async fn with_generic<T: Send + 'static>(&self, value: T, text: &str) -> usize
        where
            Self: Sized;
        #[boxed]
        async fn with_lifetime<'a>(&self, text: &'a str, name: Cow<'static, str>) -> usize;
        #[boxed]
        async fn defaulted(&self, n: u32) -> u32 {
            n
        }
    );
}

impl Transport for Store {
    smart_fn!(
        #[boxed]
        fn asynchronous(&self, name: String, text: &str) -> usize {
            name.len() + text.len()
        }
        #[boxed]
        async fn synchronous(&self, name: String, text: &str) -> usize {
            name.len() + text.len()
        }
        #[boxed]
        fn either(&self, name: String, text: &str) -> usize {
            name.len() + text.len()
        }
        #[boxed]
        fn with_generic<T: Send + 'static>(&self, value: T, text: &str) -> usize {
            drop(value);
            text.len()
        }
        #[boxed]
        fn with_lifetime<'a>(&self, text: &'a str, name: Cow<'static, str>) -> usize {
            text.len() + name.len()
        }
        #[boxed]
        fn defaulted(&self, n: u32) -> u32 {
            n + self.0
        }
    );
}

#[derive(Clone)]
struct Other;

impl Transport for Other {
    smart_fn!(
        #[boxed]
        #[maybe_async]
        async fn asynchronous(&self, name: String, text: &str) -> usize {
            smart_await!(async { name.len() }) + text.len()
        }
        #[boxed]
        #[maybe_async]
        async fn synchronous(&self, name: String, text: &str) -> usize {
            smart_await!(async { name.len() }) + text.len()
        }
        #[boxed]
        async fn either(&self, name: String, text: &str) -> usize {
            name.len() + text.len()
        }
        #[boxed]
        #[maybe_async]
        async fn with_generic<T: Send + 'static>(&self, value: T, text: &str) -> usize {
            drop(value);
            smart_await!(text.len())
        }
        #[boxed]
        #[maybe_async]
        async fn with_lifetime<'a>(&self, text: &'a str, name: Cow<'static, str>) -> usize {
            text.len() + name.len()
        }
    );
}

#[test]
fn a_boxed_method_may_be_declared_as_one_kind_and_implemented_as_another() {
    let transports: [&dyn Transport; 2] = [&Store(1), &Other];
    for (n, transport) in transports.into_iter().enumerate() {
        assert_both!(transport.asynchronous("ab".into(), "c"), 3);
        assert_both!(transport.synchronous("ab".into(), "c"), 3);
        assert_both!(transport.either("ab".into(), "c"), 3);
        assert_both!(transport.with_lifetime("ab", "c".into()), 3);
        assert_both!(transport.defaulted(1), if n == 0 { 2 } else { 1 });
    }
    assert_both!(Store(1).with_generic('x', "a"), 1);
    assert_both!(Other.with_generic('x', "a"), 1);
}

/// The same without boxes.
trait Plain {
    smart_fn!(
        async fn asynchronous(&self, name: String, text: &str) -> usize;
        fn synchronous(&self, name: String, text: &str) -> usize;
        #[maybe_async]
        async fn either<'a>(&self, name: String, text: &'a str) -> usize;
    );
}

#[derive(Clone)]
struct Third;

impl Plain for Third {
    smart_fn!(
        fn asynchronous(&self, name: String, text: &str) -> usize {
            name.len() + text.len()
        }
        async fn synchronous(&self, name: String, text: &str) -> usize {
            name.len() + text.len()
        }
        fn either<'a>(&self, name: String, text: &'a str) -> usize {
            name.len() + text.len()
        }
    );
}

#[test]
fn a_method_may_be_declared_as_one_kind_and_implemented_as_another() {
    fn check<P: Plain>(plain: &P) {
        assert_both!(plain.asynchronous("ab".into(), "c"), 3);
        assert_both!(plain.synchronous("ab".into(), "c"), 3);
        assert_both!(plain.either("ab".into(), "c"), 3);
    }
    check(&Third);
}
