//! The stage of `smart_fn!` for `#[boxed]`: a type with a name, and one lifetime for all references.

/// Without an allocator there is no box.
#[cfg(not(feature = "alloc"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_boxed {
    ($call:ident $finish:ident body: $b:tt receiver: $r:tt code: $c:tt given: $g:tt
        item: { function: $function:tt $($item:tt)* }) => {
        $crate::__smart_error_in! { { no_box } $function }
    };
}

/// Gives a function the lifetime `'smart`, and the type of a boxed call. First collects the types
/// that have to outlive `'smart` by a bound: those of the arguments of a method, since they may be of
/// the trait or the `impl`. A function without `self` mostly has no other types than its own.
#[cfg(feature = "alloc")]
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_boxed {
    (
        $call:ident $finish:ident body: $body:tt receiver: $receiver:tt code: $code:tt
        given: { passed: $passed:tt travel: $travel:tt boxed: { parameters: $p:tt outlive: $o:tt } }
        item: { function: $function:tt $($item:tt)* }
    ) => {
        $crate::__smart_boxed! {
            receiver: $receiver travel: $travel parameters: $p types: []
            function: $function
            state: {
                receiver: $receiver parameters: $p outlive: $o output: [$call $finish]
                body: $body code: $code given: { passed: $passed travel: $travel }
                item: { $($item)* }
            }
        }
    };
    (receiver: [] travel: [$($travel:tt)+] parameters: $p:tt $($state:tt)*) => {
        $crate::__smart_boxed! { receiver: [] travel: [] parameters: [] $($state)* }
    };
    (receiver: $receiver:tt travel: [([] $n:tt $own:tt) $($travel:tt)*]
        parameters: [$name:tt: $t:ty, $($more:tt)*] types: [$($types:tt)*] $($state:tt)*) => {
        $crate::__smart_boxed! { receiver: $receiver travel: [$($travel)*] parameters: [$($more)*]
            types: [$($types)* $t: 'smart,] $($state)* }
    };
    (receiver: $receiver:tt travel: [$other:tt $($travel:tt)*]
        parameters: [$name:tt: $t:ty, $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_boxed! { receiver: $receiver travel: [$($travel)*] parameters: [$($more)*]
            $($state)* }
    };
    (
        receiver: $receiver:tt travel: [] parameters: [] types: $types:tt
        function: { vis: $vis:tt name: $name:tt generics: [< $($generics:tt)*] $($function:tt)* }
        state: { $($state:tt)* }
    ) => {
        $crate::__smart_parameters! {
            rest: [$($generics)*] depth: [] names: [] types: [] lifetimes: []
                then: __smart_boxed_output
            state: {
                bounds: $types
                function: { vis: $vis name: $name generics: [<'smart, $($generics)*] $($function)* }
                $($state)*
            }
        }
    };
}

/// The last step of [`__smart_boxed`]: every lifetime and type of the function's own outlives
/// `'smart`, and every lifetime that an argument names.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_boxed_output {
    (
        names: $n:tt types: [$($type:ident)*] lifetimes: [$($lifetime:lifetime)*]
        state: {
            bounds: [$($types:tt)*]
            function: { vis: $vis:tt name: $name:tt generics: $generics:tt ret: [$ret:ty]
                bounds: [$($bounds:tt)*] }
            receiver: [$($by:ident $this:tt $declared:tt $boxed:tt [$($itself:tt)*])?]
            parameters: $parameters:tt outlive: [$($outlive:tt)*]
            output: [$call:ident $finish:ident] body: $body:tt code: $code:tt given: $given:tt
            item: { kept: [$($kept:tt)*] named: $fn:tt output: $o:tt parameters: $p:tt }
        }
    ) => {
        $crate::__smart_choose! {
            body: $body wraps: [] twin: [] boxed: [] send: [] receiver: [$($by $this $boxed)?]
            code: $code given: $given
            item: {
                function: {
                    vis: $vis name: $name generics: $generics ret: [$ret]
                    bounds: [
                        'smart: 'smart, $($lifetime: 'smart,)* $($type: 'smart,)*
                        $($($itself)*)? $($outlive)* $($types)* $($bounds)*
                    ]
                }
                kept: [
                    #[allow(
                        clippy::multiple_bound_locations, unknown_lints,
                        renamed_and_removed_lints, elided_named_lifetimes,
                        mismatched_lifetime_syntaxes,
                        reason = "the result shares one lifetime with what it borrows"
                    )]
                    $($kept)*
                ]
                named: $fn output: [[$crate::$call<'smart, $ret>] $crate::Call::$finish]
                parameters: $parameters
            }
        }
    };
}
