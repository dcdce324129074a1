//! Whole `impl` and `trait` blocks in `smart_fn!`, and items beside functions.
//!
//! ```text
//! __smart_other_item!            an item that is no function
//! ├ __smart_kept_item!           a constant, a type, a call of a macro: stays as it is
//! └ __smart_find_block!          an `impl` or a `trait`: finds its items
//!   └ __smart_block!             `#[split(…)]` and helper attributes on the block
//!     └ __smart_impl_generics!   finds the `<…>` that both halves of a split `impl` share
//! ```

/// An item that is no function, or a function with a word before it that a smart one cannot have.
/// `state` is the macro for each function, its context, the attributes, and the visibility.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_other_item {
    (then: $then:ident context: $context:tt $(# $a:tt)+) => {
        $crate::__smart_error! { nothing_after_attributes }
    };
    (then: $then:ident context: $context:tt $(# $a:tt)* $vis:vis $word:ident $($rest:tt)*) => {
        $crate::__smart_other_item! { [$then $context [$($a)*] $vis] $word $($rest)* }
    };
    (then: $then:ident context: $context:tt $(# $a:tt)* $other:tt $($rest:tt)*) => {
        $crate::__smart_error! { not_a_function $other }
    };
    ([$then:ident $context:tt $a:tt $vis:vis] impl $($rest:tt)*) => {
        $crate::__smart_find_block! {
            $then $context $a [vis: [$vis] kind: [impl]] [] $($rest)*
        }
    };
    ([$then:ident $context:tt $a:tt $vis:vis] trait $($rest:tt)*) => {
        $crate::__smart_find_block! {
            $then $context $a [vis: [$vis] kind: [trait]] [] $($rest)*
        }
    };
    ($state:tt const $name:tt : $($rest:tt)*) => {
        $crate::__smart_kept_item! { $state const $name : $($rest)* }
    };
    ($state:tt type $($rest:tt)*) => { $crate::__smart_kept_item! { $state type $($rest)* } };
    ($state:tt $macro:ident ! $($rest:tt)*) => {
        $crate::__smart_kept_item! { $state $macro ! $($rest)* }
    };
    // In a split, a function that is not `async` stays as it is.
    ([__smart_half $($s:tt)*] const $($rest:tt)*) => {
        $crate::__smart_kept_item! { [__smart_half $($s)*] const $($rest)* }
    };
    ([__smart_half $($s:tt)*] unsafe $($rest:tt)*) => {
        $crate::__smart_kept_item! { [__smart_half $($s)*] unsafe $($rest)* }
    };
    ([__smart_half $($s:tt)*] extern $($rest:tt)*) => {
        $crate::__smart_kept_item! { [__smart_half $($s)*] extern $($rest)* }
    };
    // A smart function goes on without the word, and with an attribute that refuses it.
    ([$then:ident $c:tt [$($a:tt)*] $vis:vis] const $($rest:tt)*) => {
        $crate::__smart_items! { $then $c $(# $a)* #[__refused const_fn] $vis $($rest)* }
    };
    ($state:tt unsafe impl $($rest:tt)*) => { $crate::__smart_error! { not_a_function unsafe } };
    ($state:tt unsafe trait $($rest:tt)*) => { $crate::__smart_error! { not_a_function unsafe } };
    ([$then:ident $c:tt [$($a:tt)*] $vis:vis] unsafe $($rest:tt)*) => {
        $crate::__smart_items! { $then $c $(# $a)* #[__refused unsafe_fn] $vis $($rest)* }
    };
    ([$then:ident $c:tt [$($a:tt)*] $vis:vis] async unsafe $($rest:tt)*) => {
        $crate::__smart_items! { $then $c $(# $a)* #[__refused unsafe_fn] $vis async $($rest)* }
    };
    ([$then:ident $c:tt [$($a:tt)*] $vis:vis] extern $($abi:literal)? fn $($rest:tt)*) => {
        $crate::__smart_items! { $then $c $(# $a)* #[__refused extern_fn] $vis fn $($rest)* }
    };
    ([$then:ident $c:tt [$($a:tt)*] $vis:vis] $other:ident fn $($rest:tt)*) => {
        $crate::__smart_items! {
            $then $c $(# $a)* #[__refused not_a_function $other] $vis fn $($rest)*
        }
    };
    ($state:tt $other:ident $($rest:tt)*) => {
        $crate::__smart_refuse! {
            { not_a_function $other } rest: [$other $($rest)*] look: [$other $($rest)*]
        }
    };
}

/// A constant, a type or a call of a macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_kept_item {
    ([$then:ident $context:tt $a:tt $vis:vis] $($item:tt)*) => {
        $crate::__smart_kept_item! { @ $then $context $a $vis $($item)* }
    };
    (@ __smart_half $context:tt $attributes:tt $item:item $($next:tt)*) => {
        $crate::__smart_attributes! {
            __smart_half { body: [item $item] context: $context } $attributes kept: [] helpers: []
        }
        $crate::__smart_items! { __smart_half $context $($next)* }
    };
    (@ $then:ident $context:tt [$($attribute:tt)*] $item:item $($next:tt)*) => {
        $(# $attribute)* $item
        $crate::__smart_items! { $then $context $($next)* }
    };
}

/// Finds the items of a block. A block before `>`, `>>` or `,` is a constant.
macro_rules! define_find_block {
    ($d:tt $([$($t:ident)*])+ next: [$($n:ident)+]) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_find_block {
            $(
                (
                    $d then:ident $d context:tt $d attributes:tt $d block:tt [$d($d taken:tt)*]
                    $($d $t:tt)* { $d($d constant:tt)* } > $d($d rest:tt)*
                ) => {
                    $crate::__smart_find_block! {
                        $d then $d context $d attributes $d block
                        [$d($d taken)* $($d $t)* { $d($d constant)* } >] $d($d rest)*
                    }
                };
                (
                    $d then:ident $d context:tt $d attributes:tt $d block:tt [$d($d taken:tt)*]
                    $($d $t:tt)* { $d($d constant:tt)* }, $d($d rest:tt)*
                ) => {
                    $crate::__smart_find_block! {
                        $d then $d context $d attributes $d block
                        [$d($d taken)* $($d $t)* { $d($d constant)* },] $d($d rest)*
                    }
                };
                (
                    $d then:ident $d context:tt $d attributes:tt [$d($d block:tt)*]
                        [$d($d taken:tt)*]
                    $($d $t:tt)* { $d($d item:tt)* } $d($d next:tt)*
                ) => {
                    $crate::__smart_attributes! {
                        __smart_block
                        { items: { $d($d item)* } $d($d block)* header: [$d($d taken)* $($d $t)*] }
                        $d attributes kept: [] helpers: []
                    }
                    $crate::__smart_items! { $d then $d context $d($d next)* }
                };
            )+
            (
                $d then:ident $d context:tt $d attributes:tt $d block:tt [$d($d taken:tt)*]
                $($d $n:tt)+ $d($d rest:tt)*
            ) => {
                $crate::__smart_find_block! {
                    $d then $d context $d attributes $d block [$d($d taken)* $($d $n)+] $d($d rest)*
                }
            };
            ($d($d rest:tt)*) => { $crate::__smart_error! { no_items } };
        }
    };
}

with_windows! { { define_find_block $ } [] [] a b c e f g h i j k l m n }

/// A block with its attributes sorted: emits it, or its two halves.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_block {
    // Smart functions. `context` are the helper attributes for each of them.
    ($block:tt kept: $kept:tt helpers: [$($helper:tt)*]) => {
        $crate::__smart_block! { $block kept: $kept helpers: [$($helper)*] context: [] }
    };
    (
        $block:tt kept: $kept:tt
        helpers: [
            [$(maybe_async $(@ $maybe:tt)?)? $(boxed $(@ $boxed:tt)?)? $(send $(@ $send:tt)?)?]
            $($h:tt)*
        ]
        context: [$($context:tt)*]
    ) => {
        $crate::__smart_block! {
            $block kept: $kept helpers: [$($h)*]
            context: [
                $($context)*
                [$(every_async $(@ $maybe)?)? $(boxed $(@ $boxed)?)? $(send $(@ $send)?)?]
            ]
        }
    };
    (
        { items: { $($item:tt)* } vis: [$vis:vis] kind: [$kind:ident] header: [$($header:tt)*] }
        kept: [$($kept:tt)*] helpers: [] context: $context:tt
    ) => {
        $($kept)* $vis $kind $($header)* {
            $crate::__smart_items! { __smart_function $context $($item)* }
        }
    };
    // Two plain halves.
    (
        { items: { $($item:tt)* } vis: [$vis:vis] kind: [trait] header: [$($header:tt)*] }
        kept: [$($kept:tt)*] helpers: [[split($($to:tt)+)] $([send] $(@ $r:tt)?)?]
            context: [$([send] $(@ $s:tt)?)?]
    ) => {
        #[allow(async_fn_in_trait, reason = "the author says `#[send]`")]
        $($kept)* $vis trait $($header)* {
            $crate::__smart_items! { __smart_half [async [$(send $(@ $r)?)? $(send $(@ $s)?)?]]
                $($item)* }
        }
        $($kept)* $vis trait $($to)+ {
            $crate::__smart_items! { __smart_half [sync []] $($item)* }
        }
    };
    (
        { items: $items:tt vis: $v:tt kind: [impl] header: [$($header:tt)*] }
        kept: $kept:tt helpers: [[split($($to:tt)+)]] context: []
    ) => {
        $crate::__smart_impl_generics! { state: { $items $kept [$($to)+] } taken: [] depth: []
            rest: [$($header)*] }
    };
    // A second helper attribute beside `#[split(…)]`, or before it.
    ($block:tt kept: $kept:tt helpers: [[split($($to:tt)+)] $wrong:tt $($h:tt)*]
        context: $context:tt) => {
        $crate::__smart_wrong_block! { split_block $wrong look: $wrong }
    };
    ($block:tt kept: $kept:tt helpers: [[split($($to:tt)+)]] context: [$wrong:tt $($h:tt)*]) => {
        $crate::__smart_wrong_block! { split_block $wrong look: $wrong }
    };
    ($block:tt kept: $kept:tt helpers: [$wrong:tt $($h:tt)*] context: $context:tt) => {
        $crate::__smart_wrong_block! { block $wrong look: $wrong }
    };
}

/// The error of a helper attribute on a block, at the attribute.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_wrong_block {
    ($place:ident $attribute:tt look: [$name:tt $($arguments:tt)*]) => {
        const _: () = $crate::__smart_wrong_helper! {
            $place look: $attribute then: __smart_error_here { [$name $attribute] }
        };
    };
}

/// Finds the end of the generics of a split `impl`, which both halves share, and emits the halves.
/// `depth` has a token for each angle bracket that is open.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_impl_generics {
    // The frequent shapes, at once: `<'a, S, R: Read + 'a>`.
    (
        state: { $($state:tt)* } taken: [] depth: []
        rest: [
            <$($p:tt $(: $($b:tt)::+ $(<$($a:tt)::+>)? $(+ $($c:tt)::+ $(<$($e:tt)::+>)?)*)?),+>
            $($header:tt)*
        ]
    ) => {
        $crate::__smart_impl_halves! {
            $($state)* [<$($p $(: $($b)::+ $(<$($a)::+>)? $(+ $($c)::+ $(<$($e)::+>)?)*)?),+>]
                [$($header)*]
        }
    };
    (state: $state:tt taken: [$($taken:tt)*] depth: [$($depth:tt)*] rest: [< $($rest:tt)*]) => {
        $crate::__smart_impl_generics! {
            state: $state taken: [$($taken)* <] depth: [$($depth)* <] rest: [$($rest)*]
        }
    };
    (state: { $($state:tt)* } taken: $taken:tt depth: [] rest: $header:tt) => {
        $crate::__smart_impl_halves! { $($state)* $taken $header }
    };
    (state: $state:tt taken: [$($taken:tt)*] depth: [< $($depth:tt)*] rest: [> $($rest:tt)*]) => {
        $crate::__smart_impl_generics! {
            state: $state taken: [$($taken)* >] depth: [$($depth)*] rest: [$($rest)*]
        }
    };
    (state: $state:tt taken: [$($taken:tt)*] depth: [< < $($depth:tt)*] rest: [>> $($rest:tt)*]) =>
        {
        $crate::__smart_impl_generics! {
            state: $state taken: [$($taken)* >>] depth: [$($depth)*] rest: [$($rest)*]
        }
    };
    (state: $state:tt taken: [$($taken:tt)*] depth: $depth:tt rest: [$t:tt $($rest:tt)*]) => {
        $crate::__smart_impl_generics! {
            state: $state taken: [$($taken)* $t] depth: $depth rest: [$($rest)*]
        }
    };
}

/// Emits the halves of a split `impl`.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_impl_halves {
    ({ $($item:tt)* } [$($kept:tt)*] [$($to:tt)+] [$($generics:tt)*] [$($header:tt)*]) => {
        $($kept)* impl $($generics)* $($header)* {
            $crate::__smart_items! { __smart_half [async []] $($item)* }
        }
        $($kept)* impl $($generics)* $($to)+ {
            $crate::__smart_items! { __smart_half [sync []] $($item)* }
        }
    };
}
