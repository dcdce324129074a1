//! Splits: two plain APIs from one body. An item with `#[split(…)]` is emitted twice, as its async
//! half and as its sync half. What comes out is plain Rust: functions, and no [`Call`](crate::Call).
//!
//! ```text
//! __smart_half!                 one function of a half, as __smart_items! found it
//! └ __smart_half_attributes!    drops it if it belongs to the other half, and sorts its attributes
//!   ├ __smart_half_where!       finds the `where` that `#[sync_where(…)]` replaces
//!   └ __smart_half_emit!        emits the function; `smart_await!` in its body means what the half needs
//! ```

/// One function of a half.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_half {
    (
        body: $body:tt context: { $half:ident $send:tt } attributes: $attributes:tt vis: $vis:tt
        asyncness: $asyncness:tt name: $name:tt header: $header:tt
    ) => {
        $crate::__smart_half_attributes! {
            half: $half asyncness: $asyncness attributes: $attributes kept: [] send: $send replace: []
            item: { name: $name body: $body vis: $vis header: $header }
        }
    };
}

/// Sorts the attributes of an item in a half. `item` is `[$item:item]` or a function.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_half_attributes {
    // Doc comments, which are an attribute a line, four at a time.
    (
        half: $half:ident asyncness: $a:tt
        attributes: [[doc $($d0:tt)*] [doc $($d1:tt)*] [doc $($d2:tt)*] [doc $($d3:tt)*] $($more:tt)*]
        kept: [$($kept:tt)*] $($state:tt)*
    ) => {
        $crate::__smart_half_attributes! {
            half: $half asyncness: $a attributes: [$($more)*]
            kept: [$($kept)* #[doc $($d0)*] #[doc $($d1)*] #[doc $($d2)*] #[doc $($d3)*]] $($state)*
        }
    };
    // The item belongs to the other half.
    (half: sync asyncness: $a:tt attributes: [[async_only] $($more:tt)*] $($state:tt)*) => {};
    (half: async asyncness: $a:tt attributes: [[sync_only] $($more:tt)*] $($state:tt)*) => {};
    (half: $half:ident asyncness: $a:tt attributes: [[async_only] $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_half_attributes! { half: $half asyncness: $a attributes: [$($more)*] $($state)* }
    };
    (half: $half:ident asyncness: $a:tt attributes: [[sync_only] $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_half_attributes! { half: $half asyncness: $a attributes: [$($more)*] $($state)* }
    };
    // `#[sync_where(T: Bound)]`
    (
        half: sync asyncness: $a:tt attributes: [[sync_where($($bounds:tt)*)] $($more:tt)*]
        kept: $kept:tt send: $send:tt replace: [] $($state:tt)*
    ) => {
        $crate::__smart_half_attributes! {
            half: sync asyncness: $a attributes: [$($more)*] kept: $kept send: $send
            replace: [[$($bounds)*]] $($state)*
        }
    };
    (half: async asyncness: $a:tt attributes: [[sync_where($($bounds:tt)*)] $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_half_attributes! { half: async asyncness: $a attributes: [$($more)*] $($state)* }
    };
    // `#[send]` changes the async half of an `async fn` alone.
    (
        half: $half:ident asyncness: $a:tt attributes: [[send] $($more:tt)*] kept: $kept:tt send: $s:tt
        $($state:tt)*
    ) => {
        $crate::__smart_half_attributes! {
            half: $half asyncness: $a attributes: [$($more)*] kept: $kept send: [send] $($state)*
        }
    };
    // An `async fn` cannot have `#[track_caller]` on stable Rust.
    (half: async asyncness: [async] attributes: [[track_caller] $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_half_attributes! { half: async asyncness: [async] attributes: [$($more)*] $($state)* }
    };
    // Any other attribute.
    (
        half: $half:ident asyncness: $a:tt attributes: [$other:tt $($more:tt)*] kept: [$($kept:tt)*]
        $($state:tt)*
    ) => {
        $crate::__smart_half_other_attribute! {
            $half look: $other attribute: $other half: $half asyncness: $a attributes: [$($more)*]
            kept: [$($kept)*] $($state)*
        }
    };
    // All are sorted.
    (
        half: $h:ident asyncness: $a:tt attributes: [] kept: [$($kept:tt)*] send: $s:tt replace: []
        item: [$item:item]
    ) => {
        $($kept)* $item
    };
    (
        half: async asyncness: [async] attributes: [] kept: [$($kept:tt)*] send: [send] replace: []
        item: { name: $name:tt body: $body:tt vis: $vis:tt header: $header:tt }
    ) => {
        $crate::__smart_function! {
            body: $body context: {} attributes: [[__smart_send_half $($kept)*]] vis: $vis
            asyncness: [async] name: $name header: $header
        }
    };
    (
        half: $half:ident asyncness: $a:tt attributes: [] kept: $kept:tt send: $s:tt replace: []
        item: { $($item:tt)* }
    ) => {
        $crate::__smart_half_emit! { $half asyncness: $a kept: $kept $($item)* }
    };
    (
        half: $half:ident asyncness: $a:tt attributes: [] kept: $kept:tt send: $s:tt
        replace: [[$($bounds:tt)*]] item: { name: $name:tt body: $body:tt vis: $vis:tt header: [$($header:tt)*] }
    ) => {
        $crate::__smart_half_where! {
            item: { $half asyncness: $a kept: $kept name: $name body: $body vis: $vis }
            bounds: [$($bounds)*] taken: [] rest: [$($header)*]
        }
    };
}

/// Keeps an attribute, unless it is a helper attribute that has no place in a half. The async half
/// has the error, and the sync half goes on without the attribute.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_half_other_attribute {
    ($half:ident look: [maybe_async $($w:tt)*] $($state:tt)*) => { $crate::__smart_half_wrong! { $half { in_split maybe_async } $($state)* } };
    ($half:ident look: [blocking $($w:tt)*] $($state:tt)*) => { $crate::__smart_half_wrong! { $half { in_split blocking } $($state)* } };
    ($half:ident look: [wraps $($w:tt)*] $($state:tt)*) => { $crate::__smart_half_wrong! { $half { in_split wraps } $($state)* } };
    ($half:ident look: [boxed $($w:tt)*] $($state:tt)*) => { $crate::__smart_half_wrong! { $half { in_split boxed } $($state)* } };
    ($half:ident look: [split $($w:tt)*] $($state:tt)*) => { $crate::__smart_half_wrong! { $half { in_split split } $($state)* } };
    ($half:ident look: [send $($w:tt)*] $($state:tt)*) => { $crate::__smart_half_wrong! { $half { attribute send } $($state)* } };
    ($half:ident look: [sync_only $($w:tt)*] $($state:tt)*) => { $crate::__smart_half_wrong! { $half { attribute sync_only } $($state)* } };
    ($half:ident look: [async_only $($w:tt)*] $($state:tt)*) => { $crate::__smart_half_wrong! { $half { attribute async_only } $($state)* } };
    ($half:ident look: [sync_where $($w:tt)*] $($state:tt)*) => { $crate::__smart_half_wrong! { $half { sync_where } $($state)* } };
    (
        $same:ident look: $look:tt attribute: $other:tt half: $half:ident asyncness: $a:tt attributes: $more:tt
        kept: [$($kept:tt)*] $($state:tt)*
    ) => {
        $crate::__smart_half_attributes! {
            half: $half asyncness: $a attributes: $more kept: [$($kept)* # $other] $($state)*
        }
    };
}

/// The error of a helper attribute in a half, at the attribute.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_half_wrong {
    (sync $error:tt attribute: $attribute:tt $($state:tt)*) => { $crate::__smart_half_attributes! { $($state)* } };
    (
        async { $($error:tt)* } attribute: $attribute:tt half: async asyncness: $a:tt attributes: $more:tt
        kept: $k:tt send: $s:tt replace: $r:tt item: [$item:item]
    ) => {
        $crate::__smart_error! { $($error)* }
    };
    (
        async $error:tt attribute: $attribute:tt half: async asyncness: $a:tt attributes: $more:tt
        kept: $kept:tt send: $s:tt replace: $r:tt
        item: { name: $name:tt body: $body:tt vis: $vis:tt header: $header:tt }
    ) => {
        $crate::__smart_half_emit! {
            async asyncness: $a kept: $kept name: $name
            body: [{ $crate::__smart_error_here! { [$name $attribute] $error } }] vis: $vis header: $header
        }
    };
}

/// Replaces the `where` clause of a signature.
macro_rules! define_half_where {
    ($d:tt $([$($t:ident)*])+ next: [$($n:ident)+]) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_half_where {
            $(
                (
                    item: { $d($d item:tt)* } bounds: [$d($d bounds:tt)*] taken: [$d($d taken:tt)*]
                    rest: [$($d $t:tt)* $d(where $d($d w:tt)*)?]
                ) => {
                    $crate::__smart_half_emit! {
                        $d($d item)* header: [$d($d taken)* $($d $t)* where $d($d bounds)*]
                    }
                };
            )+
            (item: $d item:tt bounds: $d b:tt taken: [$d($d taken:tt)*] rest: [$($d $n:tt)+ $d($d rest:tt)*]) => {
                $crate::__smart_half_where! {
                    item: $d item bounds: $d b taken: [$d($d taken)* $($d $n)+] rest: [$d($d rest)*]
                }
            };
        }
    };
}

define_half_where! { $
    [] [a] [a b] [a b c] [a b c e] [a b c e f] [a b c e f g] [a b c e f g h] next: [a b c e f g h i]
}

/// Emits a function of a half.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_half_emit {
    (
        sync asyncness: [async] kept: [$($kept:tt)*] name: $name:tt body: [$body:tt] vis: [$vis:vis]
        header: [$($header:tt)*]
    ) => {
        $($kept)*
        $vis fn $name $($header)* {
            use $crate::__private::{split_sync as smartasync, split_sync::smart_await};
            $body
        }
    };
    (
        async asyncness: [async] kept: [$($kept:tt)*] name: $name:tt body: [$body:tt] vis: [$vis:vis]
        header: [$($header:tt)*]
    ) => {
        $($kept)*
        $vis async fn $name $($header)* {
            use $crate::__private::{split_async as smartasync, split_async::smart_await};
            $body
        }
    };
    // An `async fn` that is only declared, and functions that are the same in both halves.
    (
        async asyncness: [async] kept: [$($kept:tt)*] name: $name:tt body: [] vis: [$vis:vis]
        header: [$($header:tt)*]
    ) => {
        $($kept)* $vis async fn $name $($header)*;
    };
    (
        $half:ident asyncness: $a:tt kept: [$($kept:tt)*] name: $name:tt body: [] vis: [$vis:vis]
        header: [$($header:tt)*]
    ) => {
        $($kept)* $vis fn $name $($header)*;
    };
    (
        $half:ident asyncness: [] kept: [$($kept:tt)*] name: $name:tt body: [$body:tt] vis: [$vis:vis]
        header: [$($header:tt)*]
    ) => {
        $($kept)* $vis fn $name $($header)* $body
    };
}

/// Emits an `async fn` of a half with `#[send]`, whose future promises to be `Send`.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_send_half {
    (
        kept: [$($kept:tt)*] vis: [$vis:vis] name: [$name:tt $args:tt] generics: [$($generics:tt)*]
        ret: [$ret:ty] bounds: [$($bounds:tt)*] opaque: $opaque:tt body: []
    ) => {
        $($kept)*
        $vis fn $name $($generics)* $args
            -> impl ::core::future::Future<Output = $ret> + ::core::marker::Send where $($bounds)*;
    };
    (
        kept: [$($kept:tt)*] vis: [$vis:vis] name: [$name:tt $args:tt] generics: [$($generics:tt)*]
        ret: [$ret:ty] bounds: [$($bounds:tt)*] opaque: $opaque:tt body: [$body:tt]
    ) => {
        $($kept)*
        $vis fn $name $($generics)* $args
            -> impl ::core::future::Future<Output = $ret> + ::core::marker::Send where $($bounds)* {
            use $crate::__private::{split_async as smartasync, split_async::smart_await};
            $crate::__smart_body! { async opaque: $opaque body: $body receiver: [] lets: [] ret: [$ret] }
        }
    };
}

/// A free function with `#[split(name)]`: a plain pair.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_split_function {
    (
        to: $to:ident attributes: $attributes:tt kept: $kept:tt
        item: {
            vis: $vis:tt asyncness: [async] name: [$name:tt $args:tt] generics: [$($generics:tt)*]
            ret: [$ret:ty] bounds: [$($bounds:tt)*] body: $body:tt
        }
    ) => {
        $crate::__smart_half_attributes! {
            half: async asyncness: [async] attributes: $attributes kept: $kept send: [] replace: []
            item: {
                name: $name body: $body vis: $vis
                header: [$($generics)* $args -> $ret where $($bounds)*]
            }
        }
        $crate::__smart_half_attributes! {
            half: sync asyncness: [async] attributes: $attributes kept: $kept send: [] replace: []
            item: {
                name: $to body: $body vis: $vis
                header: [$($generics)* $args -> $ret where $($bounds)*]
            }
        }
    };
    (
        to: $to:ident attributes: $attributes:tt kept: $kept:tt
        item: { vis: $vis:tt asyncness: [] name: $name:tt $($item:tt)* }
    ) => {
        $crate::__smart_error_at! { $name { split_sync } }
    };
}
