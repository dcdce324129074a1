//! The attributes of an item, and what the helper attributes among them say about a smart function.

/// Sorts attributes: helper attributes of `smart_fn!` from all others, which are kept. Hands both on
/// to the macro `then`, with its `state`.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_attributes {
    // Doc comments are an attribute a line, and most items have nothing else.
    ($then:ident $state:tt [$([doc $($doc:tt)*])*] kept: [$($kept:tt)*] helpers: $helpers:tt) => {
        $crate::$then! { $state kept: [$($kept)* $(#[doc $($doc)*])*] helpers: $helpers }
    };
    (
        $then:ident $state:tt
        [[doc $($a:tt)*] [doc $($b:tt)*] [doc $($c:tt)*] [doc $($e:tt)*] $($more:tt)*]
        kept: [$($kept:tt)*] helpers: $helpers:tt
    ) => {
        $crate::__smart_attributes! {
            $then $state [$($more)*]
            kept: [$($kept)* #[doc $($a)*] #[doc $($b)*] #[doc $($c)*] #[doc $($e)*]]
                helpers: $helpers
        }
    };
    ($then:ident $state:tt [$first:tt $($more:tt)*] $($sorted:tt)*) => {
        $crate::__smart_attribute! { $first $then $state [$($more)*] $($sorted)* look: $first }
    };
}

/// Sorts one attribute. `look` is the same token as the first, which keeps its span for errors.
macro_rules! define_attribute {
    ($d:tt $($helper:ident)+) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_attribute {
            $(
                (
                    $d attribute:tt $d then:ident $d state:tt $d more:tt kept: $d kept:tt
                    helpers: [$d($d helper:tt)*] look: [$d(tracing::)? $helper $d($d arguments:tt)*]
                ) => {
                    $crate::__smart_attributes! {
                        $d then $d state $d more kept: $d kept
                            helpers: [$d($d helper)* $d attribute]
                    }
                };
            )+
            (
                $d attribute:tt $d then:ident $d state:tt $d more:tt kept: [$d($d kept:tt)*]
                helpers: $d helpers:tt look: $d look:tt
            ) => {
                $crate::__smart_attributes! {
                    $d then $d state $d more kept: [$d($d kept)* # $d attribute] helpers: $d helpers
                }
            };
        }
    };
}

define_attribute! { $
    maybe_async blocking wraps boxed send split sync_only async_only sync_where track_caller
        instrument __refused
}

/// What the helper attributes say: each goes to its slot.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_helpers {
    // Most functions have none.
    (
        kept: $kept:tt helpers: [] body: $body:tt vis: $vis:tt asyncness: $asyncness:tt
        name: [$name:tt $args:tt] generics: $generics:tt ret: $ret:tt bounds: $bounds:tt
            stated: $stated:tt
    ) => {
        $crate::__smart_receiver! {
            look: $args args: $args
            state: {
                stated: $stated kept: $kept maybe: [] twin: [] wraps: [] boxed: [] send: []
                item: {
                    vis: $vis asyncness: $asyncness name: [$name $args] generics: $generics
                        ret: $ret
                    bounds: $bounds body: $body
                }
            }
        }
    };
    (kept: $kept:tt helpers: $helpers:tt $($item:tt)*) => {
        $crate::__smart_helpers! { $helpers [] [] [] [] [] kept: $kept $($item)* }
    };
    // maybe_async, blocking, wraps, boxed, send
    ([[maybe_async] $($h:tt)*] [] $b:tt $c:tt $d:tt $e:tt $($item:tt)*) => {
        $crate::__smart_helpers! { [$($h)*] [maybe_async] $b $c $d $e $($item)* }
    };
    ([[blocking($name:ident)] $($h:tt)*] $a:tt [] $c:tt $d:tt $e:tt $($item:tt)*) => {
        $crate::__smart_helpers! { [$($h)*] $a [$name] $c $d $e $($item)* }
    };
    ([[wraps($($path:tt)+)] $($h:tt)*] $a:tt $b:tt [] $d:tt $e:tt $($item:tt)*) => {
        $crate::__smart_helpers! { [$($h)*] $a $b [$($path)+] $d $e $($item)* }
    };
    ([[boxed] $($h:tt)*] $a:tt $b:tt $c:tt [] $e:tt $($item:tt)*) => {
        $crate::__smart_helpers! { [$($h)*] $a $b $c [boxed] $e $($item)* }
    };
    ([[send] $($h:tt)*] $a:tt $b:tt $c:tt $d:tt [] $($item:tt)*) => {
        $crate::__smart_helpers! { [$($h)*] $a $b $c $d [::core::marker::Send] $($item)* }
    };
    // Of a block around the function.
    (
        [[every_async] $($h:tt)*] $a:tt $b:tt $c:tt $d:tt $e:tt
        kept: $k:tt body: $body:tt vis: $v:tt asyncness: [] $($item:tt)*
    ) => {
        $crate::__smart_helpers! {
            [$($h)*] $a $b $c $d $e kept: $k body: $body vis: $v asyncness: [] $($item)*
        }
    };
    ([[every_async] $($h:tt)*] $a:tt $b:tt $c:tt $d:tt $e:tt $($item:tt)*) => {
        $crate::__smart_helpers! { [$($h)*] [maybe_async] $b $c $d $e $($item)* }
    };
    // Of a split.
    ([[__send_half]] [] [] [] [] [] $($item:tt)*) => { $crate::__smart_send_half! { $($item)* } };
    // All are sorted.
    (
        [] $maybe:tt $twin:tt $wraps:tt $boxed:tt $send:tt
        kept: $kept:tt body: $body:tt vis: $vis:tt asyncness: $asyncness:tt
        name: [$name:tt $args:tt] generics: $generics:tt ret: $ret:tt bounds: $bounds:tt
            stated: $stated:tt
    ) => {
        $crate::__smart_receiver! {
            look: $args args: $args
            state: {
                stated: $stated kept: $kept maybe: $maybe twin: $twin wraps: $wraps boxed: $boxed
                    send: $send
                item: {
                    vis: $vis asyncness: $asyncness name: [$name $args] generics: $generics
                        ret: $ret
                    bounds: $bounds body: $body
                }
            }
        }
    };
    (
        [$wrong:tt $($h:tt)*] $a:tt $b:tt $c:tt $d:tt $e:tt
        kept: $k:tt body: $body:tt vis: $vis:tt asyncness: $s:tt name: [$name:tt $args:tt]
            generics: $generics:tt
        ret: $ret:tt bounds: $bounds:tt stated: $o:tt
    ) => {
        $crate::__smart_wrong_helper! {
            $wrong at: [$name $wrong]
            vis: $vis name: [$name $args] generics: $generics ret: $ret bounds: $bounds
        }
    };
}

/// The error of a helper attribute that is repeated, has the wrong shape, or would do nothing.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_wrong_helper {
    // Of a word that a smart function cannot have.
    ([__refused $error:tt $($word:tt)?] at: $at:tt vis: $vis:tt name: [$name:tt $args:tt]
        $($state:tt)*) => {
        $crate::__smart_error_in! {
            { $error $($word)? $name } at: [$name $args] vis: $vis name: [$name $args] $($state)*
        }
    };
    ([blocking $($x:tt)*] $($state:tt)*) => {
        $crate::__smart_error_in! { { blocking } $($state)* }
    };
    ([wraps $($x:tt)*] $($state:tt)*) => { $crate::__smart_error_in! { { wraps } $($state)* } };
    ([split($to:ident)] $($state:tt)*) => {
        $crate::__smart_error_in! { { split_sync } $($state)* }
    };
    ([split $($x:tt)*] $($state:tt)*) => { $crate::__smart_error_in! { { split } $($state)* } };
    ([$(tracing::)? instrument $($x:tt)*] $($state:tt)*) => {
        $crate::__smart_error_in! { { instrument } $($state)* }
    };
    ([track_caller $($x:tt)*] at: $at:tt vis: $vis:tt name: [$name:tt $args:tt]
        $($state:tt)*) => {
        $crate::__smart_error_in! {
            { track_caller $name } at: $at vis: $vis name: [$name $args] $($state)*
        }
    };
    ([sync_only $($x:tt)*] $($state:tt)*) => {
        $crate::__smart_error_in! { { outside_split sync_only } $($state)* }
    };
    ([async_only $($x:tt)*] $($state:tt)*) => {
        $crate::__smart_error_in! { { outside_split async_only } $($state)* }
    };
    ([sync_where $($x:tt)*] $($state:tt)*) => {
        $crate::__smart_error_in! { { outside_split sync_where } $($state)* }
    };
    ([$name:ident $($x:tt)*] $($state:tt)*) => {
        $crate::__smart_error_in! { { attribute $name } $($state)* }
    };
}
