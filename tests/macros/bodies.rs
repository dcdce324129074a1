//! `smart_fn!`: bodies with `return`, `?`, coercions, labels, recursion, and bodies that never
//! return.
#![allow(
    clippy::needless_question_mark,
    clippy::borrowed_box,
    clippy::needless_return,
    clippy::never_loop,
    clippy::async_yields_async,
    clippy::useless_vec,
    reason = "odd bodies have to keep their meaning"
)]
#![allow(
    clippy::ptr_arg,
    reason = "a `&String` that coerces to `&str` is one of the cases"
)]

use crate::support::both::assert_both;
use smartasync::{block_on, smart_await, smart_fn};
use std::error::Error;
use std::fmt::{Debug, Display};
use std::num::{ParseFloatError, ParseIntError};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[derive(Clone, Debug, PartialEq)]
enum Failure {
    Int(ParseIntError),
    Float(ParseFloatError),
}

impl From<ParseIntError> for Failure {
    fn from(error: ParseIntError) -> Self {
        Self::Int(error)
    }
}

impl From<ParseFloatError> for Failure {
    fn from(error: ParseFloatError) -> Self {
        Self::Float(error)
    }
}

fn is_int<T: Debug>(result: Result<T, Failure>) -> bool {
    matches!(result, Err(Failure::Int(_)))
}

fn is_float<T: Debug>(result: Result<T, Failure>) -> bool {
    matches!(result, Err(Failure::Float(_)))
}

smart_fn!(
    // Only the signature says what `?` converts to, because `Ok(…)` leaves the error type open.
    async fn question(int: &str, float: &str) -> Result<f64, Failure> {
        let int: u32 = int.parse()?;
        let float: f64 = float.parse()?;
        Ok(float + f64::from(int))
    }

    fn sync_question(int: &str, float: &str) -> Result<f64, Failure> {
        let int: u32 = int.parse()?;
        let float: f64 = float.parse()?;
        Ok(float + f64::from(int))
    }

    #[maybe_async]
    async fn maybe_question(int: &str, float: &str) -> Result<f64, Failure> {
        let sum = smart_await!(question(int, float))?;
        Ok(sum + smart_await!(sync_question(int, "0"))?)
    }

    async fn question_on_option(text: &str) -> Option<char> {
        let first = text.chars().next()?;
        Some(first.to_uppercase().next()?)
    }

    fn collected(list: &[u8]) -> Vec<char> {
        list.iter().map(|byte| (*byte).into()).collect()
    }

    async fn typed_by_the_signature(text: &str) -> Result<u64, Box<dyn Error + Send + Sync>> {
        Ok(text.parse()?)
    }
);

#[test]
fn the_question_mark_converts_to_the_error_of_the_signature() {
    assert_both!(question("1", "2.5"), Ok(3.5));
    assert_both!(sync_question("1", "2.5"), Ok(3.5));
    assert_both!(maybe_question("1", "2.5"), Ok(4.5));
    assert!(is_int(question("x", "2.5").wait()) && is_float(block_on(question("1", "x"))));
    assert!(
        is_int(sync_question("x", "2.5").wait()) && is_float(block_on(sync_question("1", "x")))
    );
    assert!(
        is_int(maybe_question("x", "2.5").wait()) && is_float(block_on(maybe_question("1", "x")))
    );
    assert_both!(question_on_option("ab"), Some('A'));
    assert_both!(question_on_option(""), None);
    assert_both!(collected(b"ab"), ['a', 'b']);
    assert_eq!(typed_by_the_signature("1").wait().unwrap(), 1);
    assert!(block_on(typed_by_the_signature("x")).is_err());
}

smart_fn!(
    async fn boxed_error(n: u32) -> Result<u32, Box<dyn Error>> {
        if n == 0 {
            return Err("zero".into());
        }
        if n == 1 {
            return Err(Box::new(std::fmt::Error));
        }
        if n == 2 {
            Err(Box::new(std::fmt::Error))
        } else {
            Ok(n)
        }
    }

    fn boxed_display(n: u32) -> Box<dyn Display + Send> {
        if n == 0 {
            return Box::new("zero");
        }
        Box::new(n)
    }

    #[maybe_async]
    async fn reference_to_dyn<'a>(one: &'a u32, two: &'a str, first: bool) -> &'a dyn Debug {
        if first {
            return one;
        }
        let two: &'a Box<str> = Box::leak(Box::new(two.into()));
        two
    }

    async fn slice_of_an_array(array: &[u8; 3], all: bool) -> &[u8] {
        if all {
            return array;
        }
        &[1]
    }

    fn function_pointer(double: bool) -> fn(u32) -> u32 {
        if double {
            return |n| 2 * n;
        }
        |n| n
    }

    async fn list_of_boxes() -> Vec<Box<dyn Display>> {
        vec![Box::new(1), Box::new("two")]
    }

    async fn string_by_deref(text: &String) -> &str {
        text
    }
);

