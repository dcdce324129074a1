//! The front door of `smart_fn!`, and the stage that takes its helper attributes off an item.
//!
//! # Stages
//!
//! Each stage is a macro of its own and hands its result on to the next. Only the last two emit
//! items: each expansion takes time, so a plain function with a body, which most are, is emitted as
//! soon as it is known for one.
//!
//! ```text
//! smart_fn!                 the name that users know, as a macro and, with `--cfg smartasync_nightly`, as an attribute
//! └ __smart_items!          one item after the other: attributes, visibility, `async`, name
//!  └ __smart_generics!      finds the end of `<…>`, if there is one                            (signature.rs)
//!     └ __smart_result!     `-> Ret`                                                           (signature.rs)
//!        └ __smart_where!   `where …`, the body or `;`                                         (signature.rs)
//!           └ __smart_whole!            the item is whole, and __smart_items! goes on with the next one
//!              └ __smart_find_impl!     does `Ret` contain `impl Trait`?                       (signature.rs)
//!                 └ __smart_attributes! helper attributes
//!                    └ __smart_arguments!   one argument after the other                       (arguments.rs)
//!                       └ __smart_choose!   which kind of function it is, and its body; emits the common case (choose.rs)
//!                          └ __smart_emit!  the other items                                    (emit.rs)
//! __smart_error!            every mistake that a stage finds, shown at the user's own tokens by __smart_error_at! (errors.rs)
//! ```
//!
//! To see an expansion: `cargo +nightly rustc --profile check --example quickstart --
//! -Zunpretty=expanded`.
//!
//! # Limits
//!
//! The body is a single `block` to all of this, so its length costs nothing. The header is looked
//! at through windows of several tokens, to stay clear of the recursion limit of 128: 24 arguments,
//! 8 generic parameters and 8 bounds together are fine, as are some 50 plain functions in one
//! invocation, 30 boxed ones, or 14 to 29 with generics and a `where` clause. Beyond that, write a
//! second invocation.

#[doc = include_str!("smart_fn.md")]
#[cfg(not(smartasync_nightly))]
#[macro_export]
macro_rules! smart_fn {
    ($($items:tt)*) => { $crate::__smart_items! { __smart_function {} $($items)* } };
}

#[doc = include_str!("smart_fn.md")]
#[cfg(smartasync_nightly)]
#[macro_export]
macro_rules! smart_fn {
    attr() ($($item:tt)*) => { $crate::__smart_items! { __smart_function {} $($item)* } };
    attr($($wrong:tt)+) ($($item:tt)*) => { $crate::__smart_error! { attribute smart_fn } };
    ($($items:tt)*) => { $crate::__smart_items! { __smart_function {} $($items)* } };
}

/// The signature is read: hands the parts on in the order of the next stages.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_sort {
    (
        item: {
            body: $body:tt attributes: $attributes:tt vis: $vis:tt asyncness: $asyncness:tt
            name: $name:tt generics: $generics:tt
        }
        ret: $ret:tt bounds: $bounds:tt opaque: $opaque:tt
    ) => {
        $crate::__smart_attributes! {
            opaque: $opaque attributes: $attributes
            kept: [] maybe: [] twin: [] wraps: [] boxed: [] send: []
            item: {
                vis: $vis asyncness: $asyncness name: $name generics: $generics ret: $ret
                bounds: $bounds body: $body
            }
        }
    };
}

