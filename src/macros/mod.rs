//! The macros. Their helpers are exported too, since a macro can only call what its user's crate
//! can see; their names start with `__smart_`.

/// Calls `then` with the windows of a macro that looks at a few tokens at a time: for `a b c` with
/// `[] [a] [a b] next: [a b c]`, which are the tokens before each place, and all of them.
macro_rules! with_windows {
    ($then:tt [$($done:tt)*] [$($before:ident)*] $next:ident $($more:ident)*) => {
        with_windows! { $then [$($done)* [$($before)*]] [$($before)* $next] $($more)* }
    };
    ({ $then:ident $($arguments:tt)* } [$($done:tt)*] $all:tt) => {
        $then! { $($arguments)* $($done)* next: $all }
    };
}

mod arguments;
mod attributes;
mod blocks;
mod boxed;
mod choose;
mod errors;
mod items;
mod signature;
mod smart_await;
mod smart_continuation;
mod smart_fn;
mod split;
