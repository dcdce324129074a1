//! The stages of `smart_fn!` that read a signature: generics, result, `where` clause.
//!
//! Angle brackets are no groups to a macro, so their end has to be searched for. Each search looks
//! at a window of tokens: one arm for each place in the window where the end may be, and a last arm
//! that moves the window on. That keeps the depth of recursion a fraction of the number of tokens.
//! `$t0 $t1 …` are the tokens before the place.
//!
//! A lifetime has an arm of its own before each arm with `$body:block`: if it came as a `lifetime`
//! fragment of a user's own macro, the compiler would take it for the label of a block.

/// Finds the end of `<…>`: the `>` or `>>` before the parenthesised arguments.
macro_rules! define_generics {
    ($d:tt $([$($t:ident)*])+ next: [$($n:ident)+]) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_generics {
            $(
                (head: $d head:tt name: $d name:tt taken: [$d($d taken:tt)*] rest: [$($d $t:tt)* > ($d($d args:tt)*) $d($d tail:tt)*]) => {
                    $crate::__smart_result! {
                        item: { head: $d head name: [$d name ($d($d args)*)] generics: [$d($d taken)* $($d $t)* >] } tail: [$d($d tail)*] copy: [$d($d tail)*]
                    }
                };
                (head: $d head:tt name: $d name:tt taken: [$d($d taken:tt)*] rest: [$($d $t:tt)* >> ($d($d args:tt)*) $d($d tail:tt)*]) => {
                    $crate::__smart_result! {
                        item: { head: $d head name: [$d name ($d($d args)*)] generics: [$d($d taken)* $($d $t)* >>] } tail: [$d($d tail)*] copy: [$d($d tail)*]
                    }
                };
            )+
            (head: $d head:tt name: $d name:tt taken: [$d($d taken:tt)*] rest: [$($d $n:tt)+ $d($d rest:tt)*]) => {
                $crate::__smart_generics! { head: $d head name: $d name taken: [$d($d taken)* $($d $n)+] rest: [$d($d rest)*] }
            };
            (head: $d head:tt name: $d name:tt taken: $d taken:tt rest: [$d($d rest:tt)*]) => {
                $crate::__smart_refuse! { { no_arguments $d name } rest: [fn $d name $d($d rest)*] }
            };
        }
    };
}

define_generics! { $ [] [a] [a b] [a b c] [a b c e] [a b c e f] [a b c e f g] [a b c e f g h] next: [a b c e f g h i] }