#[test]
fn return_and_the_tail_coerce_to_the_result() {
    assert_eq!(boxed_error(0).wait().unwrap_err().to_string(), "zero");
    assert!(
        block_on(boxed_error(1)).is_err()
            && boxed_error(2).wait().is_err()
            && block_on(boxed_error(3)).is_ok()
    );
    assert_eq!(
        [
            boxed_display(0).wait().to_string(),
            block_on(boxed_display(1)).to_string()
        ],
        ["zero", "1"]
    );
    assert_eq!(
        format!("{:?}", reference_to_dyn(&1, "two", true).wait()),
        "1"
    );
    assert_eq!(
        format!("{:?}", block_on(reference_to_dyn(&1, "two", false))),
        "\"two\""
    );
    assert_both!(slice_of_an_array(b"abc", true), b"abc");
    assert_both!(slice_of_an_array(b"abc", false), [1]);
    assert_eq!(
        (
            function_pointer(true).wait()(2),
            block_on(function_pointer(false))(2)
        ),
        (4, 2)
    );
    assert_eq!(
        list_of_boxes()
            .wait()
            .iter()
            .map(ToString::to_string)
            .collect::<String>(),
        "1two"
    );
    assert_both!(string_by_deref(&"ab".to_owned()), "ab");
}

smart_fn!(
    async fn only_return(n: u32) -> u32 {
        return n + 1;
    }

    fn sync_only_return(n: u32) -> u32 {
        return n + 1;
    }

    async fn return_nothing(stop: bool, log: &mut Vec<u32>) {
        log.push(1);
        if stop {
            return;
        }
        log.push(2);
    }

    async fn return_in_a_closure(n: u32) -> u32 {
        let inner = |n: u32| -> u32 {
            if n > 1 {
                return 10;
            }
            20
        };
        let block = async { return inner(n) + 1 };
        block.await
    }

    #[maybe_async]
    async fn labels(limit: u32) -> u32 {
        let mut sum = 0;
        'outer: for i in 0.. {
            for j in 0..i {
                if smart_await!(async { j == 3 }) {
                    continue 'outer;
                }
                if i == limit {
                    break 'outer;
                }
                sum += j;
            }
        }
        let value = 'block: {
            if sum > 3 {
                break 'block sum;
            }
            0
        };
        value
            + loop {
                break 1;
            }
    }

    fn sync_while(mut n: u32) -> u32 {
        while n > 10 {
            n /= 2;
        }
        n
    }
);

#[test]
fn return_and_labels_keep_their_meaning() {
    assert_both!(only_return(1), 2);
    assert_both!(sync_only_return(1), 2);
    assert_both!(return_in_a_closure(2), 11);
    assert_both!(labels(4), 5);
    assert_both!(sync_while(40), 10);
    let mut log = vec![];
    return_nothing(true, &mut log).wait();
    block_on(return_nothing(false, &mut log));
    assert_eq!(log, [1, 1, 2]);
}

smart_fn!(
    #[boxed]
    async fn factorial(n: u64) -> u64 {
        if n == 0 {
            1
        } else {
            n * factorial(n - 1).await
        }
    }

    #[boxed]
    #[send]
    async fn is_even(n: &u32) -> bool {
        if *n == 0 {
            true
        } else {
            is_odd(&(n - 1)).await
        }
    }

    #[boxed]
    #[send]
    async fn is_odd(n: &u32) -> bool {
        if *n == 0 {
            false
        } else {
            is_even(&(n - 1)).await
        }
    }

    #[boxed]
    #[maybe_async]
    async fn depth(tree: &Tree) -> usize {
        let mut deepest = 0;
        for child in &tree.0 {
            deepest = deepest.max(smart_await!(depth(child)));
        }
        deepest + 1
    }

    #[boxed]
    fn sync_factorial(n: u64) -> u64 {
        if n == 0 {
            1
        } else {
            n * sync_factorial(n - 1).wait()
        }
    }

    fn fibonacci(n: u32) -> u32 {
        if n < 2 {
            n
        } else {
            plain_fibonacci(n - 1) + plain_fibonacci(n - 2)
        }
    }
);

