//! `smart_await!` and `smart_continuation!`: values, futures, and futures of futures, told apart by
//! type alone.
//!
//! That nothing is allocated is shown by where the futures are: inside the one that awaits them.
//! (Counting allocations needs an `unsafe` allocator, which the crate's lints forbid.)
#![allow(
    clippy::async_yields_async,
    reason = "futures of futures are what is tested"
)]

use crate::support::is_send::{IsSend, NotSend};
use smartasync::{
    Call, Smart, Work, block_on, current_loop, is_async_context, smart, smart_await,
    smart_continuation, smart_fn, smart_sync,
};
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::{Ready, pending, ready};
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

/// Becomes a future that gives the number.
struct Request(u32);

impl IntoFuture for Request {
    type Output = u32;
    type IntoFuture = Ready<u32>;

    fn into_future(self) -> Ready<u32> {
        ready(self.0)
    }
}

/// Becomes a future that gives a request.
struct Redirect(u32);

impl IntoFuture for Redirect {
    type Output = Request;
    type IntoFuture = Ready<Request>;

    fn into_future(self) -> Ready<Request> {
        ready(Request(self.0))
    }
}

smart_fn!(
    async fn add(a: u32, b: u32) -> u32 {
        futures_lite::future::yield_now().await;
        a + b
    }

    fn add_sync(a: u32, b: u32) -> u32 {
        a + b
    }

    /// A call that gives a call.
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
fn the_question_mark_follows_and_stands_inside() {
    assert_eq!(with_question("2").wait(), Ok(8));
    assert_eq!(block_on(with_question("2")), Ok(8));
    assert!(with_question("x").wait().is_err() && block_on(with_question("x")).is_err());
}

const fn check_send<T: Send>(value: T) -> T {
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
fn the_awaited_futures_are_inside_the_one_that_awaits() {
    let one = [1u8; 4096];
    let inner = async move {
        futures_lite::future::yield_now().await;
        async move { one[4095] }
    };
    let outer = async move { smart_await!(inner) };
    assert!(
        size_of_val(&outer) > 4096,
        "the inner future is elsewhere: the outer one has {} bytes",
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

fn describe(value: u32, other: &str, last: bool) -> String {
    format!("{value} {other} {last}")
}

#[test]
fn smart_continuation_applies_a_function_to_a_value_at_once() {
    let text: String = smart_continuation!(1, describe, "two", true);
    assert_eq!(text, "1 two true");
    assert_eq!(smart_continuation!(1, |n| n + 1), 2);
    assert_eq!(smart_continuation!("a", str::len,), 1);
}

#[test]
fn smart_continuation_makes_a_call_of_a_future() {
    fn call<W>(call: Call<W>) -> Call<W> {
        call
    }
    let ran = Cell::new(false);
    let continuation = call(smart_continuation!(async { 1 }, |n: u32| {
        ran.set(true);
        n + 1
    }));
    assert!(!ran.get());
    assert_eq!(continuation.wait(), 2);
    assert!(ran.get());
    assert_eq!(
        call(smart_continuation!(async { 1 }, describe, "two", true)).wait(),
        "1 two true"
    );
    assert_eq!(
        block_on(call(smart_continuation!(add(1, 2), describe, "two", true))),
        "3 two true"
    );
    assert_eq!(
        pollster::block_on(call(smart_continuation!(Request(1), |n| n + 1))),
        2
    );
    drop(call(smart_continuation!(pending::<u32>(), |n| n)));
}

#[test]
fn smart_continuation_resolves_nested_futures_first() {
    assert_eq!(
        smart_continuation!(async { async { ready(1) } }, |n: u32| n + 1).wait(),
        2
    );
    assert_eq!(
        block_on(smart_continuation!(
            async { Redirect(1) },
            describe,
            "two",
            true
        )),
        "1 two true"
    );
}

#[test]
fn smart_continuation_evaluates_its_arguments_once_from_left_to_right() {
    fn list<A: Debug, B: Debug, C: Debug>(a: A, b: B, c: C) -> String {
        format!("{a:?} {b:?} {c:?}")
    }
    let order = RefCell::new(vec![]);
    let note = |name: &'static str| {
        order.borrow_mut().push(name);
        name
    };
    let function = || {
        note("function");
        list
    };
    assert_eq!(
        smart_continuation!(note("value"), function(), note("b"), note("c")),
        r#""value" "b" "c""#
    );
    assert_eq!(order.take(), ["value", "function", "b", "c"]);
    let later = smart_continuation!(ready(note("value")), function(), note("b"), note("c"));
    assert_eq!(order.take(), ["value", "function", "b", "c"]);
    assert_eq!(later.wait(), r#""value" "b" "c""#);
    assert!(order.take().is_empty());
}

#[derive(Clone, Debug, PartialEq)]
struct User {
    name: String,
}

smart_fn!(
    async fn fetch(name: &str) -> User {
        futures_lite::future::yield_now().await;
        User {
            name: name.to_owned(),
        }
    }
);

fn user() -> User {
    User {
        name: "Ada".to_owned(),
    }
}

#[test]
fn smart_continuation_takes_a_closure_without_types() {
    assert_eq!(smart_continuation!(user(), |u| u.name), "Ada");
    assert_eq!(smart_continuation!(fetch("Ada"), |u| u.name).wait(), "Ada");
    assert_eq!(
        block_on(smart_continuation!(fetch("Ada"), |u| u.name)),
        "Ada"
    );
    assert_eq!(
        smart_continuation!(async { user() }, |u| u.name.len()).wait(),
        3
    );
    assert_eq!(
        smart_continuation!(async { async { ready(user()) } }, |u| u.name.to_uppercase()).wait(),
        "ADA"
    );
    assert_eq!(
        smart_continuation!(ready(ready(user())), |User { name }| name.len()).wait(),
        3
    );
    assert_eq!(
        smart_continuation!(fetch("Ada"), |mut u| -> User {
            u.name.push('!');
            u
        })
        .wait()
        .name,
        "Ada!"
    );
    assert_eq!(smart_continuation!(&user(), |u| &u.name).len(), 3);
    assert_eq!(smart_continuation!(&user(), |u: &User| &u.name).len(), 3);
}

#[test]
fn the_other_arguments_of_a_closure_need_no_types_either() {
    let pair = (String::from("a"), 1u8);
    assert_eq!(
        smart_continuation!(
            user(),
            |u, (text, n)| format!("{} {text} {}", u.name, n.pow(1)),
            pair.clone()
        ),
        "Ada a 1"
    );
    assert_eq!(
        smart_continuation!(
            fetch("Ada"),
            |u, (text, n)| u.name.len() + text.len() + usize::from(n),
            pair,
        )
        .wait(),
        5
    );
    assert_eq!(
        smart_continuation!(
            async { async { user() } },
            |u, text, list| u.name.len() + text.len() + list.len(),
            "two",
            [1]
        )
        .wait(),
        7
    );
    let eight = smart_continuation!(
        fetch("Ada"),
        |u, a, b, c, d, e, f, g, h| u.name.len() + a + b + c + d + e + f + g + h,
        1,
        1,
        1,
        1,
        1,
        1,
        1,
        1
    );
    assert_eq!(eight.wait(), 11);
    let nine = smart_continuation!(
        1,
        |n: u32, a, b, c, d, e, f, g, h, i| n + a + b + c + d + e + f + g + h + i,
        1,
        1,
        1,
        1,
        1,
        1,
        1,
        1,
        1
    );
    assert_eq!(nine, 10);
}

#[test]
fn smart_continuation_takes_a_closure_that_changes_or_moves_what_is_around_it() {
    let mut log = vec![];
    smart_continuation!(user(), |u| log.push(u.name));
    smart_continuation!(fetch("Grace"), |u| log.push(u.name)).wait();
    smart_continuation!(
        async { ready(user()) },
        |u, suffix| log.push(u.name + suffix),
        "!"
    )
    .wait();
    let push = |u: User| log.push(u.name);
    smart_continuation!(user(), push);
    let mut push = |u: User, suffix: &str| log.push(u.name + suffix);
    smart_continuation!(fetch("Ada"), &mut push, "?").wait();
    smart_continuation!(fetch("Ada"), push, "?").wait();
    assert_eq!(log, ["Ada", "Grace", "Ada!", "Ada", "Ada?", "Ada?"]);

    assert_eq!(smart_continuation!(user(), |u| (u, log)).1.len(), 6);
    let list = vec![1];
    assert_eq!(
        smart_continuation!(fetch("Ada"), move |u| (u, list)).wait(),
        (user(), vec![1])
    );
    let list = vec![1];
    let moves = |u: User| (u, list);
    assert_eq!(
        smart_continuation!(async { user() }, moves).wait(),
        (user(), vec![1])
    );
    let shared = Rc::new(1);
    let cloned = smart_continuation!(fetch("Ada"), {
        let shared = Rc::clone(&shared);
        move |u| u.name.len() + *shared
    });
    assert_eq!(
        (
            Rc::strong_count(&shared),
            cloned.wait(),
            Rc::strong_count(&shared)
        ),
        (2, 4, 1)
    );
}

#[test]
fn smart_continuation_takes_any_function() {
    type Suffix = dyn Fn(User, &str) -> String;
    struct Handler {
        plain: fn(User) -> usize,
        boxed: Box<Suffix>,
    }
    fn first<T, U>(first: T, _second: U) -> T {
        first
    }
    fn name_length(user: User) -> usize {
        user.name.len()
    }
    let handler = Handler {
        plain: name_length,
        boxed: Box::new(|u, suffix| u.name + suffix),
    };
    assert_eq!(smart_continuation!(fetch("Ada"), handler.plain).wait(), 3);
    assert_eq!(
        smart_continuation!(fetch("Ada"), &handler.boxed, "!").wait(),
        "Ada!"
    );
    assert_eq!(
        smart_continuation!(user(), handler.boxed, &String::from("!")),
        "Ada!"
    );
    assert_eq!(
        smart_continuation!(fetch("Ada"), first::<User, _>, 1u8).wait(),
        user()
    );
    assert_eq!(
        smart_continuation!(fetch("Ada"), <Rc<User>>::from).wait(),
        Rc::new(user())
    );
    assert_eq!(smart_continuation!(fetch("Ada"), Some).wait(), Some(user()));
    assert_eq!(
        smart_continuation!(
            1,
            if (handler.plain)(user()) == 3 {
                u32::count_ones
            } else {
                u32::count_zeros
            }
        ),
        1
    );
    assert_eq!(
        block_on(block_on(smart_continuation!(fetch("Ada"), async |u| u.name))),
        "Ada"
    );
    assert_eq!(
        block_on(block_on(smart_continuation!(
            fetch("Ada"),
            async move |u, n| u.name.len() + n,
            1
        ))),
        4
    );
    assert_eq!(
        smart_continuation!(smart_continuation!(fetch("Ada"), |u| u.name), |name| name
            .len())
        .wait(),
        3
    );
}

#[test]
fn the_arguments_of_a_function_are_coerced() {
    let name = String::from("two");
    assert_eq!(smart_continuation!(&name, str::len), 3);
    assert_eq!(smart_continuation!(1, describe, &name, true), "1 two true");
    assert_eq!(
        smart_continuation!(async { 1 }, describe, &name, true).wait(),
        "1 two true"
    );
}

#[test]
fn a_temporary_argument_lives_until_the_end_of_the_statement() {
    assert_eq!(
        smart_continuation!(async { 1 }, describe, &format!("{}", 2), true).wait(),
        "1 2 true"
    );
    assert_eq!(
        smart_continuation!(
            fetch(&String::from("Ada")),
            |u, text| u.name + text,
            String::from("!").as_str()
        )
        .wait(),
        "Ada!"
    );
}

fn name_of(name: &str) -> Call<impl Work<Output = usize>> {
    smart_continuation!(fetch(name), |u| u.name.len())
}

#[test]
fn a_continuation_is_send_where_its_parts_are() {
    assert_eq!(
        thread::scope(|scope| scope.spawn(|| name_of("Ada").wait()).join().unwrap()),
        3
    );
    check_send(smart_continuation!(
        fetch("Ada"),
        |u, n| u.name.len() + n,
        1
    ))
    .wait();
    assert!(
        !IsSend(&smart_continuation!(
            fetch("Ada"),
            |_, shared| *shared,
            Rc::new(1)
        ))
        .is_send()
    );
}

smart_fn!(
    #[maybe_async]
    async fn in_async_code() -> bool {
        smart_await!(sync => false, async => ready(true))
    }
);

#[test]
fn waiting_for_a_continuation_runs_a_smart_call_and_the_function_here() {
    let here = thread::current().id();
    thread::spawn(|| {
        let here = thread::current().id();
        let ran = smart_continuation!(
            smart_sync(|| thread::current().id()),
            |ran, then| (ran == here, then),
            "then"
        );
        assert_eq!((ran.wait(), current_loop()), ((true, "then"), None));
        assert!(
            smart_continuation!(
                smart_continuation!(in_async_code(), |asynchronous| !asynchronous),
                |sync| sync
            )
            .wait()
        );
        assert_eq!(current_loop(), None);
        // The function may wait.
        assert_eq!(
            smart_continuation!(fetch("Ada"), |u| (
                name_of(&u.name).wait(),
                is_async_context()
            ))
            .wait(),
            (3, false)
        );
        assert_eq!(
            smart_continuation!(fetch("Ada"), |u| name_of(&u.name).wait())
                .try_wait()
                .unwrap(),
            3
        );
    })
    .join()
    .unwrap();
    let awaited = smart_continuation!(smart_sync(|| thread::current().id()), |ran| (
        ran == here,
        is_async_context()
    ));
    assert_eq!(pollster::block_on(awaited), (false, true));
    assert!(block_on(smart_continuation!(
        in_async_code(),
        |asynchronous| asynchronous
    )));
    assert!(block_on(async {
        smart_continuation!(fetch("Ada"), |u| u.name)
            .try_wait()
            .is_err()
    }));
}
