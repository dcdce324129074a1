//! `smart_fn!`: methods with every form of `self`.

#![allow(
    clippy::needless_arbitrary_self_type,
    reason = "every form of `self` is a test"
)]

use crate::support::both::assert_both;
use crate::support::refused::{Refused, refused};
use smartasync::{Call, Work, block_on, smart_await, smart_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
struct Text(String);

fn text() -> Text {
    Text("text".into())
}

impl Text {
    smart_fn!(
        async fn take(self) -> String {
            self.0
        }

        async fn take_mut(mut self, end: char) -> String {
            self.0.push(end);
            self.0
        }

        async fn borrow(&self) -> usize {
            self.0.len()
        }

        async fn borrow_for<'a>(&'a self, other: &str) -> (&'a str, usize) {
            (&self.0, other.len())
        }

        async fn push(&mut self, end: char) -> &str {
            self.0.push(end);
            &self.0
        }

        async fn push_for<'a>(&'a mut self, end: char) -> &'a mut String {
            self.0.push(end);
            &mut self.0
        }

        async fn from_box(self: Box<Self>) -> String {
            self.0
        }

        async fn from_mut_box(mut self: Box<Self>) -> String {
            self.0.push('!');
            self.0
        }

        async fn from_rc(self: Rc<Self>) -> usize {
            self.0.len()
        }

        async fn from_arc(self: Arc<Self>) -> usize {
            self.0.len()
        }

        async fn from_arc_reference(self: &Arc<Self>) -> usize {
            self.0.len() + Arc::strong_count(self)
        }

        async fn from_pin(self: Pin<&mut Self>) -> usize {
            self.get_mut().0.push('p');
            0
        }

        async fn from_typed_self(self: Self) -> usize {
            self.0.len()
        }

        async fn from_typed_reference(self: &Self) -> usize {
            self.0.len()
        }

        async fn from_typed_reference_for<'a>(self: &'a Self, end: &'a str) -> &'a str {
            if end.is_empty() { &self.0 } else { end }
        }

        async fn from_typed_mutable(self: &mut Self) -> usize {
            self.0.push('m');
            self.0.len()
        }
    );
}

#[test]
fn an_async_method_takes_every_self() {
    assert_both!(text().take(), "text");
    assert_both!(text().take_mut('!'), "text!");
    assert_both!(text().borrow(), 4);
    assert_both!(text().borrow_for("abc"), ("text", 3));
    assert_both!(text().push('!'), "text!");
    assert_both!(text().push_for('!'), "text!");
    assert_both!(Box::new(text()).from_box(), "text");
    assert_both!(Box::new(text()).from_mut_box(), "text!");
    assert_both!(Rc::new(text()).from_rc(), 4);
    assert_both!(Arc::new(text()).from_arc(), 4);
    assert_both!(Arc::new(text()).from_arc_reference(), 5);
    assert_both!(pin!(text()).from_pin(), 0);
    assert_both!(text().from_typed_self(), 4);
    assert_both!(text().from_typed_reference(), 4);
    assert_both!(text().from_typed_reference_for(""), "text");
    assert_both!(text().from_typed_mutable(), 5);
}

impl Text {
    smart_fn!(
        fn sync_take(self) -> String {
            self.0
        }

        fn sync_take_mut(mut self, end: char) -> String {
            self.0.push(end);
            self.0
        }

        fn sync_borrow(&self) -> usize {
            self.0.len()
        }

        fn sync_borrow_for<'a>(&'a self, other: &str) -> (String, usize) {
            (self.0.clone(), other.len())
        }

        fn sync_from_box(self: Box<Self>) -> String {
            self.0
        }

        fn sync_from_mut_box(mut self: Box<Self>) -> String {
            self.0.push('!');
            self.0
        }

        fn sync_from_arc(self: Arc<Self>, n: usize) -> usize {
            self.0.len() + n
        }

        fn sync_from_arc_reference(self: &Arc<Self>, other: &[u8]) -> usize {
            self.0.len() + other.len()
        }

