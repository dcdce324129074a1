//! `smart_fn!`: the kinds of functions that it emits, and the places where you can write it.

use crate::support::both::assert_both;
use smartasync::{block_on, is_async_context, smart_await, smart_fn};

smart_fn!(
    async fn add(a: u32, b: u32) -> u32 {
        std::future::ready(a).await + b
    }

    fn subtract(a: u32, b: u32) -> u32 {
        a - b
    }

    async fn nothing() {}

    fn nothing_at_all() {}

    #[maybe_async]
    async fn sum(a: u32, b: u32, c: u32) -> u32 {
        let ab = smart_await!(add(a, b));
        ab + smart_await!(subtract(c, 0)) + smartasync::smart_await!(async { 0 })
    }

    #[maybe_async]
    async fn which_copy(prefix: &str) -> String {
        let copy = smart_await!(sync => "sync", async => async { "async" });
        format!(
            "{prefix} {}",
            smartasync::smart_await!(sync => copy, async => std::future::ready(copy))
        )
    }
);

#[test]
fn an_async_fn_is_waited_for_and_awaited() {
    assert_both!(add(1, 2), 3);
    assert_both!(nothing(), ());
}

#[test]
fn a_sync_fn_is_waited_for_and_awaited() {
    assert_both!(subtract(3, 2), 1);
    assert_both!(nothing_at_all(), ());
}

#[test]
fn a_maybe_async_fn_awaits_smart_calls_and_futures_in_both_copies() {
    assert_both!(sum(1, 2, 3), 6);
}

#[test]
fn smart_await_with_two_sides_takes_the_side_of_its_copy() {
    assert_eq!(which_copy("the").wait(), "the sync");
    assert_eq!(block_on(which_copy("the")), "the async");
}

smart_fn!(
    #[maybe_async]
    async fn only_one_side_compiles(n: u32) -> u32 {
        // One side has a closure with `return`, the other an await. Each side is a plain expression
        // of its own world.
        smart_await!(
            sync => { let early = || -> u32 { if n > 0 { return n + 1; } n }; early() },
            async => async { futures_lite::future::yield_now().await; n + 2 },
        )
    }

    #[maybe_async]
    async fn the_other_side_is_not_compiled() -> &'static str {
        smart_await!(async => async { "async" }, sync => "sync".to_string().leak())
    }

    #[maybe_async]
    async fn awaits_nothing(n: u32) -> u32 {
        n + 1
    }
);

#[test]
fn each_side_of_smart_await_is_an_expression_of_its_own() {
    assert_eq!(
        (
            only_one_side_compiles(1).wait(),
            block_on(only_one_side_compiles(1))
        ),
        (2, 3)
    );
    assert_eq!(
        (
            the_other_side_is_not_compiled().wait(),
            block_on(the_other_side_is_not_compiled())
        ),
        ("sync", "async")
    );
    assert_both!(awaits_nothing(1), 2);
}

struct Counter;

impl Counter {
    smart_fn!(
        async fn new(n: u32) -> Self {
            let _ = n;
            Self
        }

        fn count(words: &[&'static str]) -> usize {
            words.len()
        }

        #[maybe_async]
        async fn count_twice(words: &[&'static str]) -> usize {
            smart_await!(Self::count(words)) + smart_await!(Self::count(words))
        }

        #[boxed]
        async fn boxed_new() -> Counter {
            smart_await!(Self::new(1))
        }
    );

    const ONE: u32 = 1;

    smart_fn!(
        fn one() -> u32 {
            Self::ONE
        }
    );
}

#[test]
fn associated_functions_are_smart_functions() {
    let Counter = Counter::new(1).wait();
    let Counter = block_on(Counter::boxed_new());
    assert_both!(Counter::count(&["a", "b"]), 2);
    assert_both!(Counter::count_twice(&["a", "b"]), 4);
    assert_both!(Counter::one(), 1);
}

#[test]
fn a_smart_function_may_be_in_a_function_body() {
    smart_fn!(
        async fn local(n: u32) -> u32 {
            smart_fn! {
                fn inner(n: u32) -> u32 { n + 1 }
            }
            inner(n).await
        }
    );
    assert_both!(local(1), 2);
}

smart_fn!();
smart_fn! {}
smart_fn![];

smart_fn! {
    async fn in_braces(n: u32) -> u32 { n }
    fn in_braces_too(n: u32) -> u32 { n }
}

smart_fn![
    async fn in_brackets(n: u32) -> u32 {
        n
    }
];

#[test]
fn the_macro_takes_braces_brackets_and_no_item() {
    assert_both!(in_braces(1), 1);
    assert_both!(in_braces_too(1), 1);
    assert_both!(in_brackets(1), 1);
}

mod conditional {
    use smartasync::smart_fn;

    smart_fn!(
        #[cfg(all())]
        #[blocking(chosen_blocking)]
        pub(crate) async fn chosen() -> &'static str {
            "all"
        }

        #[cfg(any())]
        #[blocking(chosen_blocking)]
        pub(crate) async fn chosen() -> NoSuchType {
            no_such_function()
        }

        pub(crate) fn with_arguments(
            a: u32,
            #[cfg(any())] absent: NoSuchType,
            #[cfg(all())] present: u32,
            #[allow(unused_variables)] unused: u32,
        ) -> u32 {
            a + present
        }

        #[cfg_attr(all(), must_use = "an attribute of the user")]
        #[inline]
        pub(crate) async fn attributed() -> bool {
            true
        }
    );
}

#[test]
fn cfg_chooses_functions_and_arguments() {
    assert_both!(conditional::chosen(), "all");
    assert_eq!(conditional::chosen_blocking(), "all");
    assert_both!(conditional::with_arguments(1, 2, 3), 3);
    assert_both!(conditional::attributed(), true);
}

mod outer {
    pub(crate) mod inner {
        use smartasync::smart_fn;

        smart_fn!(
            #[blocking(for_outer_blocking)]
            pub(in super::super::outer) async fn for_outer() -> u32 {
                1
            }

            pub(super) fn for_super() -> u32 {
                private().wait()
            }

            fn private() -> u32 {
                2
            }
        );
    }

    pub(crate) fn call() -> (u32, u32, u32) {
        (
            inner::for_outer().wait(),
            inner::for_outer_blocking(),
            inner::for_super().wait(),
        )
    }
}

#[test]
fn every_visibility_is_kept() {
    assert_eq!(outer::call(), (1, 1, 2));
}

#[test]
fn a_body_knows_its_context() {
    smart_fn!(
        async fn in_async() -> bool {
            is_async_context()
        }
        fn in_sync() -> bool {
            is_async_context()
        }
    );
    assert_both!(in_async(), true);
    assert_both!(in_sync(), false);
}