/// Reads `-> Ret`, and all the rest where there is no `where` clause. `copy` is the same as `tail`,
/// to be searched for `impl` later: a type that has been read cannot be looked into.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_result {
    // `-> !` is no type that `Output = …` could name on stable: it is reached through a function pointer.
    (item: { $($item:tt)* } tail: [-> ! where $($rest:tt)*] copy: $copy:tt) => {
        $crate::__smart_where! {
            item: { $($item)* ret: [<fn() -> ! as $crate::__private::Ret>::Out] tail: [;] } taken: [] rest: [$($rest)*]
        }
    };
    (item: { $($item:tt)* } tail: [-> ! $($rest:tt)*] copy: $copy:tt) => {
        $crate::__smart_where! {
            item: { $($item)* ret: [<fn() -> ! as $crate::__private::Ret>::Out] tail: [;] } taken: [] rest: [$($rest)*]
        }
    };
    // `-> Ret where …`
    (item: { $($item:tt)* } tail: [-> $ret:ty where $($rest:tt)*] copy: $copy:tt) => {
        $crate::__smart_where! { item: { $($item)* ret: [$ret] tail: $copy } taken: [] rest: [$($rest)*] }
    };
    // `-> Ret;`
    (item: { $($item:tt)* } tail: [-> $ret:ty; $($($next:tt)+)?] copy: $copy:tt) => {
        $crate::__smart_whole! { item: { $($item)* ret: [$ret] tail: $copy } bounds: [] body: [] } $($crate::__smart_items! { $($next)+ })?
    };
    // `-> Ret { … }`
    (item: { $($item:tt)* } tail: [-> $ret:ty $body:block $($($next:tt)+)?] copy: $copy:tt) => {
        $crate::__smart_whole! { item: { $($item)* ret: [$ret] tail: $copy } bounds: [] body: [$body] } $($crate::__smart_items! { $($next)+ })?
    };
    // No result: `where …`, `;` or `{ … }`
    (item: { $($item:tt)* } tail: [where $($rest:tt)*] copy: $copy:tt) => {
        $crate::__smart_where! { item: { $($item)* ret: [()] tail: [;] } taken: [] rest: [$($rest)*] }
    };
    (item: { $($item:tt)* } tail: [; $($($next:tt)+)?] copy: $copy:tt) => {
        $crate::__smart_whole! { item: { $($item)* ret: [()] tail: [;] } bounds: [] body: [] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: { $($item:tt)* } tail: [$body:block $($($next:tt)+)?] copy: $copy:tt) => {
        $crate::__smart_whole! { item: { $($item)* ret: [()] tail: [;] } bounds: [] body: [$body] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: { head: $h:tt name: [$name:tt { $($body:tt)* }] $($i:tt)* } tail: $tail:tt copy: $c:tt) => {
        $crate::__smart_refuse! { { no_arguments $name } rest: [fn $name { $($body)* }] }
    };
    (item: { head: $h:tt name: [$name:tt ;] $($i:tt)* } tail: $tail:tt copy: $c:tt) => {
        $crate::__smart_refuse! { { no_arguments $name } rest: [] }
    };
    (item: { head: $h:tt name: [$name:tt $args:tt] $($i:tt)* } tail: [] copy: $c:tt) => { $crate::__smart_error_at! { [$name $args] { no_body $name } } };
    (item: { head: $h:tt name: [$name:tt $args:tt] $($i:tt)* } tail: [-> $ret:ty] copy: $c:tt) => {
        $crate::__smart_error_at! { [$name $args] { no_body $name } }
    };
    (item: { head: $h:tt name: [$name:tt ($($args:tt)*)] $($i:tt)* } tail: [$other:tt $($rest:tt)*] copy: $c:tt) => {
        $crate::__smart_refuse! { { after_arguments $other $name } rest: [fn $name $other $($rest)*] }
    };
    // What stands in the place of the arguments is something else.
    (item: { head: $h:tt name: [$name:tt $args:tt] $($i:tt)* } tail: [$($rest:tt)*] copy: $c:tt) => {
        $crate::__smart_refuse! { { no_arguments $name } rest: [fn $name $args $($rest)*] }
    };
}

/// Finds the end of a `where` clause: the body or `;`. A block before `>`, `>>` or `,` is a
/// constant in the clause.
macro_rules! define_where {
    ($d:tt $([$($t:ident)*])+ next: [$($n:ident)+]) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_where {
            // The frequent shapes, at once: `T::Item: Into<u32>, {` and `T: Copy + fmt::Debug + 'static,`.
            (
                item: $d item:tt taken: [$d($d taken:tt)*]
                rest: [
                    $d($d t:tt)::+: $d($d b0:tt)::+ $d(<$d a0:tt $d(= $d v0:tt)?>)? $d(+ $d($d b:tt)::+ $d(<$d a:tt $d(= $d v:tt)?>)?)*
                    $d(,)? $d body:block $d($d($d next:tt)+)?
                ]
            ) => {
                $crate::__smart_whole! {
                    item: $d item
                    bounds: [$d($d taken)* $d($d t)::+: $d($d b0)::+ $d(<$d a0 $d(= $d v0)?>)? $d(+ $d($d b)::+ $d(<$d a $d(= $d v)?>)?)*] body: [$d body]
                }
                $d($crate::__smart_items! { $d($d next)+ })?
            };
            (
                item: $d item:tt taken: [$d($d taken:tt)*]
                rest: [$d($d t:tt)::+: $d($d b0:tt)::+ $d(<$d a0:tt $d(= $d v0:tt)?>)? $d(+ $d($d b:tt)::+ $d(<$d a:tt $d(= $d v:tt)?>)?)*, $d($d rest:tt)*]
            ) => {
                $crate::__smart_where! {
                    item: $d item
                    taken: [$d($d taken)* $d($d t)::+: $d($d b0)::+ $d(<$d a0 $d(= $d v0)?>)? $d(+ $d($d b)::+ $d(<$d a $d(= $d v)?>)?)*,] rest: [$d($d rest)*]
                }
            };
            $(
                (item: $d item:tt taken: [$d($d taken:tt)*] rest: [$($d $t:tt)* {$d($d constant:tt)*} > $d($d rest:tt)*]) => {
                    $crate::__smart_where! { item: $d item taken: [$d($d taken)* $($d $t)* {$d($d constant)*} >] rest: [$d($d rest)*] }
                };
                (item: $d item:tt taken: [$d($d taken:tt)*] rest: [$($d $t:tt)* {$d($d constant:tt)*} >> $d($d rest:tt)*]) => {
                    $crate::__smart_where! { item: $d item taken: [$d($d taken)* $($d $t)* {$d($d constant)*} >>] rest: [$d($d rest)*] }
                };
                (item: $d item:tt taken: [$d($d taken:tt)*] rest: [$($d $t:tt)* {$d($d constant:tt)*} , $d($d rest:tt)*]) => {
                    $crate::__smart_where! { item: $d item taken: [$d($d taken)* $($d $t)* {$d($d constant)*} ,] rest: [$d($d rest)*] }
                };
                (item: $d item:tt taken: [$d($d taken:tt)*] rest: [$($d $t:tt)* ; $d($d($d next:tt)+)?]) => {
                    $crate::__smart_whole! { item: $d item bounds: [$d($d taken)* $($d $t)*] body: [] } $d($crate::__smart_items! { $d($d next)+ })?
                };
                (item: $d item:tt taken: [$d($d taken:tt)*] rest: [$($d $t:tt)* $d life:lifetime $d($d rest:tt)*]) => {
                    $crate::__smart_where! { item: $d item taken: [$d($d taken)* $($d $t)* $d life] rest: [$d($d rest)*] }
                };
                (item: $d item:tt taken: [$d($d taken:tt)*] rest: [$($d $t:tt)* $d body:block $d($d($d next:tt)+)?]) => {
                    $crate::__smart_whole! { item: $d item bounds: [$d($d taken)* $($d $t)*] body: [$d body] } $d($crate::__smart_items! { $d($d next)+ })?
                };
            )+
            (item: $d item:tt taken: [$d($d taken:tt)*] rest: [$($d $n:tt)+ $d($d rest:tt)*]) => {
                $crate::__smart_where! { item: $d item taken: [$d($d taken)* $($d $n)+] rest: [$d($d rest)*] }
            };
            (item: { head: $d h:tt name: [$d name:tt $d args:tt] $d($d i:tt)* } taken: $d taken:tt rest: $d rest:tt) => {
                $crate::__smart_error_at! { [$d name $d args] { no_body $d name } }
            };
        }
    };
}

