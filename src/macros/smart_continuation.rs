//! `smart_continuation!`.

/// Applies a function to a value: at once where the value is plain, in a [`Call`](crate::Call)
/// where it is a future.
///
/// # Syntax
///
/// ```text
/// smart_continuation!( value, function (, argument)* )
/// ```
///
/// Gives `function(value, argument, …)` for a plain value, and for a future (up to 8 levels of
/// futures) a call of that, with the value that the future brings. All expressions are evaluated at
/// once, from left to right; the function runs when its value is there. `.wait()` on a continuation
/// of a smart call runs that call here, as its own `.wait()` would; of any future, it runs the
/// function here, as sync code.
///
/// The function may be anything that can be called once. A closure that is written here, or in a
/// block `{ … }`, with up to 8 further arguments, needs no types for its parameters and takes what
/// it is given as it is, as in [`Option::map`]. Any other function is called as elsewhere: a
/// `&String` is coerced to a `&str`, and a closure from elsewhere has to be told the types of its
/// parameters. The type of the value must be known where the macro stands (`text.parse::<u32>()`,
/// say); a value of a generic type without an `IntoFuture` bound is plain.
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
///
/// let mut log = vec![];
/// smart_continuation!(async { "text" }, |text| log.push(text.len())).wait();
/// assert_eq!(log, [4]);
/// ```
#[macro_export]
macro_rules! smart_continuation {
    ($value:expr, $($function:tt)+) => {
        $crate::__smart_continue! { [$value, $($function)+] $($function)+ }
    };
    ($($wrong:tt)*) => {
        ::core::compile_error! {
            "`smart_continuation!` takes a value, a function and its other arguments: \
             write `smart_continuation!(value, function, argument)`"
        }
    };
}

/// Tells a closure that stands here, or in a block, from another function by how it begins.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_continue {
    ([$($all:tt)*] | $($closure:tt)*) => {
        $crate::__smart_pass! { $($all)* }
    };
    ([$($all:tt)*] move $($closure:tt)*) => {
        $crate::__smart_pass! { $($all)* }
    };
    ([$($all:tt)*] async $($closure:tt)*) => {
        $crate::__smart_pass! { $($all)* }
    };
    ([$($all:tt)*] { $($block:tt)* } $($arguments:tt)*) => {
        $crate::__smart_pass! { $($all)* }
    };
    ([$value:expr, $function:expr $(, $argument:expr)* $(,)?] $($again:tt)*) => {
        $crate::__smart_call! { ($value) ($function) arguments: [] rest: [$($argument,)*] }
    };
    ($($wrong:tt)*) => {
        $crate::smart_continuation! {}
    };
}

/// Passes a closure and its arguments to the method that takes as many.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_pass {
    ([$then:ident $($more:ident)*] $value:tt $closure:tt $arguments:tt
        rest: [$first:tt $($rest:tt)*]) => {
        $crate::__smart_pass! { [$($more)*] $value $closure $arguments rest: [$($rest)*] }
    };
    ([$then:ident $($more:ident)*] ($value:expr) ($closure:expr) [$($argument:expr,)*] rest: []) =>
        {
        $crate::__smart_hold!($value).$then($closure, $($argument),*)
    };
    ([] $value:tt $closure:tt $arguments:tt rest: $rest:tt) => {
        $crate::__smart_call! { $value $closure arguments: [] rest: $arguments }
    };
    ($value:expr, $closure:expr $(, $argument:expr)* $(,)?) => {
        $crate::__smart_pass! {
            [then0 then1 then2 then3 then4 then5 then6 then7 then8] ($value) ($closure)
                [$($argument,)*] rest: [$(($argument))*]
        }
    };
    ($($wrong:tt)*) => {
        $crate::smart_continuation! {}
    };
}

/// Calls the function in a closure, so that its arguments are coerced: each is bound to an
/// `argument` of an expansion of its own. A `match` would drop the temporaries of the arguments too
/// early.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_call {
    ($value:tt $function:tt arguments: [$($bound:tt)*] rest: [$first:expr, $($rest:tt)*]) => {
        $crate::__smart_call! { $value $function arguments: [$($bound)* (argument $first)]
            rest: [$($rest)*] }
    };
    (($value:expr) ($function:expr) arguments: [$(($bound:ident $argument:expr))*] rest: []) => {
        $crate::__smart_hold!($value).then1(|resolved, (mut function, $($bound,)*)|
            function(resolved, $($bound),*), ($function, $($argument,)*))
    };
}

/// Takes hold of a value, or of the future that it is.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_hold {
    ($value:expr) => {
        match $value {
            value => {
                use $crate::__private::Held as _;
                $crate::__smart_plan!(value).hold(value).held()
            }
        }
    };
}
