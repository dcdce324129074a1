//! The stages of `smart_fn!` that read a signature: generics, result, `where` clause.
//!
//! Angle brackets are no groups to a macro, so [`__smart_generics`] looks for their end through a
//! window of tokens: one arm for each place in the window where the end may be, and a last arm that
//! moves the window on. `$t0 $t1 …` are the tokens before the place.

/// A smart function as [`__smart_items`](crate::__smart_items) found it: `header` is what stands
/// between the name and the body, and `context` has the helper attributes of the block around it.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_function {
    // `#[split(name)]`: a plain pair, as two functions of the halves of a block.
    (
        { body: $body:tt context: [] vis: $vis:tt asyncness: [async] name: $name:tt $($item:tt)* }
        kept: $kept:tt helpers: [[split($to:ident)] $($helper:tt)*]
    ) => {
        $crate::__smart_half! {
            { body: $body context: [async []] vis: $vis asyncness: [async] name: $name $($item)* }
            kept: $kept helpers: [$($helper)*]
        }
        $crate::__smart_half! {
            { body: $body context: [sync []] vis: $vis asyncness: [async] name: $to $($item)* }
            kept: $kept helpers: [$($helper)*]
        }
    };
    ($item:tt kept: $kept:tt helpers: [$first:tt [split($to:ident)] $($helper:tt)*]) => {
        $crate::__smart_function! { $item kept: $kept helpers: [[split($to)] $first $($helper)*] }
    };
    (
        {
            body: $body:tt context: [$($context:tt)*] vis: $vis:tt asyncness: $asyncness:tt
                name: $name:tt
            header: [< $($rest:tt)*]
        }
        kept: $kept:tt helpers: [$($helper:tt)*]
    ) => {
        $crate::__smart_generics! {
            item: {
                helpers: [$($helper)* $($context)*] asyncness: $asyncness maybe: [] twin: []
                    wraps: [] boxed: [] send: []
                body: $body kept: $kept
            }
            vis: $vis name: $name taken: [<] rest: [$($rest)*]
        }
    };
    (
        {
            body: $body:tt context: [$($context:tt)*] vis: $vis:tt asyncness: $asyncness:tt
                name: $name:tt
            header: [$args:tt $($tail:tt)*]
        }
        kept: $kept:tt helpers: [$($helper:tt)*]
    ) => {
        $crate::__smart_signature! {
            item: {
                helpers: [$($helper)* $($context)*] asyncness: $asyncness maybe: [] twin: []
                    wraps: [] boxed: [] send: []
                body: $body kept: $kept
            }
            function: { vis: $vis name: [$name $args] generics: [<>] }
            tail: [$($tail)*] look: [$($tail)*]
        }
    };
}

/// A function without an end: its arguments are there, or not.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_no_body {
    (@ $name:tt $args:tt look: ($($look:tt)*)) => {
        $crate::__smart_error_before_result! {
            { no_body } { vis: [pub(self)] name: [$name $args] generics: [] }
        }
    };
    (@ $name:tt $other:tt look: $look:tt) => {
        $crate::__smart_error_at! { { no_body } [$name $other] }
    };
    ($name:tt $args:tt $($rest:tt)*) => {
        $crate::__smart_no_body! { @ $name $args look: $args }
    };
    ($name:tt) => {
        $crate::__smart_error_at! { { no_arguments } [$name ()] }
    };
}

/// Takes the generics and the arguments off. The end of `<…>` is the `>` or `>>` before the
/// parenthesised arguments.
macro_rules! define_generics {
    ($d:tt $([$($t:ident)*])+ next: [$($n:ident)+]) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_generics {
            $(
                (
                    item: $d item:tt vis: $d vis:tt name: $d name:tt taken: [$d($d taken:tt)*]
                    rest: [$($d $t:tt)* > ($d($d args:tt)*) $d($d tail:tt)*]
                ) => {
                    $crate::__smart_signature! {
                        item: $d item
                        function: {
                            vis: $d vis name: [$d name ($d($d args)*)]
                            generics: [$d($d taken)* $($d $t)* >]
                        }
                        tail: [$d($d tail)*] look: [$d($d tail)*]
                    }
                };
                (
                    item: $d item:tt vis: $d vis:tt name: $d name:tt taken: [$d($d taken:tt)*]
                    rest: [$($d $t:tt)* >> ($d($d args:tt)*) $d($d tail:tt)*]
                ) => {
                    $crate::__smart_signature! {
                        item: $d item
                        function: {
                            vis: $d vis name: [$d name ($d($d args)*)]
                            generics: [$d($d taken)* $($d $t)* >>]
                        }
                        tail: [$d($d tail)*] look: [$d($d tail)*]
                    }
                };
            )+
            (item: $d item:tt vis: $d vis:tt name: $d name:tt taken: [$d($d taken:tt)*]
                rest: [$($d $n:tt)+ $d($d rest:tt)*]) => {
                $crate::__smart_generics! {
                    item: $d item vis: $d vis name: $d name taken: [$d($d taken)* $($d $n)+]
                        rest: [$d($d rest)*]
                }
            };
            (item: $d item:tt vis: $d vis:tt name: $d name:tt $d($d rest:tt)*) => {
                $crate::__smart_no_body! { $d name }
            };
        }
    };
}

with_windows! { { define_generics $ } [] [] a b c e f g h i }