        fn sync_from_arc_reference_for<'a>(self: &'a Arc<Self>) -> usize {
            self.0.len()
        }

        fn sync_from_typed_self(self: Self) -> usize {
            self.0.len()
        }

        fn sync_from_typed_reference(self: &Self, text: &str) -> usize {
            self.0.len() + text.len()
        }

        fn sync_generic<T: AsRef<str> + Send + 'static, const N: usize>(&self, text: T) -> usize {
            self.0.len() + text.as_ref().len() + N
        }

        fn sync_impl_argument(&self, text: impl AsRef<str> + Send + 'static) -> usize {
            self.0.len() + text.as_ref().len()
        }

        fn sync_calls_itself(&self, n: u32) -> u32 {
            if n == 0 {
                0
            } else {
                n + self.sync_plain(n - 1)
            }
        }
    );

    fn sync_plain(&self, n: u32) -> u32 {
        self.sync_calls_itself(n).wait()
    }
}

#[test]
fn a_sync_method_takes_every_self_that_can_travel() {
    assert_both!(text().sync_take(), "text");
    assert_both!(text().sync_take_mut('!'), "text!");
    assert_both!(text().sync_borrow(), 4);
    assert_both!(text().sync_borrow_for("abc"), ("text".to_owned(), 3));
    assert_both!(Box::new(text()).sync_from_box(), "text");
    assert_both!(Box::new(text()).sync_from_mut_box(), "text!");
    assert_both!(Arc::new(text()).sync_from_arc(1), 5);
    assert_both!(Arc::new(text()).sync_from_arc_reference(b"abc"), 7);
    assert_both!(Arc::new(text()).sync_from_arc_reference_for(), 4);
    assert_both!(text().sync_from_typed_self(), 4);
    assert_both!(text().sync_from_typed_reference("a"), 5);
    assert_both!(text().sync_generic::<&'static str, 3>("ab"), 9);
    assert_both!(text().sync_impl_argument("ab"), 6);
    assert_both!(text().sync_calls_itself(3), 6);
}

impl Text {
    smart_fn!(
        #[maybe_async]
        async fn maybe_take(mut self, end: char) -> String {
            smart_await!(self.push(end));
            self.0
        }

        #[maybe_async]
        async fn maybe_borrow(&self) -> usize {
            smart_await!(self.sync_borrow()) + smart_await!(self.borrow())
        }

        #[maybe_async]
        async fn maybe_push(&mut self, end: char) -> &str {
            let length = smart_await!(self.sync_borrow());
            smart_await!(self.push(end))
                .get(length..)
                .unwrap_or_default()
        }

        #[maybe_async]
        async fn maybe_from_rc(self: Rc<Self>) -> usize {
            smart_await!(self.maybe_borrow())
        }

        #[maybe_async]
        async fn maybe_from_arc_reference(self: &Arc<Self>) -> usize {
            smart_await!(self.sync_from_arc_reference(b"ab"))
        }

        #[maybe_async]
        async fn maybe_from_pin(mut self: Pin<&mut Self>) -> usize {
            smart_await!(self.as_mut().from_pin());
            self.0.len()
        }

        #[maybe_async]
        async fn maybe_from_box(self: Box<Self>) -> String {
            smart_await!(sync => self.0, async => async { self.0 })
        }
    );
}

#[test]
fn a_maybe_async_method_takes_every_self() {
    assert_both!(text().maybe_take('!'), "text!");
    assert_both!(text().maybe_borrow(), 8);
    assert_both!(text().maybe_push('!'), "!");
    assert_both!(Rc::new(text()).maybe_from_rc(), 8);
    assert_both!(Arc::new(text()).maybe_from_arc_reference(), 6);
    assert_both!(pin!(text()).maybe_from_pin(), 5);
    assert_both!(Box::new(text()).maybe_from_box(), "text");
}

impl Text {
    smart_fn!(
        #[boxed]
        async fn boxed_take(self) -> String {
            self.0
        }

        #[boxed]
        async fn boxed_borrow(&self, other: &str) -> usize {
            self.0.len() + other.len()
        }

        #[boxed]
        async fn boxed_push(&mut self, end: &str) -> usize {
            self.0.push_str(end);
            self.0.len()
        }

        #[boxed]
        async fn boxed_from_arc_reference(self: &Arc<Self>) -> usize {
            self.0.len()
        }

        #[boxed]
        #[send]
        fn boxed_sync(&self, other: &str) -> usize {
            self.0.len() + other.len()
        }

        #[boxed]
        #[maybe_async]
        #[blocking(boxed_push_blocking)]
        async fn boxed_maybe(&mut self, end: &str) -> usize {
            smart_await!(self.boxed_push(end))
        }
    );
}

#[test]
fn a_boxed_method_takes_every_self() {
    assert_both!(text().boxed_take(), "text");
    assert_both!(text().boxed_borrow("ab"), 6);
    assert_both!(text().boxed_push("ab"), 6);
    assert_both!(Arc::new(text()).boxed_from_arc_reference(), 4);
    assert_both!(text().boxed_sync("ab"), 6);
    assert_both!(text().boxed_maybe("ab"), 6);
    assert_eq!(text().boxed_push_blocking("ab"), 6);
}

/// A generic type whose methods use its parameters.
#[derive(Clone)]
struct Stack<T, const N: usize> {
    items: [Option<T>; N],
}

impl<T: Clone + Send + Sync + 'static, const N: usize> Stack<T, N> {
    smart_fn!(
        async fn first(&self) -> Option<&T> {
            self.items.first()?.as_ref()
        }

        fn count(&self) -> usize {
            self.items.iter().flatten().count()
        }

        async fn map<U, F: Fn(&T) -> U>(&self, f: F) -> Vec<U> {
            self.items.iter().flatten().map(f).collect()
        }

        #[maybe_async]
        async fn fill(&mut self, value: &T) -> usize
        where
            T: PartialEq,
        {
            let before = smart_await!(self.count());
            self.items
                .iter_mut()
                .for_each(|item| *item = Some(value.clone()));
            smart_await!(self.count()) - before
        }

        fn of(value: T) -> Self {
            Self {
                items: std::array::from_fn(|_| Some(value.clone())),
            }
        }
    );
}

