//! `smart_await!`: values, futures, and futures of futures. Only their types decide how they are
//! resolved.
//!
//! The awaited futures are inside the future that awaits them, which shows that nothing is
//! allocated.
#![allow(clippy::async_yields_async, reason = "futures of futures are tested")]

use crate::support::is_send::{IsSend, NotSend};
use smartasync::{Call, Smart, Work, block_on, current_loop, smart, smart_await, smart_fn};
use std::cell::Cell;
use std::future::{Ready, ready};
use std::num::ParseIntError;
use std::pin::Pin;
use std::rc::Rc;
use std::thread;

#[test]
fn a_value_is_resolved_at_once() {
    struct Plain(u32);
    block_on(async {
        assert_eq!(smart_await!(1), 1);
        assert_eq!(smart_await!("text"), "text");
        assert_eq!(smart_await!(Plain(1)).0, 1);
        assert_eq!(smart_await!(Some(ready(1))).map(Ready::into_inner), Some(1));
        let mut list = vec![1];
        smart_await!(&mut list).push(2);
        assert_eq!(smart_await!(list,), [1, 2]);
        smart_await!(());
    });
}

#[test]
fn futures_are_resolved_through_each_number_of_levels() {
    block_on(async {
        assert_eq!(smart_await!(7), 7, "0 levels");
        assert_eq!(smart_await!(async { 7 }), 7, "1 levels");
        assert_eq!(smart_await!(async { async { 7 } }), 7, "2 levels");
        assert_eq!(smart_await!(async { async { async { 7 } } }), 7, "3 levels");
        assert_eq!(
            smart_await!(async { async { async { async { 7 } } } }),
            7,
            "4 levels"
        );
        assert_eq!(
            smart_await!(async { async { async { async { async { 7 } } } } }),
            7,
            "5 levels"
        );
        assert_eq!(
            smart_await!(async { async { async { async { async { async { 7 } } } } } }),
            7,
            "6 levels"
        );
        assert_eq!(
            smart_await!(async { async { async { async { async { async { async { 7 } } } } } } }),
            7,
            "7 levels"
        );
        assert_eq!(
            smart_await!(async {
                async { async { async { async { async { async { async { 7 } } } } } } }
            }),
            7,
            "8 levels"
        );
    });
}

smart_fn!(
    #[maybe_async]
    async fn all_levels() -> [u32; 9] {
        [
            smart_await!(0),
            smart_await!(async { 1 }),
            smart_await!(async { async { 2 } }),
            smart_await!(async { async { async { 3 } } }),
            smart_await!(async { async { async { async { 4 } } } }),
            smart_await!(async { async { async { async { async { 5 } } } } }),
            smart_await!(async { async { async { async { async { async { 6 } } } } } }),
            smart_await!(async { async { async { async { async { async { async { 7 } } } } } } }),
            smart_await!(async {
                async { async { async { async { async { async { async { 8 } } } } } } }
            }),
        ]
    }
);

