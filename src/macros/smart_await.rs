//! `smart_await!`, in its two meanings: in async code, and in the sync copy of a `#[maybe_async]`
//! body.

/// Resolves a value, a future, or a future of a future …, to its plain value. The only await in a
/// `#[maybe_async]` body.
///
/// # Syntax
///
/// ```text
/// smart_await!( Expression )
/// smart_await!( sync => Expression, async => Expression )
/// ```
///
/// `smart_await!(e)` takes a plain value, a future, anything that is
/// [`IntoFuture`](core::future::IntoFuture), or futures of those, up to 8 levels deep; deeper is a
/// compile-time error. Types alone decide, at compile time, and nothing is allocated. A value of a
/// generic type without an `IntoFuture` bound is plain. The type must be known where it stands:
/// write `smart_await!(parse::<u8>())`, where `.await` could infer the type from what is done with
/// the result.
///
/// Import it, or call it as `smartasync::smart_await!`: in the sync copy of a `#[maybe_async]` body
/// these two names mean another macro. There a smart call is not awaited but run here, directly;
/// any other future is waited for on this thread's loop. A smart call inside that future, one
/// that is passed to a combinator, or returned by a closure, is awaited and runs its async copy.
/// Give those an `async` block with `smart_await!` in it: such a block is a part of the sync copy,
/// and may wait as that may.
///
/// `smart_await!(sync => a, async => b)`, in either order, is `a` in that sync copy, and `b`,
/// awaited, in async code. The other side is not compiled there, so a variable that only one of
/// them uses is unused in the other copy: declare it in that side.
///
/// # Examples
///
/// ```
/// use smartasync::{block_on, smart_await};
///
/// block_on(async {
///     assert_eq!(smart_await!(1), 1);
///     assert_eq!(smart_await!(async { 2 }), 2);
///     assert_eq!(smart_await!(async { async { 3 } }), 3);
/// });
/// ```
#[macro_export]
macro_rules! smart_await {
    (sync => $sync:expr, async => $async:expr $(,)?) => {
        $async.await
    };
    (async => $async:expr, sync => $sync:expr $(,)?) => {
        $async.await
    };
    // `value` is out of scope when the future is awaited, or it would have a second place in the future around it.
    ($value:expr $(,)?) => {
        (match $value {
            value => $crate::__smart_plan!(value).resolve_async(value),
        })
        .await
    };
    // The known mistakes. There is no arm for all others, since an editor would take it for an
    // expression that is not finished.
    () => {
        $crate::__smart_await_error! {}
    };
    (sync => $($value:expr),* $(,)?) => {
        $crate::__smart_await_error! {}
    };
    (async => $($value:expr),* $(,)?) => {
        $crate::__smart_await_error! {}
    };
    ($value:expr, $($more:tt)+) => {
        $crate::__smart_await_error! {}
    };
}

/// `smart_await!` in the sync copy of a `#[maybe_async]` body.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_await_sync {
    // A `();` would be a statement without effect, to clippy.
    (sync => (), async => $async:expr $(,)?) => {{}};
    (async => $async:expr, sync => () $(,)?) => {{}};
    (sync => $sync:expr, async => $async:expr $(,)?) => {
        $sync
    };
    (async => $async:expr, sync => $sync:expr $(,)?) => {
        $sync
    };
    ($value:expr $(,)?) => {
        match $value {
            value => {
                use $crate::__private::SyncStep as _;
                // Eight steps for futures, and one that finds the plain value at the end.
                $crate::__private::Probe::of(&value)
                    .sync_step()
                    .sync_step()
                    .sync_step()
                    .sync_step()
                    .sync_step()
                    .sync_step()
                    .sync_step()
                    .sync_step()
                    .sync_step()
                    .resolve_sync(value)
            }
        }
    };
    // The known mistakes, whose error the async copy has.
    () => {
        loop {}
    };
    (sync => $($value:expr),* $(,)?) => {
        loop {}
    };
    (async => $($value:expr),* $(,)?) => {
        loop {}
    };
    ($value:expr, $($more:tt)+) => {
        loop {}
    };
}

/// `smart_await!` in the sync half of a split: the expression itself.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_await_split_sync {
    (sync => (), async => $async:expr $(,)?) => {{}};
    (async => $async:expr, sync => () $(,)?) => {{}};
    (sync => $sync:expr, async => $async:expr $(,)?) => {
        $sync
    };
    (async => $async:expr, sync => $sync:expr $(,)?) => {
        $sync
    };
    ($value:expr $(,)?) => {
        $value
    };
    () => {
        loop {}
    };
    (sync => $($value:expr),* $(,)?) => {
        loop {}
    };
    (async => $($value:expr),* $(,)?) => {
        loop {}
    };
    ($value:expr, $($more:tt)+) => {
        loop {}
    };
}

/// `smart_await!` in the async half of a split: the expression, awaited.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_await_split_async {
    (sync => $sync:expr, async => $async:expr $(,)?) => {
        $async.await
    };
    (async => $async:expr, sync => $sync:expr $(,)?) => {
        $async.await
    };
    ($value:expr $(,)?) => {
        $value.await
    };
    () => {
        $crate::__smart_await_error! {}
    };
    (sync => $($value:expr),* $(,)?) => {
        $crate::__smart_await_error! {}
    };
    (async => $($value:expr),* $(,)?) => {
        $crate::__smart_await_error! {}
    };
    ($value:expr, $($more:tt)+) => {
        $crate::__smart_await_error! {}
    };
}

/// The error of a `smart_await!` that is none.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_await_error {
    () => {
        ::core::compile_error! {
            "`smart_await!` takes one expression, or one for each world: \
write `smart_await!(sync => a, async => b)`"
        }
    };
}

/// The plan for a value in async code.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_plan {
    ($value:ident) => {{
        use $crate::__private::ChoosePlan as _;
        (&&$crate::__private::Value(&$value)).choose_plan()
    }};
}
