//! The stages of `smart_fn!` that read a signature: generics, result, `where` clause.
//!
//! Angle brackets are no groups to a macro, so [`__smart_generics`] looks for their end through a
//! window of tokens: one arm for each place in the window where the end may be, and a last arm that
//! moves the window on. `$t0 $t1 …` are the tokens before the place.

/// A smart function as [`__smart_items`](crate::__smart_items) found it: `header` is what stands
/// between the name and the body. `context` has the helper attributes of the block around it.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_function {
    (
        body: $body:tt context: { $($context:tt)* } attributes: [$($attributes:tt)*] vis: $vis:tt
        asyncness: $asyncness:tt name: $name:tt header: [< $($rest:tt)*]
    ) => {
        $crate::__smart_generics! {
            head: {
                body: $body attributes: [$($attributes)* $($context)*] vis: $vis asyncness: $asyncness
            }
            name: $name taken: [<] rest: [$($rest)*]
        }
    };
    (
        body: $body:tt context: { $($context:tt)* } attributes: [$($attributes:tt)*] vis: $vis:tt
        asyncness: $asyncness:tt name: $name:tt header: [$args:tt $($tail:tt)*]
    ) => {
        $crate::__smart_signature! {
            item: {
                body: $body attributes: [$($attributes)* $($context)*] vis: $vis asyncness: $asyncness
                name: [$name $args] generics: []
            }
            tail: [$($tail)*] look: [$($tail)*]
        }
    };
    (
        body: $body:tt context: $c:tt attributes: $a:tt vis: $v:tt
        asyncness: $asyncness:tt name: $name:tt header: []
    ) => {
        $crate::__smart_error_at! { [$name ()] { no_arguments $name } }
    };
}

/// A function without an end: its arguments are there, or not.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_no_body {
    (
        attributes: $a:tt vis: $v:tt asyncness: $asyncness:tt name: $name:tt
        header: [$args:tt $($rest:tt)*]
    ) => {
        $crate::__smart_error_at! { [$name $args] { no_body $name } }
    };
}

/// Finds the end of `<…>`: the `>` or `>>` before the parenthesised arguments.
macro_rules! define_generics {
    ($d:tt $([$($t:ident)*])+ next: [$($n:ident)+]) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_generics {
            $(
                (
                    head: { $d($d head:tt)* } name: $d name:tt taken: [$d($d taken:tt)*]
                    rest: [$($d $t:tt)* > ($d($d args:tt)*) $d($d tail:tt)*]
                ) => {
                    $crate::__smart_signature! {
                        item: {
                            $d($d head)* name: [$d name ($d($d args)*)]
                            generics: [$d($d taken)* $($d $t)* >]
                        }
                        tail: [$d($d tail)*] look: [$d($d tail)*]
                    }
                };
                (
                    head: { $d($d head:tt)* } name: $d name:tt taken: [$d($d taken:tt)*]
                    rest: [$($d $t:tt)* >> ($d($d args:tt)*) $d($d tail:tt)*]
                ) => {
                    $crate::__smart_signature! {
                        item: {
                            $d($d head)* name: [$d name ($d($d args)*)]
                            generics: [$d($d taken)* $($d $t)* >>]
                        }
                        tail: [$d($d tail)*] look: [$d($d tail)*]
                    }
                };
            )+
            (head: $d head:tt name: $d name:tt taken: [$d($d taken:tt)*] rest: [$($d $n:tt)+ $d($d rest:tt)*]) => {
                $crate::__smart_generics! {
                    head: $d head name: $d name taken: [$d($d taken)* $($d $n)+] rest: [$d($d rest)*]
                }
            };
            (head: $d head:tt name: $d name:tt taken: $d taken:tt rest: $d rest:tt) => {
                $crate::__smart_error_at! { [$d name ()] { no_arguments $d name } }
            };
        }
    };
}

define_generics! { $
    [] [a] [a b] [a b c] [a b c e] [a b c e f] [a b c e f g] [a b c e f g h] next: [a b c e f g h i]
}

/// Reads what stands after the arguments: `-> Ret` and `where …`. `look` is the same as `tail`,
/// since a type that was read cannot be looked into.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_signature {
    // No result.
    (item: $item:tt tail: [] look: $look:tt) => {
        $crate::__smart_sort! { item: $item ret: [()] bounds: [] opaque: [no] }
    };
    (item: $item:tt tail: [where $($bounds:tt)*] look: $look:tt) => {
        $crate::__smart_sort! { item: $item ret: [()] bounds: [$($bounds)*] opaque: [no] }
    };
    // `-> !` is no type that `Output = …` could name on stable: it is reached through a function pointer.
    (item: $item:tt tail: [-> ! $(where $($bounds:tt)*)?] look: $look:tt) => {
        $crate::__smart_sort! {
            item: $item ret: [<fn() -> ! as $crate::__private::Ret>::Out] bounds: [$($($bounds)*)?]
            opaque: [no]
        }
    };
    // `-> Ret`, `-> Ret where …`
    (item: $item:tt tail: [-> $ret:ty $(where $($bounds:tt)*)?] look: [-> $($look:tt)*]) => {
        $crate::__smart_borrowed! {
            item: $item ret: [$ret] bounds: [$($($bounds)*)?] look: [$($look)*]
        }
    };
    (
        item: { body: $b:tt attributes: $a:tt vis: $v:tt asyncness: $s:tt name: $name_and_args:tt $($i:tt)* }
        tail: [$other:tt $($rest:tt)*] look: [$same:tt $($look:tt)*]
    ) => {
        $crate::__smart_error_after! { $name_and_args $same }
    };
}