#[test]
fn the_sync_copy_resolves_each_number_of_levels_too() {
    assert_eq!(all_levels().wait(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(block_on(all_levels()), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
}

/// A value that becomes a future of the number.
pub(super) struct Request(pub(super) u32);

impl IntoFuture for Request {
    type Output = u32;
    type IntoFuture = Ready<u32>;

    fn into_future(self) -> Ready<u32> {
        ready(self.0)
    }
}

/// A value that becomes a future of a request.
pub(super) struct Redirect(pub(super) u32);

impl IntoFuture for Redirect {
    type Output = Request;
    type IntoFuture = Ready<Request>;

    fn into_future(self) -> Ready<Request> {
        ready(Request(self.0))
    }
}

smart_fn!(
    pub(super) async fn add(a: u32, b: u32) -> u32 {
        futures_lite::future::yield_now().await;
        a + b
    }

    fn add_sync(a: u32, b: u32) -> u32 {
        a + b
    }

    /// A call whose output is a call.
    async fn later() -> Call<impl Work<Output = u32>> {
        add_sync(1, 2)
    }

    #[maybe_async]
    async fn all_kinds() -> Vec<u32> {
        let boxed: Pin<Box<dyn Future<Output = u32>>> = Box::pin(async { 5 });
        vec![
            smart_await!(Request(1)),
            smart_await!(Redirect(2)),
            smart_await!(async { Redirect(3) }),
            smart_await!(add(1, 3)),
            smart_await!(boxed),
            smart_await!(Smart::ready(6)),
            smart_await!(Smart::future(async { 7 })),
            smart_await!(smart(async { 8 })),
            smart_await!(Box::pin(async { async { 9 } })),
            smart_await!(later()) + 7,
            smart_await!(async { add_sync(5, 6) }),
        ]
    }
);

#[test]
fn everything_that_becomes_a_future_is_resolved() {
    let expected: Vec<u32> = (1..=11).collect();
    assert_eq!(all_kinds().wait(), expected);
    assert_eq!(block_on(all_kinds()), expected);
    assert_eq!(pollster::block_on(all_kinds()), expected);
}

smart_fn!(
    #[maybe_async]
    async fn calls_only(n: u32) -> u32 {
        let sum = smart_await!(add_sync(n, 1));
        smart_await!(nested_calls_only(sum)) + smart_await!(sum)
    }

    #[maybe_async]
    async fn nested_calls_only(n: u32) -> u32 {
        smart_await!(sync => n, async => async { n })
    }
);

#[test]
fn smart_calls_in_the_sync_copy_need_no_loop() {
    let (sum, on) = thread::spawn(|| (calls_only(1).wait(), current_loop()))
        .join()
        .unwrap();
    assert_eq!((sum, on), (4, None));
}

smart_fn!(
    #[maybe_async]
    async fn with_question(text: &str) -> Result<u32, ParseIntError> {
        let one = smart_await!(async { text.parse::<u32>() })?;
        let two = smart_await!(text.parse::<u32>())?;
        let three =
            smart_await!(sync => text.parse::<u32>(), async => async { text.parse::<u32>() })?;
        let four = smart_await!(smart_await!(async {
            Ok::<_, ParseIntError>(async { text.parse::<u32>() })
        })?);
        Ok(one + two + three + four?)
    }
);

#[test]
fn the_question_mark_works_after_and_inside_smart_await() {
    assert_eq!(with_question("2").wait(), Ok(8));
    assert_eq!(block_on(with_question("2")), Ok(8));
    assert!(with_question("x").wait().is_err() && block_on(with_question("x")).is_err());
}

pub(super) const fn check_send<T: Send>(value: T) -> T {
    value
}

async fn local() -> u32 {
    let shared = Rc::new(1);
    smart_await!(async { *shared })
}

async fn not_local() -> u32 {
    smart_await!(async { *Rc::new(1) })
}

#[test]
fn a_future_with_smart_await_is_send_where_its_values_are() {
    let sends = check_send(async {
        let one = smart_await!(async { async { 1 } });
        smart_await!(one) + smart_await!(add_sync(1, 1)) + smart_await!(Request(1))
    });
    assert_eq!(thread::spawn(|| block_on(sends)).join().unwrap(), 4);
    assert!(!IsSend(&local()).is_send());
    assert!(IsSend(&not_local()).is_send());
    assert_eq!(block_on(local()) + block_on(not_local()), 2);
    let spawned = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    assert_eq!(
        spawned.block_on(async {
            tokio::spawn(async { smart_await!(async { ready(2) }) })
                .await
                .unwrap()
        }),
        2
    );
}

#[test]
fn awaited_futures_are_inside_the_future_that_awaits_them() {
    let one = [1u8; 4096];
    let inner = async move {
        futures_lite::future::yield_now().await;
        async move { one[4095] }
    };
    let outer = async move { smart_await!(inner) };
    assert!(
        size_of_val(&outer) > 4096,
        "the inner future is not inside the outer one, which has {} bytes",
        size_of_val(&outer)
    );
    assert_eq!(block_on(outer), 1);
    let value = async { smart_await!(1u8) };
    assert!(
        size_of_val(&value) <= 16,
        "a plain value takes {} bytes",
        size_of_val(&value)
    );
}

#[test]
fn a_value_of_a_generic_type_is_plain() {
    async fn plain<T>(value: T) -> T {
        smart_await!(value)
    }
    async fn future<F: IntoFuture<Output = u32>>(future: F) -> u32 {
        smart_await!(future)
    }
    assert_eq!(block_on(plain(1)), 1);
    assert_eq!(block_on(block_on(plain(ready(1)))), 1);
    assert_eq!(
        block_on(future(Request(1))) + block_on(future(async { 1 })),
        2
    );
}

#[test]
fn the_expression_is_evaluated_once() {
    let count = Cell::new(0);
    let next = || {
        count.set(count.get() + 1);
        count.get()
    };
    block_on(async {
        assert_eq!(smart_await!(next()), 1);
        let later = || ready(next());
        assert_eq!(smart_await!(later()), 2);
    });
    assert_eq!(count.get(), 2);
}

#[test]
fn a_temporary_lives_until_its_future_is_done() {
    async fn length(text: &str) -> usize {
        futures_lite::future::yield_now().await;
        text.len()
    }
    let sum = block_on(async {
        smart_await!(length(&String::from("four")))
            + smart_await!(sync => 0, async => length(&format!("{}", 12)))
    });
    assert_eq!(sum, 6);
}