define_where! { $ [] [c] [c e] [c e f] [c e f g] [c e f g h] next: [c e f g h i] }

/// Says whether a result type contains `impl Trait`, which can be named in the signature only.
macro_rules! define_find_impl {
    ($d:tt $([$($t:ident)*])+ next: [$($n:ident)+]) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_find_impl {
            // The frequent shapes, at once: `-> path::Type {`, `-> Type<A> {`, `-> Type<A, path::B> {`, `-> Type<(), A> {`. (`impl ::path::Trait`
            // has the looks of a path.)
            (look: [-> impl $d($d rest:tt)*] $d($d state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $d($d state)* } };
            (look: [-> $d($d t:ident)::+ < impl $d($d rest:tt)*] $d($d state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $d($d state)* } };
            (look: [-> $d($d t:ident)::+ < $d($d a:ident)::+, impl $d($d rest:tt)*] $d($d state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $d($d state)* } };
            (look: [-> $d($d t:ident)::+ < (), impl $d($d rest:tt)*] $d($d state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $d($d state)* } };
            (look: [-> $d($d t:ident)::+ { $d($d body:tt)* } $d($d rest:tt)*] $d($d state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $d($d state)* } };
            (look: [-> $d($d t:ident)::+ < $d($d a:ident)::+ $d(, $d($d b:ident)::+)? > { $d($d body:tt)* } $d($d rest:tt)*] $d($d state:tt)*) => {
                $crate::__smart_attributes! { opaque: [no] $d($d state)* }
            };
            (look: [-> $d($d t:ident)::+ < () $d(, $d($d a:ident)::+)? > { $d($d body:tt)* } $d($d rest:tt)*] $d($d state:tt)*) => {
                $crate::__smart_attributes! { opaque: [no] $d($d state)* }
            };
            $(
                (look: [$($d $t:tt)* impl $d($d rest:tt)*] $d($d state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $d($d state)* } };
                (look: [$($d $t:tt)* where $d($d rest:tt)*] $d($d state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $d($d state)* } };
                (look: [$($d $t:tt)* ; $d($d rest:tt)*] $d($d state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $d($d state)* } };
                (look: [$($d $t:tt)* $d life:lifetime $d($d rest:tt)*] $d($d state:tt)*) => { $crate::__smart_find_impl! { look: [$d($d rest)*] $d($d state)* } };
                (look: [$($d $t:tt)* $d body:block $d($d rest:tt)*] $d($d state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $d($d state)* } };
                (look: [$($d $t:tt)* ($d($d inner:tt)*) $d($d rest:tt)*] $d($d state:tt)*) => {
                    $crate::__smart_find_impl! { look: [$d($d inner)* $d($d rest)*] $d($d state)* }
                };
                (look: [$($d $t:tt)* [$d($d inner:tt)*] $d($d rest:tt)*] $d($d state:tt)*) => {
                    $crate::__smart_find_impl! { look: [$d($d inner)* $d($d rest)*] $d($d state)* }
                };
            )+
            (look: [$($d $n:tt)+ $d($d rest:tt)*] $d($d state:tt)*) => { $crate::__smart_find_impl! { look: [$d($d rest)*] $d($d state)* } };
            (look: $d look:tt $d($d state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $d($d state)* } };
        }
    };
}

define_find_impl! { $ [] [c] [c e] [c e f] next: [c e f g] }