/// Reads what stands after the arguments: `-> Ret` and `where …`. `look` is the same as `tail`,
/// since a type that was read cannot be looked into.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_signature {
    // No result.
    (item: $item:tt function: { $($function:tt)* } tail: [$(where $($bounds:tt)*)?] look: $look:tt)
        => {
        $crate::__smart_helpers! {
            $item { $($function)* ret: [()] bounds: [$($($bounds)*)?] } stated: [()]
        }
    };
    // `-> !` is no type that `Output = …` could name on stable: it is reached through a function
    // pointer.
    (item: $item:tt function: $function:tt tail: [-> ! $($rest:tt)*] look: $look:tt) => {
        $crate::__smart_signature! {
            item: $item function: $function
            tail: [-> <fn() -> ! as $crate::__private::Ret>::Out $($rest)*] look: [-> never]
        }
    };
    // `-> Ret`, `-> Ret where …`; the frequent shapes of results at once. (`impl ::path::Trait`
    // looks like a path.)
    (item: $item:tt function: { $($function:tt)* } tail: [-> $ret:ty $(where $($bounds:tt)*)?]
        look: [-> impl $($look:tt)*]) => {
        $crate::__smart_helpers! {
            $item { $($function)* ret: [$ret] bounds: [$($($bounds)*)?] } stated: []
        }
    };
    (item: $item:tt function: { $($function:tt)* } tail: [-> $ret:ty $(where $($bounds:tt)*)?]
        look: [-> $($t:ident)::+ < impl $($look:tt)*]) => {
        $crate::__smart_helpers! {
            $item { $($function)* ret: [$ret] bounds: [$($($bounds)*)?] } stated: []
        }
    };
    (
        item: $item:tt function: { $($function:tt)* } tail: [-> $ret:ty $(where $($bounds:tt)*)?]
        look: [-> $($t:ident)::+ $(<$($a:ident)::+ $(, $($b:ident)::+)*>)? $(where $($look:tt)*)?]
    ) => {
        $crate::__smart_helpers! {
            $item { $($function)* ret: [$ret] bounds: [$($($bounds)*)?] } stated: [$ret]
        }
    };
    (item: $item:tt function: { $($function:tt)* } tail: [-> $ret:ty $(where $($bounds:tt)*)?]
        look: [-> $($look:tt)*]) => {
        $crate::__smart_borrowed! {
            result look: [$($look)*] __smart_find_impl __smart_borrowed_result
            $item { $($function)* ret: [$ret] bounds: [$($($bounds)*)?] } stated: [$ret]
                look: [$($look)*]
        }
    };
    (item: $item:tt function: $function:tt tail: [$other:tt $($rest:tt)*]
        look: [$same:tt $($look:tt)*]) => {
        $crate::__smart_error_before_result! { { after_arguments $same } $function }
    };
}

/// Looks for a reference inside the type of an argument or a result: `&[&Type]`, `Option<&Type>`,
/// `Cow<'a, Type>`. Hands the state on to the macro `fine`, or to `refused`.
macro_rules! define_borrowed {
    ($d:tt $fine:ident $refused:ident: $([$($place:tt)+] [$($look:tt)*] $then:ident;)+) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_borrowed {
            $(
                ($($place)+ look: [$($look)*] $d $fine:ident $d $refused:ident $d($d state:tt)*) =>
                    {
                    $crate::$d $then! { $d($d state)* }
                };
            )+
        }
    };
}

define_borrowed! { $ fine refused:
    [result] [&'static $($x:tt)*] fine;
    [result] [& $($x:tt)*] refused;
    [argument] [&[&'static $($x:tt)*] $($y:tt)*] fine;
    [argument] [&[& $($x:tt)*] $($y:tt)*] refused;
    [$place:ident] [$($path:ident)::+ <$(&)? 'static $($x:tt)*] fine;
    [$place:ident] [$($path:ident)::+ <& $($x:tt)*] refused;
    [$place:ident] [$($path:ident)::+ <$life:lifetime $($x:tt)*] refused;
    [$place:ident] [$($x:tt)*] fine;
}

/// Refuses a borrowed result, if the function is sync.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_borrowed_result {
    ({ helpers: $h:tt asyncness: [] $($item:tt)* } $function:tt $($state:tt)*) => {
        $crate::__smart_error_in! { { borrowed_result } $function }
    };
    ($($state:tt)*) => { $crate::__smart_find_impl! { $($state)* } };
}

/// Says whether a result type contains `impl Trait`, which can be named in the signature only.
macro_rules! define_find_impl {
    ($d:tt $([$($t:ident)*])+ next: [$($n:ident)+]) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_find_impl {
            $(
                ($d item:tt $d function:tt stated: $d s:tt
                    look: [$($d $t:tt)* impl $d($d rest:tt)*]) => {
                    $crate::__smart_helpers! { $d item $d function stated: [] }
                };
                ($d item:tt $d function:tt stated: $d s:tt
                    look: [$($d $t:tt)* $d(where $d($d rest:tt)*)?]) => {
                    $crate::__smart_helpers! { $d item $d function stated: $d s }
                };
                ($d item:tt $d function:tt stated: $d s:tt
                    look: [$($d $t:tt)* ($d($d inner:tt)*) $d($d rest:tt)*]) => {
                    $crate::__smart_find_impl! {
                        $d item $d function stated: $d s look: [$d($d inner)* $d($d rest)*]
                    }
                };
                ($d item:tt $d function:tt stated: $d s:tt
                    look: [$($d $t:tt)* [$d($d inner:tt)*] $d($d rest:tt)*]) => {
                    $crate::__smart_find_impl! {
                        $d item $d function stated: $d s look: [$d($d inner)* $d($d rest)*]
                    }
                };
            )+
            ($d item:tt $d function:tt stated: $d s:tt look: [$($d $n:tt)+ $d($d rest:tt)*]) => {
                $crate::__smart_find_impl! {
                    $d item $d function stated: $d s look: [$d($d rest)*]
                }
            };
        }
    };
}

with_windows! { { define_find_impl $ } [] [] a b c e f g h i }
