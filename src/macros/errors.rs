//! What a user reads who has written something that `smart_fn!` does not take: one sentence each.

/// Every mistake that the stages of `smart_fn!` find.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_error {
    (const) => {
        ::core::compile_error! { "a smart function cannot be `const`, because it returns a call that runs later: write `fn` or `async fn`" }
    };
    (unsafe) => {
        ::core::compile_error! {
            "a smart function cannot be `unsafe`, because its body runs after the call was made: write a safe function with an `unsafe` block in it"
        }
    };
    (extern) => {
        ::core::compile_error! {
            "a smart function cannot be `extern`, because its result has no C type: write `fn` or `async fn`, and call it from an `extern` function with `.wait()`"
        }
    };
    (not_a_function $other:tt) => {
        ::core::compile_error! { ::core::concat!("`smart_fn!` takes functions only, but found `", ::core::stringify!($other), "`: write `fn` or `async fn`") }
    };
    (nothing_after_attributes) => {
        ::core::compile_error! { "the attributes in `smart_fn!` belong to nothing: write a function after them" }
    };
    (no_arguments) => {
        ::core::compile_error! { "a smart function has arguments in parentheses after its name and generics: write `fn name<…>(…)`" }
    };
    (no_body) => {
        ::core::compile_error! { "a smart function ends with a body, or in a trait or with `#[wraps(…)]` with `;`: write one of them" }
    };
    (after_arguments $other:tt) => {
        ::core::compile_error! {
            ::core::concat!("found `", ::core::stringify!($other), "` after the arguments of a smart function: write `-> Type`, `where …`, a body or `;`")
        }
    };
    (attribute $name:ident) => {
        ::core::compile_error! {
            ::core::concat!("`#[", ::core::stringify!($name), "]` takes no arguments and stands once on a function: write `#[", ::core::stringify!($name), "]`")
        }
    };
    (blocking) => {
        ::core::compile_error! { "`#[blocking]` needs the name of the blocking twin, and stands once on a function: write `#[blocking(name)]`" }
    };
    (wraps) => {
        ::core::compile_error! { "`#[wraps]` needs the path of a function, and stands once: write `#[wraps(path::to::function)]`" }
    };
    (no_pool) => {
        ::core::compile_error! {
            "a sync smart function runs on the offload pool when it is awaited, and without the feature `std` there is none: write `#[maybe_async] async fn`"
        }
    };
    (wraps_body) => {
        ::core::compile_error! { "a function with `#[wraps(…)]` has no body of its own: end it with `;`, or remove the attribute" }
    };
    (maybe_sync) => {
        ::core::compile_error! { "`#[maybe_async]` compiles an `async fn` as sync code too: write `async fn`, or remove the attribute" }
    };
    (maybe_wraps) => {
        ::core::compile_error! { "`#[maybe_async]` needs a body to compile twice: write one that calls the wrapped function, or remove the attribute" }
    };
    (mutable $name:tt) => {
        ::core::compile_error! {
            ::core::concat!(
                "a sync smart function cannot take `&mut` as `", ::core::stringify!($name),
                "` does, because its arguments travel to another thread when it is awaited: write `#[maybe_async] async fn`, or take the value and return it"
            )
        }
    };
    (borrowed_result $name:ident) => {
        ::core::compile_error! {
            ::core::concat!(
                "the sync smart function `", ::core::stringify!($name),
                "` cannot return a reference, because its arguments travel to another thread when it is awaited: write `#[maybe_async] async fn`, or return something owned"
            )
        }
    };
    (argument $other:tt) => {
        ::core::compile_error! {
            ::core::concat!("found `", ::core::stringify!($other), "` where a smart function has an argument: write `name: Type`")
        }
    };
}
