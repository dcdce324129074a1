//! `smart_continuation!`: applies a function to a value, or to the output of a future. Only the
//! type of the argument decides which.
#![allow(clippy::async_yields_async, reason = "futures of futures are tested")]

use super::smart_await::{Redirect, Request, add, check_send};
use crate::support::is_send::{IsSend, NotSend};
use smartasync::{
    Call, Work, block_on, current_loop, is_async_context, smart_await, smart_continuation,
    smart_fn, smart_sync,
};
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::{pending, ready};
use std::rc::Rc;
use std::thread;

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
fn a_wait_for_a_continuation_runs_the_call_and_the_function_on_this_thread() {
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
