//! `smart_fn!`: functions that a user's own macro emits, and user code in which the names of the
//! standard library mean something else.

use crate::support::both::assert_both;
use smartasync::{block_on, smart_await, smart_fn};

/// Emits functions with every kind of fragment.
macro_rules! emit {
    (
        $(#[$attribute:meta])*
        $vis:vis $name:ident($argument:ident: $ty:ty = $body:block) -> $ret:ty
    ) => {
        smart_fn!(
            $(#[$attribute])*
            $vis async fn $name($argument: $ty) -> $ret $body
        );
    };
    (sync $vis:vis $name:ident($pattern:pat => $argument:ident: $ty:ty = $value:expr)) => {
        smart_fn!(
            $vis fn $name($argument: $ty, list: &[$ty]) -> ($ty, usize) {
                let $pattern = ($argument, 1);
                ($value, list.len())
            }
        );
    };
    (
        maybe $vis:vis $name:ident<$generic:ident: $bound:path>($ty:ty)
        $body:expr, $literal:literal
    ) => {
        smart_fn!(
            #[maybe_async]
            #[blocking(emitted_blocking)]
            $vis async fn $name<'x, $generic: $bound>(
                value: &'x $ty,
                _more: $generic,
            ) -> (&'x $ty, u32)
            where
                $generic: Clone,
            {
                smart_await!(async {});
                (value, $literal + smart_await!(sync => $body, async => async { $body }))
            }
        );
    };
}

emit!(
    /// A comment.
    #[inline]
    pub(crate) emitted(n: Option<u32> = { n.unwrap_or(1) }) -> u32
);
emit!(emitted_private(n: &str = { n.len() }) -> usize);
emit!(sync pub(crate) emitted_sync((a, _) => n: u32 = a + 1));
emit!(maybe pub(crate) emitted_maybe<T: Send>(str) 1 + 1, 5);

#[test]
fn a_users_macro_emits_smart_functions_with_its_fragments() {
    assert_both!(emitted(Some(2)), 2);
    assert_both!(emitted_private("ab"), 2);
    assert_both!(emitted_sync(1, &[1, 2]), (2, 2));
    assert_both!(emitted_maybe("ab", 'x'), ("ab", 7));
    assert_eq!(emitted_blocking("ab", 'x'), ("ab", 7));
}

#[cfg(any())] // Does not compile: a lifetime fragment in the result is taken for a labelled block.
#[test]
fn a_users_macro_emits_functions_with_a_lifetime_fragment() {
    macro_rules! emit_with_lifetime {
        ($life:lifetime) => {
            smart_fn!(
                async fn in_the_result<$life>(text: &$life str) -> (&$life str, u32) {
                    (text, 1)
                }

                async fn in_the_bounds<$life>(text: &$life str) -> u32
                where
                    $life: $life,
                {
                    text.len() as u32
                }
            );
        };
    }
    emit_with_lifetime!('x);
    assert_both!(in_the_result("ab"), ("ab", 1));
    assert_both!(in_the_bounds("ab"), 2);
}

/// Emits a list of methods. Each kind of method has an arm of its own.
macro_rules! methods {
    ($($kind:ident $name:ident => $ret:ty: $value:expr;)*) => {
        $(methods! { @ $kind $name => $ret: $value })*
    };
    (@ asynchronous $name:ident => $ret:ty: $value:expr) => {
        smart_fn! { async fn $name(&self) -> $ret { $value } }
    };
    (@ synchronous $name:ident => $ret:ty: $value:expr) => {
        smart_fn! { fn $name(&self, text: &str) -> $ret { let _ = text; $value } }
    };
    (@ boxed $name:ident => $ret:ty: $value:expr) => {
        smart_fn! { #[boxed] #[maybe_async] async fn $name(&mut self) -> $ret { $value } }
    };
}

#[derive(Clone)]
struct Emitted;

impl Emitted {
    methods! {
        asynchronous one => u32: 1;
        synchronous two => Vec<&'static str>: vec!["two"];
        boxed three => Result<u32, std::num::ParseIntError>: "3".parse();
    }
}

#[test]
fn a_users_macro_emits_smart_methods() {
    assert_both!(Emitted.one(), 1);
    assert_both!(Emitted.two("x"), ["two"]);
    assert_both!(Emitted.three(), Ok(3));
}

/// User code in which the names of the standard library mean something else.
#[allow(
    dead_code,
    non_snake_case,
    non_upper_case_globals,
    unused_macros,
    reason = "these names only shadow the usual ones"
)]
mod shadowed {
    pub(crate) struct Result;
    pub(crate) struct Option;
    pub(crate) struct Box;
    pub(crate) struct String;
    pub(crate) struct Vec;
    pub(crate) struct Call;
    pub(crate) struct Work;
    pub(crate) struct Pin;
    pub(crate) trait Future {}
    pub(crate) trait IntoFuture {}
    pub(crate) trait Send {}
    pub(crate) trait Sync {}
    pub(crate) trait Sized {}
    pub(crate) trait FnOnce {}
    pub(crate) trait ToOwned {}
    pub(crate) trait Clone {}
    pub(crate) trait Into {}
    pub(crate) trait From {}
    pub(crate) trait Drop {}
    pub(crate) fn Ok() {}
    pub(crate) fn Err() {}
    pub(crate) fn Some() {}
    pub(crate) const None: () = ();
    pub(crate) fn drop() {}
    mod core {}
    mod std {}
    mod alloc {}
    mod smart {}
    macro_rules! concat {
        ($($any:tt)*) => {
            compile_error!("the user's own `concat!`")
        };
    }
    macro_rules! stringify {
        ($($any:tt)*) => {
            compile_error!("the user's own `stringify!`")
        };
    }
    macro_rules! panic {
        ($($any:tt)*) => {
            compile_error!("the user's own `panic!`")
        };
    }
    macro_rules! matches {
        ($($any:tt)*) => {
            compile_error!("the user's own `matches!`")
        };
    }

    // This code names everything but the macros by absolute paths.
    ::smartasync::smart_fn!(
        #[blocking(asynchronous_blocking)]
        pub(crate) async fn asynchronous(n: u32) -> ::core::option::Option<u32> {
            let n = ::core::option::Option::Some(n)?;
            ::core::option::Option::Some(n + 1)
        }

        #[blocking(synchronous_blocking)]
        pub(crate) fn synchronous(n: u32, text: &str) -> usize {
            n as usize + text.len()
        }

        #[maybe_async]
        #[blocking(either_blocking)]
        pub(crate) async fn either(n: u32) -> u32 {
            smartasync::smart_await!(sync => n, async => async { n })
                + smartasync::smart_await!(async { n })
                + smartasync::smart_await!(0)
        }

        #[boxed]
        #[send]
        #[blocking(boxed_blocking)]
        pub(crate) async fn boxed(text: &str) -> usize {
            text.len()
        }

        #[wraps(wrapped)]
        pub(crate) async fn wraps(n: u32) -> u32;

        pub(crate) async fn never() -> ! {
            ::std::process::abort()
        }

        #[maybe_async]
        pub(crate) async fn opaque() -> impl ::core::fmt::Debug {
            1
        }

        pub(crate) async fn opaque_inside() -> ::core::option::Option<impl ::core::fmt::Debug> {
            ::core::option::Option::Some(1)
        }

        pub(crate) async fn opaque_second() -> ::core::result::Result<u32, impl ::core::fmt::Debug>
        {
            if false {
                return ::core::result::Result::Err(1);
            }
            ::core::result::Result::Ok(1)
        }

        pub(crate) async fn opaque_after_unit()
        -> ::core::result::Result<(), impl ::core::fmt::Debug> {
            if false {
                return ::core::result::Result::Err(1);
            }
            ::core::result::Result::Ok(())
        }

        pub(crate) async fn takes_shadowed(_: Result, _: Option, _: Box, _: String) -> Vec {
            Vec
        }
    );

    async fn wrapped(n: u32) -> u32 {
        n
    }

    pub(crate) struct Method;

    impl ::core::clone::Clone for Method {
        fn clone(&self) -> Self {
            Self
        }
    }

    impl Method {
        ::smartasync::smart_fn!(
            pub(crate) fn synchronous<T: ::core::marker::Send + 'static>(&self, value: T) -> usize {
                ::core::mem::size_of_val(&value)
            }
        );
    }

    pub(crate) fn continued(n: u32) -> u32 {
        ::smartasync::smart_continuation!(
            ::smartasync::smart_continuation!(n, ::core::convert::identity),
            |n, zero| n + zero,
            0
        )
    }
}

#[test]
fn names_of_the_standard_library_may_be_shadowed() {
    assert_both!(shadowed::asynchronous(1), Some(2));
    assert_both!(shadowed::synchronous(1, "a"), 2);
    assert_both!(shadowed::either(1), 2);
    assert_both!(shadowed::boxed("a"), 1);
    assert_both!(shadowed::wraps(1), 1);
    assert_both!(shadowed::Method.synchronous(1u32), 4);
    let shadowed::Vec = shadowed::takes_shadowed(
        shadowed::Result,
        shadowed::Option,
        shadowed::Box,
        shadowed::String,
    )
    .wait();
    assert_eq!(
        format!(
            "{:?} {:?}",
            shadowed::opaque().wait(),
            block_on(shadowed::opaque())
        ),
        "1 1"
    );
    assert_eq!(
        (
            shadowed::asynchronous_blocking(1),
            shadowed::synchronous_blocking(1, "a")
        ),
        (Some(2), 2)
    );
    assert_eq!(
        (
            shadowed::either_blocking(1),
            shadowed::boxed_blocking("a"),
            shadowed::continued(1)
        ),
        (2, 1, 1)
    );
    drop(shadowed::never());
}

smart_fn!(
    // The arguments have names that the expansion uses for itself.
    async fn own_names(result: u32, argument: u32, body: u32, route: u32, arguments: u32) -> u32 {
        result + argument + body + route + arguments
    }

    fn sync_own_names(result: u32, argument: &str, body: u32, route: u32, arguments: &u32) -> u32 {
        result + argument.len() as u32 + body + route + arguments
    }

    #[maybe_async]
    async fn maybe_own_names(route: u32, value: u32, plan: u32) -> u32 {
        let sum = smart_await!(async { route + value });
        sum + smart_await!(plan)
    }

    fn sync_patterns(argument: u32, (a, _): (u32, u32), _: u32, (b, _): (u32, u32)) -> u32 {
        argument + a + b
    }
);

#[test]
fn names_inside_the_expansion_do_not_collide_with_names_of_the_user() {
    assert_both!(own_names(1, 2, 3, 4, 5), 15);
    assert_both!(sync_own_names(1, "ab", 3, 4, &5), 15);
    assert_both!(maybe_own_names(1, 2, 3), 6);
    assert_both!(sync_patterns(1, (2, 0), 0, (3, 0)), 6);
}
