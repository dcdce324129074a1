//! `smart_continuation!`.

/// Applies a function to a value: at once where the value is plain, in a [`Call`](crate::Call) where it is a future.
///
/// # Syntax
///
/// ```text
/// smart_continuation!( value, function (, argument)* )
/// ```
///
/// Gives `function(value, argument, …)` for a plain value, and for a future (up to 8 levels of futures) a call of that, with the value that
/// the future brings. All expressions are evaluated at once, from left to right; the function runs when its value is there.
///
/// # Examples
///
/// ```
/// use smartasync::{block_on, smart_continuation};
///
/// fn add(n: u32, m: u32) -> u32 {
///     n + m
/// }
///
/// assert_eq!(smart_continuation!(1, add, 2), 3);
/// assert_eq!(smart_continuation!(async { 1 }, add, 2).wait(), 3);
/// assert_eq!(block_on(smart_continuation!(async { 1 }, add, 2)), 3);
/// ```
#[macro_export]
macro_rules! smart_continuation {
    ($value:expr, $function:expr $(, $argument:expr)* $(,)?) => {
        match $value {
            value => match $function {
                function => $crate::__smart_continue! { value function bound: [] rest: [$($argument,)*] },
            },
        }
    };
    ($($wrong:tt)*) => {
        ::core::compile_error! { "`smart_continuation!` takes a value, a function and its other arguments: write `smart_continuation!(value, function, argument)`" }
    };
}

/// Binds one argument after the other, each to an `argument` of an expansion of its own.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_continue {
    ($value:ident $function:ident bound: [$($bound:ident)*] rest: [$first:expr, $($rest:tt)*]) => {
        match $first {
            argument => $crate::__smart_continue! { $value $function bound: [$($bound)* argument] rest: [$($rest)*] },
        }
    };
    ($value:ident $function:ident bound: [$($bound:ident)*] rest: []) => {
        $crate::__smart_plan!($value).then($value, move |resolved| $function(resolved, $($bound),*))
    };
}