fn plain_fibonacci(n: u32) -> u32 {
    fibonacci(n).wait()
}

struct Tree(Vec<Tree>);

#[test]
fn a_function_calls_itself() {
    assert_both!(factorial(5), 120);
    assert_both!(is_even(&7), false);
    assert_both!(is_odd(&7), true);
    assert_both!(
        depth(&Tree(vec![Tree(vec![]), Tree(vec![Tree(vec![])])])),
        3
    );
    assert_both!(sync_factorial(5), 120);
    assert_both!(fibonacci(10), 55);
}

smart_fn!(
    async fn never_async(message: &str) -> ! {
        std::panic::panic_any(message.to_owned())
    }

    fn never_sync(message: &'static str) -> ! {
        std::panic::panic_any(message.to_owned())
    }

    #[maybe_async]
    async fn never_either(message: &str) -> ! {
        loop {
            smart_await!(never_async(message));
        }
    }

    async fn never_with_where<T>(message: T) -> !
    where
        T: Into<String>,
    {
        std::panic::panic_any(message.into())
    }

    async fn coerced_from_never(n: u32) -> u32 {
        if n == 0 { never_async("zero").await } else { n }
    }

    async fn diverges() -> u32 {
        panic!("always")
    }
);

#[test]
fn a_function_never_returns() {
    fn payload<T>(run: impl FnOnce() -> T) -> String {
        *catch_unwind(AssertUnwindSafe(run))
            .map(|_| ())
            .unwrap_err()
            .downcast::<String>()
            .unwrap()
    }
    assert_eq!(payload(|| never_async("one").wait()), "one");
    assert_eq!(payload(|| block_on(never_async("one"))), "one");
    assert_eq!(payload(|| never_sync("two").wait()), "two");
    assert_eq!(payload(|| block_on(never_sync("two"))), "two");
    assert_eq!(payload(|| never_either("three").wait()), "three");
    assert_eq!(payload(|| block_on(never_either("three"))), "three");
    assert_eq!(payload(|| never_with_where("four").wait()), "four");
    assert_eq!(payload(|| coerced_from_never(0).wait()), "zero");
    assert_both!(coerced_from_never(1), 1);
    assert!(catch_unwind(|| diverges().wait()).is_err());
}

smart_fn!(
    async fn items_in_a_body(n: u32) -> u32 {
        use std::cmp::max;
        const TEN: u32 = 10;
        struct Local(u32);
        impl Local {
            fn get(&self) -> u32 {
                self.0
            }
        }
        fn helper(n: u32) -> u32 {
            n + 1
        }
        macro_rules! twice {
            ($e:expr) => {
                $e + $e
            };
        }
        max(TEN, Local(twice!(helper(n))).get())
    }

    #[maybe_async]
    async fn macros_around_smart_await(n: u32) -> String {
        let list = vec![smart_await!(async { n }), smart_await!(n + 1)];
        assert_eq!(smart_await!(list.len()), 2, "{}", smart_await!("never"));
        format!(
            "{} {}",
            smart_await!(async { list[0] }),
            if matches!(smart_await!(list[1]), 2) {
                "two"
            } else {
                "more"
            }
        )
    }

    #[maybe_async]
    async fn smart_await_everywhere(n: u32) -> Result<u32, ParseIntError> {
        match smart_await!(async { n }) {
            0 => return smart_await!(async { "zero".parse() }),
            n if n > 9 => Ok(smart_await!(async { "10".parse::<u32>() })?),
            _ => {
                let Ok(mut sum) = smart_await!(async { "1".parse::<u32>() }) else {
                    unreachable!()
                };
                while smart_await!(async { sum < n }) {
                    sum += smart_await!(smart_await!(async { async { 1 } }));
                }
                Ok(sum)
            }
        }
    }
);

#[test]
fn items_and_macros_in_a_body_keep_their_meaning() {
    assert_both!(items_in_a_body(1), 10);
    assert_both!(items_in_a_body(9), 20);
    assert_both!(macros_around_smart_await(1), "1 two");
    assert_both!(smart_await_everywhere(7), Ok(7));
    assert_both!(smart_await_everywhere(10), Ok(10));
    assert!(
        smart_await_everywhere(0).wait().is_err() && block_on(smart_await_everywhere(0)).is_err()
    );
}