#[test]
fn methods_of_generic_types_use_their_parameters() {
    let mut stack = Stack::<u32, 3> {
        items: [Some(1), None, Some(2)],
    };
    assert_both!(stack.first(), Some(&1));
    assert_both!(stack.count(), 2);
    assert_both!(stack.map(|n| n + 1), [2, 3]);
    assert_eq!(stack.fill(&7).wait(), 1);
    assert_eq!(block_on(stack.fill(&7)), 0);
    assert_eq!(block_on(Stack::<u32, 3>::of(1)).count().wait(), 3);
}

/// Takes a call as an argument and gives it back.
fn passed_on<T>(call: Call<impl Work<Output = T>>) -> Call<impl Work<Output = T>> {
    call
}

#[test]
fn a_call_that_borrows_self_is_passed_on() {
    let text = text();
    assert_both!(passed_on(text.borrow()), 4);
    assert_both!(passed_on(text.sync_borrow()), 4);
    assert_both!(passed_on(text.maybe_borrow()), 8);
}

trait Measure {
    smart_fn!(
        fn measure(&self, text: &str) -> usize;
        #[boxed]
        fn measure_boxed(&self, text: &str) -> usize;
    );
}

#[derive(Clone)]
struct Ruler;

impl Ruler {
    smart_fn!(
        fn measure(&self, text: &str) -> usize {
            text.len()
        }

        #[boxed]
        fn measure_boxed(&self, text: &str) -> usize {
            text.len()
        }
    );
}

impl Measure for Ruler {
    smart_fn!(
        fn measure(&self, text: &str) -> usize {
            100 + text.len()
        }

        #[boxed]
        fn measure_boxed(&self, text: &str) -> usize {
            100 + text.len()
        }
    );
}

#[test]
fn a_call_of_a_method_whose_name_another_one_has_is_refused_at_its_line() {
    assert_both!(Ruler.measure("a"), 1);
    assert_both!(Ruler.measure_boxed("a"), 1);
    let calls: [(u32, fn()); 4] = [
        (line!(), || drop(Measure::measure(&Ruler, "a"))),
        (line!(), || drop(Measure::measure_boxed(&Ruler, "a"))),
        (line!(), || _ = Measure::measure(&Ruler, "a").wait()),
        (line!() + 1, || {
            block_on(Measure::measure_boxed(&Ruler, "a"));
        }),
    ];
    for (line, call) in calls {
        let Refused {
            message,
            file,
            line: at,
        } = refused(call);
        assert_eq!((file.as_str(), at), (file!(), line), "{message}");
        assert!(
            message.contains("has another method of that name, `"),
            "{message}"
        );
        assert!(message.contains("Ruler::measure"), "{message}");
        assert!(message.contains("Measure>::measure"), "{message}");
    }
}
