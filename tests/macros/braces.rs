//! `smart_fn!`: the braces of a body are the user's own. They may hold inner attributes, and the
//! edition decides when the temporaries of the last expression are dropped. The crate
//! `tests/crates/pedantic_2021` tests the same in edition 2021.
#![allow(
    clippy::multiple_bound_locations,
    reason = "bounds in both places are tested"
)]

use smartasync::{block_on, smart_await, smart_fn};
use std::cell::RefCell;

thread_local! {
    static DROPPED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// A value that records its name when it is dropped.
#[derive(Clone)]
struct Noted(&'static str);

impl Noted {
    fn number(&self) -> usize {
        self.0.len()
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|dropped| dropped.push(self.0));
    }
}

fn dropped() -> Vec<&'static str> {
    DROPPED.take()
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
        Noted("temporary").number()
    }
    async fn generic<T>(_value: T) -> usize
    where
        T: Copy,
    {
        let _local = Noted("local");
        Noted("temporary").number()
    }
);

#[test]
fn the_last_temporary_is_dropped_when_a_plain_function_drops_it() {
    plain();
    let expected = dropped();
    assert_eq!(expected, ["temporary", "local"]);
    sync().wait();
    assert_eq!(dropped(), expected);
    asynchronous().wait();
    assert_eq!(dropped(), expected);
    either().wait();
    assert_eq!(dropped(), expected);
    block_on(either());
    assert_eq!(dropped(), expected);
    generic(1).wait();
    assert_eq!(dropped(), expected);
}

smart_fn!(
    #[deny(unused_variables)]
    fn with_an_inner_attribute() -> u32 {
        #![allow(unused_variables, reason = "the attribute is what is tested")]
        let unused = 1;
        2
    }
    /// Between two others, and with a longer signature.
    #[maybe_async]
    async fn with_two<'a, T: AsRef<str> + ?Sized>(text: &'a T, n: u32) -> Result<u32, &'a str>
    where
        T: 'a,
    {
        #![allow(unused_variables, reason = "the attribute is what is tested")]
        #![allow(unused_mut, reason = "a second one")]
        let mut unused = text.as_ref();
        Ok(smart_await!(n))
    }
    async fn without(n: u32) -> u32 {
        n
    }
);

#[test]
fn a_body_may_have_inner_attributes() {
    assert_eq!(with_an_inner_attribute().wait(), 2);
    assert_eq!(block_on(with_an_inner_attribute()), 2);
    assert_eq!(with_two("a", 3).wait(), Ok(3));
    assert_eq!(block_on(with_two("a", 3)), Ok(3));
    assert_eq!(without(4).wait(), 4);
}
