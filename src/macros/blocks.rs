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
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_other_item {
    (
        then: $then:ident context: $context:tt
        $(# $attribute:tt)* $vis:vis impl $($rest:tt)*
    ) => {
        $crate::__smart_find_block! {
            block: { attributes: [$($attribute)*] vis: [$vis] kind: [impl] } taken: []
            then: $then context: $context rest: [$($rest)*]
        }
    };
    (
        then: $then:ident context: $context:tt
        $(# $attribute:tt)* $vis:vis trait $($rest:tt)*
    ) => {
        $crate::__smart_find_block! {
            block: { attributes: [$($attribute)*] vis: [$vis] kind: [trait] } taken: []
            then: $then context: $context rest: [$($rest)*]
        }
    };
    (
        then: $then:ident context: $context:tt
        $(# $attribute:tt)* $vis:vis const $name:tt : $($rest:tt)*
    ) => {
        $crate::__smart_kept_item! {
            $then context: $context attributes: [$($attribute)*] $vis const $name : $($rest)*
        }
    };
    (
        then: $then:ident context: $context:tt
        $(# $attribute:tt)* $vis:vis type $($rest:tt)*
    ) => {
        $crate::__smart_kept_item! {
            $then context: $context attributes: [$($attribute)*] $vis type $($rest)*
        }
    };
    (
        then: $then:ident context: $context:tt
        $(# $attribute:tt)* $macro:ident ! $($rest:tt)*
    ) => {
        $crate::__smart_kept_item! {
            $then context: $context attributes: [$($attribute)*] $macro ! $($rest)*
        }
    };
    (then: $then:ident context: $c:tt $(# $attribute:tt)* $vis:vis const $($rest:tt)*) => {
        $crate::__smart_refuse! { { const } rest: [$($rest)*] }
    };
    (then: $then:ident context: $c:tt $(# $attribute:tt)* $vis:vis async unsafe $($rest:tt)*) => {
        $crate::__smart_refuse! { { unsafe } rest: [$($rest)*] }
    };
    (then: $then:ident context: $c:tt $(# $attribute:tt)* $vis:vis unsafe $($rest:tt)*) => {
        $crate::__smart_refuse! { { unsafe } rest: [$($rest)*] }
    };
    (then: $then:ident context: $c:tt $(# $attribute:tt)* $vis:vis extern $($rest:tt)*) => {
        $crate::__smart_refuse! { { extern } rest: [$($rest)*] }
    };
    (then: $then:ident context: $c:tt $(# $attribute:tt)* $vis:vis $other:ident $($rest:tt)*) => {
        $crate::__smart_refuse! { { not_a_function $other } rest: [$other $($rest)*] }
    };
    (then: $then:ident context: $c:tt $(# $attribute:tt)+) => {
        $crate::__smart_error! { nothing_after_attributes }
    };
    (then: $then:ident context: $c:tt $other:tt $($rest:tt)*) => {
        $crate::__smart_error! { not_a_function $other }
    };
}

/// A constant, a type or a call of a macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_kept_item {
    (
        __smart_half context: { $half:ident $send:tt } attributes: $attributes:tt
        $item:item $($next:tt)*
    ) => {
        $crate::__smart_half_attributes! {
            half: $half asyncness: [] attributes: $attributes kept: [] send: $send replace: []
            item: [$item]
        }
        $crate::__smart_items! { __smart_half { $half $send } $($next)* }
    };
    (
        $then:ident context: $context:tt attributes: [$($attribute:tt)*] $item:item $($next:tt)*
    ) => {
        $(# $attribute)* $item
        $crate::__smart_items! { $then $context $($next)* }
    };
}

/// Finds the items of a block.
macro_rules! define_find_block {
    ($d:tt $([$($t:ident)*])+ next: [$($n:ident)+]) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_find_block {
            $(
                (
                    block: $d block:tt taken: [$d($d taken:tt)*] then: $d then:ident context: $d context:tt
                    rest: [$($d $t:tt)* { $d($d constant:tt)* } > $d($d rest:tt)*]
                ) => {
                    $crate::__smart_find_block! {
                        block: $d block taken: [$d($d taken)* $($d $t)* { $d($d constant)* } >]
                        then: $d then context: $d context rest: [$d($d rest)*]
                    }
                };
                (
                    block: $d block:tt taken: [$d($d taken:tt)*] then: $d then:ident context: $d context:tt
                    rest: [$($d $t:tt)* { $d($d constant:tt)* }, $d($d rest:tt)*]
                ) => {
                    $crate::__smart_find_block! {
                        block: $d block taken: [$d($d taken)* $($d $t)* { $d($d constant)* },]
                        then: $d then context: $d context rest: [$d($d rest)*]
                    }
                };
                (
                    block: { $d($d block:tt)* } taken: [$d($d taken:tt)*] then: $d then:ident context: $d context:tt
                    rest: [$($d $t:tt)* { $d($d item:tt)* } $d($d next:tt)*]
                ) => {
                    $crate::__smart_block! {
                        items: { $d($d item)* } $d($d block)* header: [$d($d taken)* $($d $t)*]
                        kept: [] split: [] context: []
                    }
                    $crate::__smart_items! { $d then $d context $d($d next)* }
                };
            )+
            (
                block: $d block:tt taken: [$d($d taken:tt)*] then: $d then:ident context: $d context:tt
                rest: [$($d $n:tt)+ $d($d rest:tt)*]
            ) => {
                $crate::__smart_find_block! {
                    block: $d block taken: [$d($d taken)* $($d $n)+]
                    then: $d then context: $d context rest: [$d($d rest)*]
                }
            };
            (
                block: $d block:tt taken: $d taken:tt then: $d then:ident context: $d context:tt
                rest: $d rest:tt
            ) => {
                $crate::__smart_error! { no_items }
            };
        }
    };
}

define_find_block! { $
    [] [a] [a b] [a b c] [a b c e] [a b c e f] [a b c e f g] [a b c e f g h] [a b c e f g h i]
    [a b c e f g h i j] [a b c e f g h i j k] [a b c e f g h i j k l] [a b c e f g h i j k l m]
    next: [a b c e f g h i j k l m n]
}

/// Sorts the attributes of a block, and emits it: once, or its two halves.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_block {
    (
        items: $items:tt
        attributes: [[doc $($d0:tt)*] [doc $($d1:tt)*] [doc $($d2:tt)*] [doc $($d3:tt)*] $($more:tt)*]
        vis: $vis:tt kind: $kind:tt header: $header:tt kept: [$($kept:tt)*] $($state:tt)*
    ) => {
        $crate::__smart_block! {
            items: $items attributes: [$($more)*] vis: $vis kind: $kind header: $header
            kept: [$($kept)* #[doc $($d0)*] #[doc $($d1)*] #[doc $($d2)*] #[doc $($d3)*]] $($state)*
        }
    };
    (
        items: $items:tt attributes: [[split($($to:tt)+)] $($more:tt)*] vis: $vis:tt kind: $kind:tt
        header: $header:tt kept: $kept:tt split: [] $($state:tt)*
    ) => {
        $crate::__smart_block! {
            items: $items attributes: [$($more)*] vis: $vis kind: $kind header: $header kept: $kept
            split: [$($to)+] $($state)*
        }
    };
    (
        items: $items:tt attributes: [[split $($wrong:tt)*] $($more:tt)*] vis: $vis:tt kind: $kind:tt
        $($state:tt)*
    ) => {
        $crate::__smart_error! { split }
    };
    (items: $items:tt attributes: [[maybe_async] $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_block_helper! { [maybe_async] items: $items attributes: [$($more)*] $($state)* }
    };
    (items: $items:tt attributes: [[boxed] $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_block_helper! { [boxed] items: $items attributes: [$($more)*] $($state)* }
    };
    (items: $items:tt attributes: [[send] $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_block_helper! { [send] items: $items attributes: [$($more)*] $($state)* }
    };
    (
        items: $items:tt attributes: [$other:tt $($more:tt)*] vis: $vis:tt kind: $kind:tt
        header: $header:tt kept: [$($kept:tt)*] $($state:tt)*
    ) => {
        $crate::__smart_block! {
            items: $items attributes: [$($more)*] vis: $vis kind: $kind header: $header
            kept: [$($kept)* # $other] $($state)*
        }
    };
    // All are sorted.
    (
        items: { $($item:tt)* } attributes: [] vis: [$vis:vis] kind: [$kind:ident]
        header: [$($header:tt)*] kept: [$($kept:tt)*] split: [] context: [$($context:tt)*]
    ) => {
        $($kept)* $vis $kind $($header)* {
            $crate::__smart_items! { __smart_function { $($context)* } $($item)* }
        }
    };
    (
        items: { $($item:tt)* } attributes: [] vis: [$vis:vis] kind: [trait]
        header: [$($header:tt)*] kept: [$($kept:tt)*] split: [$($to:tt)+] context: [$([send] $(@ $r:tt)?)?]
    ) => {
        #[allow(async_fn_in_trait, reason = "whether its futures are `Send` is the author's choice")]
        $($kept)* $vis trait $($header)* {
            $crate::__smart_items! { __smart_half { async [$(send $(@ $r)?)?] } $($item)* }
        }
        $($kept)* $vis trait $($to)+ {
            $crate::__smart_items! { __smart_half { sync [] } $($item)* }
        }
    };
    (
        items: { $($item:tt)* } attributes: [] vis: [$vis:vis] kind: [impl]
        header: [$($header:tt)*] kept: $kept:tt split: $to:tt context: []
    ) => {
        $crate::__smart_impl_generics! {
            items: { $($item)* } kept: $kept split: $to rest: [$($header)*]
        }
    };
    (
        items: $i:tt attributes: [] vis: $v:tt kind: $k:tt header: $h:tt kept: $a:tt split: $to:tt
        context: [[$helper:ident] $($more:tt)*]
    ) => {
        $crate::__smart_error! { in_split $helper }
    };
}

/// A helper attribute on a block, for each of its functions.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_block_helper {
    (
        $helper:tt items: $items:tt attributes: $attributes:tt vis: $vis:tt kind: $kind:tt
        header: $header:tt kept: $kept:tt split: $split:tt context: [$($context:tt)*]
    ) => {
        $crate::__smart_block! {
            items: $items attributes: $attributes vis: $vis kind: $kind header: $header kept: $kept
            split: $split context: [$($context)* $helper]
        }
    };
}

/// Finds the end of the generics of a split `impl`, which both halves share, and emits the halves.
/// `depth` has a token for each angle bracket that is open.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_impl_generics {
    // The frequent shapes, at once: `<'a, S, R: Read + 'a>`.
    (
        items: $items:tt kept: $kept:tt split: $to:tt
        rest: [
            <$($p:tt $(: $($b:tt)::+ $(<$($a:tt)::+>)? $(+ $($c:tt)::+ $(<$($e:tt)::+>)?)*)?),+>
            $($header:tt)*
        ]
    ) => {
        $crate::__smart_impl_halves! {
            items: $items kept: $kept split: $to
            generics: [<$($p $(: $($b)::+ $(<$($a)::+>)? $(+ $($c)::+ $(<$($e)::+>)?)*)?),+>]
            header: [$($header)*]
        }
    };
    (items: $items:tt kept: $kept:tt split: $to:tt rest: [< $($rest:tt)*]) => {
        $crate::__smart_impl_generics! {
            state: { items: $items kept: $kept split: $to } taken: [<] depth: [<] rest: [$($rest)*]
        }
    };
    (items: $items:tt kept: $kept:tt split: $to:tt rest: $header:tt) => {
        $crate::__smart_impl_halves! {
            items: $items kept: $kept split: $to generics: [] header: $header
        }
    };
    (state: { $($state:tt)* } taken: [$($taken:tt)*] depth: [<] rest: [> $($rest:tt)*]) => {
        $crate::__smart_impl_halves! { $($state)* generics: [$($taken)* >] header: [$($rest)*] }
    };
    (state: { $($state:tt)* } taken: [$($taken:tt)*] depth: [< <] rest: [>> $($rest:tt)*]) => {
        $crate::__smart_impl_halves! { $($state)* generics: [$($taken)* >>] header: [$($rest)*] }
    };
    (state: $state:tt taken: [$($taken:tt)*] depth: [$($depth:tt)*] rest: [< $($rest:tt)*]) => {
        $crate::__smart_impl_generics! {
            state: $state taken: [$($taken)* <] depth: [$($depth)* <] rest: [$($rest)*]
        }
    };
    (state: $state:tt taken: [$($taken:tt)*] depth: [< $($depth:tt)*] rest: [> $($rest:tt)*]) => {
        $crate::__smart_impl_generics! {
            state: $state taken: [$($taken)* >] depth: [$($depth)*] rest: [$($rest)*]
        }
    };
    (state: $state:tt taken: [$($taken:tt)*] depth: [< < $($depth:tt)*] rest: [>> $($rest:tt)*]) => {
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
    (
        items: { $($item:tt)* } kept: [$($kept:tt)*] split: [$($to:tt)+]
        generics: [$($generics:tt)*] header: [$($header:tt)*]
    ) => {
        $($kept)* impl $($generics)* $($header)* {
            $crate::__smart_items! { __smart_half { async [] } $($item)* }
        }
        $($kept)* impl $($generics)* $($to)+ {
            $crate::__smart_items! { __smart_half { sync [] } $($item)* }
        }
    };
}