/// Sorts the attributes: helper attributes each to their place, all others to `kept`.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_attributes {
    // Doc comments are an attribute a line, so they are taken sixteen and four at a time.
    (
        opaque: $opaque:tt
        attributes: [
            [doc $($d0:tt)*] [doc $($d1:tt)*] [doc $($d2:tt)*] [doc $($d3:tt)*] [doc $($d4:tt)*] [doc $($d5:tt)*] [doc $($d6:tt)*] [doc $($d7:tt)*]
            [doc $($d8:tt)*] [doc $($d9:tt)*] [doc $($da:tt)*] [doc $($db:tt)*] [doc $($dc:tt)*] [doc $($dd:tt)*] [doc $($de:tt)*] [doc $($df:tt)*]
            $($more:tt)*
        ]
        kept: [$($kept:tt)*] $($state:tt)*
    ) => {
        $crate::__smart_attributes! {
            opaque: $opaque attributes: [$($more)*]
            kept: [
                $($kept)*
                #[doc $($d0)*] #[doc $($d1)*] #[doc $($d2)*] #[doc $($d3)*] #[doc $($d4)*] #[doc $($d5)*] #[doc $($d6)*] #[doc $($d7)*]
                #[doc $($d8)*] #[doc $($d9)*] #[doc $($da)*] #[doc $($db)*] #[doc $($dc)*] #[doc $($dd)*] #[doc $($de)*] #[doc $($df)*]
            ]
            $($state)*
        }
    };
    (
        opaque: $opaque:tt
        attributes: [[doc $($d0:tt)*] [doc $($d1:tt)*] [doc $($d2:tt)*] [doc $($d3:tt)*] $($more:tt)*]
        kept: [$($kept:tt)*] $($state:tt)*
    ) => {
        $crate::__smart_attributes! {
            opaque: $opaque attributes: [$($more)*]
            kept: [$($kept)* #[doc $($d0)*] #[doc $($d1)*] #[doc $($d2)*] #[doc $($d3)*]]
            $($state)*
        }
    };
    // `#[maybe_async]`
    (
        opaque: $opaque:tt attributes: [[maybe_async] $($more:tt)*] kept: $kept:tt
        maybe: [] twin: $twin:tt wraps: $wraps:tt boxed: $boxed:tt send: $send:tt $($state:tt)*
    ) => {
        $crate::__smart_attributes! {
            opaque: $opaque attributes: [$($more)*] kept: $kept
            maybe: [maybe_async] twin: $twin wraps: $wraps boxed: $boxed send: $send $($state)*
        }
    };
    // `#[blocking(name)]`
    (
        opaque: $opaque:tt attributes: [[blocking($name:ident)] $($more:tt)*] kept: $kept:tt
        maybe: $maybe:tt twin: [] wraps: $wraps:tt boxed: $boxed:tt send: $send:tt $($state:tt)*
    ) => {
        $crate::__smart_attributes! {
            opaque: $opaque attributes: [$($more)*] kept: $kept
            maybe: $maybe twin: [$name] wraps: $wraps boxed: $boxed send: $send $($state)*
        }
    };
    // `#[wraps(path::to::function)]`
    (
        opaque: $opaque:tt attributes: [[wraps($($path:tt)+)] $($more:tt)*] kept: $kept:tt
        maybe: $maybe:tt twin: $twin:tt wraps: [] boxed: $boxed:tt send: $send:tt $($state:tt)*
    ) => {
        $crate::__smart_attributes! {
            opaque: $opaque attributes: [$($more)*] kept: $kept
            maybe: $maybe twin: $twin wraps: [$($path)+] boxed: $boxed send: $send $($state)*
        }
    };
    // `#[boxed]`
    (
        opaque: $opaque:tt attributes: [[boxed] $($more:tt)*] kept: $kept:tt
        maybe: $maybe:tt twin: $twin:tt wraps: $wraps:tt boxed: [] send: $send:tt $($state:tt)*
    ) => {
        $crate::__smart_attributes! {
            opaque: $opaque attributes: [$($more)*] kept: $kept
            maybe: $maybe twin: $twin wraps: $wraps boxed: [boxed] send: $send $($state)*
        }
    };
    // `#[send]`
    (
        opaque: $opaque:tt attributes: [[send] $($more:tt)*] kept: $kept:tt
        maybe: $maybe:tt twin: $twin:tt wraps: $wraps:tt boxed: $boxed:tt send: [] $($state:tt)*
    ) => {
        $crate::__smart_attributes! {
            opaque: $opaque attributes: [$($more)*] kept: $kept
            maybe: $maybe twin: $twin wraps: $wraps boxed: $boxed send: [send] $($state)*
        }
    };
    // `#[split(name)]`
    (
        opaque: $opaque:tt attributes: [[split($to:ident)] $($more:tt)*] kept: $kept:tt
        maybe: [] twin: [] wraps: [] boxed: [] send: [] item: $item:tt
    ) => {
        $crate::__smart_split_function! { to: $to attributes: [$($more)*] kept: $kept item: $item }
    };
    // Not of a user: the function of a half with `#[send]`.
    (
        opaque: $opaque:tt attributes: [[__smart_send_half $($kept:tt)*]] kept: []
        maybe: [] twin: [] wraps: [] boxed: [] send: []
        item: {
            vis: $vis:tt asyncness: $a:tt name: $name:tt generics: $generics:tt ret: $ret:tt
            bounds: $bounds:tt body: $body:tt
        }
    ) => {
        $crate::__smart_send_half! {
            kept: [$($kept)*] vis: $vis name: $name generics: $generics ret: $ret bounds: $bounds
            opaque: $opaque body: $body
        }
    };
    // Any other attribute stays on the function.
    (opaque: $opaque:tt attributes: [$other:tt $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_other_attribute! { look: $other attribute: $other opaque: $opaque attributes: [$($more)*] $($state)* }
    };
    // All are sorted: on to the arguments.
    (
        opaque: $opaque:tt attributes: [] kept: $kept:tt
        maybe: $maybe:tt twin: $twin:tt wraps: $wraps:tt boxed: $boxed:tt send: $send:tt
        item: { vis: $vis:tt asyncness: $asyncness:tt name: [$name:tt $args:tt] $($item:tt)* }
    ) => {
        $crate::__smart_receiver! {
            look: $args args: $args
            state: {
                opaque: $opaque kept: $kept maybe: $maybe twin: $twin wraps: $wraps boxed: $boxed send: $send
                item: { vis: $vis asyncness: $asyncness name: [$name $args] $($item)* }
            }
        }
    };
}

/// Keeps an attribute, unless it is a helper attribute that is repeated or has the wrong shape, or
/// one that would do nothing. `look` and `attribute` are the same tokens.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_other_attribute {
    (look: [maybe_async $($wrong:tt)*] $($state:tt)*) => { $crate::__smart_wrong_attribute! { { attribute maybe_async } $($state)* } };
    (look: [blocking $($wrong:tt)*] $($state:tt)*) => { $crate::__smart_wrong_attribute! { { blocking } $($state)* } };
    (look: [wraps $($wrong:tt)*] $($state:tt)*) => { $crate::__smart_wrong_attribute! { { wraps } $($state)* } };
    (look: [boxed $($wrong:tt)*] $($state:tt)*) => { $crate::__smart_wrong_attribute! { { attribute boxed } $($state)* } };
    (look: [instrument $($with:tt)*] $($state:tt)*) => { $crate::__smart_wrong_attribute! { { instrument } $($state)* } };
    (look: [tracing::instrument $($with:tt)*] $($state:tt)*) => { $crate::__smart_wrong_attribute! { { instrument } $($state)* } };
    (look: [split $($wrong:tt)*] $($state:tt)*) => { $crate::__smart_wrong_attribute! { { split } $($state)* } };
    (look: [sync_only $($wrong:tt)*] $($state:tt)*) => { $crate::__smart_wrong_attribute! { { outside_split sync_only } $($state)* } };
    (look: [async_only $($wrong:tt)*] $($state:tt)*) => { $crate::__smart_wrong_attribute! { { outside_split async_only } $($state)* } };
    (look: [sync_where $($wrong:tt)*] $($state:tt)*) => { $crate::__smart_wrong_attribute! { { outside_split sync_where } $($state)* } };
    (look: [send $($wrong:tt)*] $($state:tt)*) => { $crate::__smart_wrong_attribute! { { attribute send } $($state)* } };
    (look: $look:tt attribute: $other:tt opaque: $opaque:tt attributes: $more:tt kept: [$($kept:tt)*] $($state:tt)*) => {
        $crate::__smart_attributes! { opaque: $opaque attributes: $more kept: [$($kept)* # $other] $($state)* }
    };
}

/// The error of a wrong helper attribute, at the attribute.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_wrong_attribute {
    (
        $error:tt attribute: $attribute:tt opaque: $o:tt attributes: $a:tt kept: $k:tt
        maybe: $m:tt twin: $t:tt wraps: $w:tt boxed: $b:tt send: $s:tt item: { vis: $v:tt asyncness: $x:tt name: [$name:tt $args:tt] $($item:tt)* }
    ) => {
        $crate::__smart_error_at! { [$name $attribute] $error }
    };
}