/// The error of a token that stands after the arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_error_after {
    ([$name:tt $args:tt] $other:tt) => {
        $crate::__smart_error_at! { [$name $args] { after_arguments $other $name } }
    };
}

/// Refuses a borrowed result of a sync function: `-> &Type`, `-> Option<&Type>`, `-> Cow<'a, Type>`.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_borrowed {
    (item: { body: $body:tt attributes: $a:tt vis: $v:tt asyncness: [async] $($i:tt)* } $($state:tt)*) => {
        $crate::__smart_find_impl! {
            item: { body: $body attributes: $a vis: $v asyncness: [async] $($i)* } $($state)*
        }
    };
    (item: $item:tt ret: $ret:tt bounds: $bounds:tt look: [&'static $($look:tt)*]) => {
        $crate::__smart_find_impl! { item: $item ret: $ret bounds: $bounds look: [$($look)*] }
    };
    (item: $item:tt ret: $ret:tt bounds: $bounds:tt look: [$($t:ident)::+ <$(&)? 'static $($look:tt)*]) => {
        $crate::__smart_find_impl! { item: $item ret: $ret bounds: $bounds look: [$($look)*] }
    };
    (item: $item:tt ret: $ret:tt bounds: $bounds:tt look: [& $($look:tt)*]) => {
        $crate::__smart_refuse_signature! { item: $item ret: $ret bounds: $bounds error: borrowed_result }
    };
    (item: $item:tt ret: $ret:tt bounds: $bounds:tt look: [$($t:ident)::+ <& $($look:tt)*]) => {
        $crate::__smart_refuse_signature! { item: $item ret: $ret bounds: $bounds error: borrowed_result }
    };
    (item: $item:tt ret: $ret:tt bounds: $bounds:tt look: [$($t:ident)::+ <$life:lifetime $($look:tt)*]) => {
        $crate::__smart_refuse_signature! { item: $item ret: $ret bounds: $bounds error: borrowed_result }
    };
    ($($state:tt)*) => { $crate::__smart_find_impl! { $($state)* } };
}

/// An error about a function's result, which keeps the signature for its callers.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_refuse_signature {
    (
        item: {
            body: $b:tt attributes: $a:tt vis: $vis:tt asyncness: $s:tt name: [$name:tt $args:tt]
            generics: $generics:tt
        }
        ret: $ret:tt bounds: $bounds:tt error: $error:ident
    ) => {
        $crate::__smart_error_in! {
            vis: $vis name: [$name $args] generics: $generics ret: $ret bounds: $bounds
            error: { $error $name }
        }
    };
}

/// Says whether a result type contains `impl Trait`, which can be named in the signature only.
macro_rules! define_find_impl {
    ($d:tt $([$($t:ident)*])+ next: [$($n:ident)+]) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_find_impl {
            $(
                (item: $d item:tt ret: $d r:tt bounds: $d b:tt look: [$($d $t:tt)* impl $d($d rest:tt)*]) => {
                    $crate::__smart_sort! { item: $d item ret: $d r bounds: $d b opaque: [yes] }
                };
                (item: $d item:tt ret: $d r:tt bounds: $d b:tt look: [$($d $t:tt)* $d(where $d($d rest:tt)*)?]) => {
                    $crate::__smart_sort! { item: $d item ret: $d r bounds: $d b opaque: [no] }
                };
                (item: $d item:tt ret: $d r:tt bounds: $d b:tt look: [$($d $t:tt)* ($d($d inner:tt)*) $d($d rest:tt)*]) => {
                    $crate::__smart_find_impl! {
                        item: $d item ret: $d r bounds: $d b look: [$d($d inner)* $d($d rest)*]
                    }
                };
                (item: $d item:tt ret: $d r:tt bounds: $d b:tt look: [$($d $t:tt)* [$d($d inner:tt)*] $d($d rest:tt)*]) => {
                    $crate::__smart_find_impl! {
                        item: $d item ret: $d r bounds: $d b look: [$d($d inner)* $d($d rest)*]
                    }
                };
            )+
            (item: $d item:tt ret: $d r:tt bounds: $d b:tt look: [$($d $n:tt)+ $d($d rest:tt)*]) => {
                $crate::__smart_find_impl! { item: $d item ret: $d r bounds: $d b look: [$d($d rest)*] }
            };
        }
    };
}

define_find_impl! { $
    [] [a] [a b] [a b c] [a b c e] [a b c e f] [a b c e f g] [a b c e f g h] next: [a b c e f g h i]
}
