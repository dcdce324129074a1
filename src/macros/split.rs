//! Splits: two plain APIs from one body. An item with `#[split(…)]` is emitted twice, as its async
//! half and as its sync half. What comes out is plain Rust: functions, and no [`Call`](crate::Call).
//!
//! ```text
//! __smart_half!               one function of a half, or nothing if it belongs to the other half
//! ├ __smart_half_where!       finds the `where` that `#[sync_where(…)]` replaces
//! └ __smart_half_emit!        emits the function; `smart_await!` in its body means what the half needs
//! ```

/// One function of a half, with its attributes sorted. `context` says which half, and whether all its
/// futures promise to be `Send`.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_half {
    // It belongs to the other half, or to this one alone.
    ({ body: $b:tt context: [sync $s:tt] $($i:tt)* } kept: $k:tt
        helpers: [[async_only] $($h:tt)*]) => {};
    ({ body: $b:tt context: [async $s:tt] $($i:tt)* } kept: $k:tt
        helpers: [[sync_only] $($h:tt)*]) => {};
    ($item:tt kept: $kept:tt helpers: [[async_only] [track_caller] $($h:tt)*]) => {
        $crate::__smart_half! { $item kept: $kept helpers: [[track_caller] [async_only] $($h)*] }
    };
    ($item:tt kept: $kept:tt helpers: [[async_only] $($h:tt)*]) => {
        $crate::__smart_half! { $item kept: $kept helpers: [$($h)*] }
    };
    ($item:tt kept: $kept:tt helpers: [[sync_only] $($h:tt)*]) => {
        $crate::__smart_half! { $item kept: $kept helpers: [$($h)*] }
    };
    // `#[sync_where(T: Bound)]`
    (
        {
            body: $b:tt context: [sync $s:tt] vis: $v:tt asyncness: $a:tt name: $n:tt
                header: [$($header:tt)*]
        }
        kept: $kept:tt helpers: [[sync_where($($bounds:tt)*)] $($h:tt)*]
    ) => {
        $crate::__smart_half_where! {
            item: { body: $b context: [sync $s] vis: $v asyncness: $a name: $n } kept: $kept
                helpers: [$($h)*]
            bounds: [$($bounds)*] taken: [] rest: [$($header)*]
        }
    };
    ({ body: $b:tt context: [async $s:tt] $($i:tt)* } kept: $kept:tt
        helpers: [[sync_where($($w:tt)*)] $($h:tt)*]) => {
        $crate::__smart_half! { { body: $b context: [async $s] $($i)* } kept: $kept
            helpers: [$($h)*] }
    };
    // `#[send]` changes the async half of an `async fn` alone.
    ({ body: $b:tt context: [$half:ident $s:tt] $($i:tt)* } kept: $kept:tt
        helpers: [[send] $($h:tt)*]) => {
        $crate::__smart_half! { { body: $b context: [$half [send]] $($i)* } kept: $kept
            helpers: [$($h)*] }
    };
    // An `async fn` cannot have `#[track_caller]` on stable Rust. The sync half has it, if there is
    // one.
    (
        { body: $b:tt context: [async $s:tt] vis: $v:tt asyncness: [async] $($i:tt)* }
        kept: $kept:tt helpers: [[track_caller] [async_only] $($h:tt)*]
    ) => {
        $crate::__smart_half! {
            { body: $b context: [async $s] vis: $v asyncness: [async] $($i)* } kept: $kept
                helpers: [[track_caller async_only]]
        }
    };
    (
        { body: $b:tt context: [async $s:tt] vis: $v:tt asyncness: [async] $($i:tt)* }
        kept: $kept:tt helpers: [[track_caller] $($h:tt)*]
    ) => {
        $crate::__smart_half! {
            { body: $b context: [async $s] vis: $v asyncness: [async] $($i)* } kept: $kept
                helpers: [$($h)*]
        }
    };
    ($item:tt kept: [$($kept:tt)*] helpers: [[track_caller] $($h:tt)*]) => {
        $crate::__smart_half! { $item kept: [$($kept)* #[track_caller]] helpers: [$($h)*] }
    };
    // `#[instrument]` works as on any plain function.
    ($item:tt kept: [$($kept:tt)*] helpers: [[$(tracing::)? instrument $($x:tt)*] $($h:tt)*]) => {
        $crate::__smart_half! { $item kept: [$($kept)* #[instrument $($x)*]] helpers: [$($h)*] }
    };
    // All are sorted. First a constant, a type or a call of a macro.
    ({ body: [item $item:item] context: $c:tt } kept: [$($kept:tt)*] helpers: []) => {
        $($kept)* $item
    };
    (
        { body: $body:tt context: [async [send]] vis: $vis:tt asyncness: [async] name: $name:tt
            header: $header:tt }
        kept: $kept:tt helpers: []
    ) => {
        $crate::__smart_function! {
            { body: $body context: [[__send_half]] vis: $vis asyncness: [async] name: $name
                header: $header }
            kept: $kept helpers: []
        }
    };
    ({ body: $body:tt context: [$half:ident $s:tt] $($item:tt)* } kept: $kept:tt helpers: []) => {
        $crate::__smart_half_emit! { $half kept: $kept body: $body $($item)* }
    };
    // A helper attribute that has no place here. The async half has the error.
    ({ body: $b:tt context: [sync $s:tt] $($i:tt)* } kept: $kept:tt
        helpers: [$wrong:tt $($h:tt)*]) => {
        $crate::__smart_half! { { body: $b context: [sync $s] $($i)* } kept: $kept
            helpers: [$($h)*] }
    };
    ({ body: [item $item:item] context: $c:tt } kept: $kept:tt helpers: [$wrong:tt $($h:tt)*]) => {
        $crate::__smart_wrong_helper! { half look: $wrong then: __smart_error {} }
    };
    (
        { body: $b:tt context: $c:tt vis: $vis:tt asyncness: $a:tt name: $name:tt
            header: $header:tt }
        kept: $kept:tt helpers: [$wrong:tt $($h:tt)*]
    ) => {
        $crate::__smart_half_emit! {
            async kept: $kept
            body: [{
                $crate::__smart_wrong_helper! {
                    half look: $wrong then: __smart_error_here { [$name $wrong] }
                }
            }]
            vis: $vis asyncness: $a name: $name header: $header
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
                    item: { $d($d item:tt)* } kept: $d kept:tt helpers: $d helpers:tt
                        bounds: [$d($d bounds:tt)*]
                    taken: [$d($d taken:tt)*] rest: [$($d $t:tt)* $d(where $d($d w:tt)*)?]
                ) => {
                    $crate::__smart_half! {
                        { $d($d item)* header: [$d($d taken)* $($d $t)* where $d($d bounds)*] }
                        kept: $d kept helpers: $d helpers
                    }
                };
            )+
            (
                item: $d item:tt kept: $d kept:tt helpers: $d helpers:tt bounds: $d bounds:tt
                taken: [$d($d taken:tt)*] rest: [$($d $n:tt)+ $d($d rest:tt)*]
            ) => {
                $crate::__smart_half_where! {
                    item: $d item kept: $d kept helpers: $d helpers bounds: $d bounds
                    taken: [$d($d taken)* $($d $n)+] rest: [$d($d rest)*]
                }
            };
        }
    };
}

with_windows! { { define_half_where $ } [] [] a b c e f g h i }

/// Emits a function of a half.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_half_emit {
    (
        sync kept: [$($kept:tt)*] body: [$body:tt] vis: [$vis:vis] asyncness: [async] name: $name:tt
        header: [$($header:tt)*]
    ) => {
        $($kept)* $vis fn $name $($header)* {
            use $crate::__private::{split_sync as smartasync, split_sync::smart_await};
            $body
        }
    };
    (
        async kept: [$($kept:tt)*] body: [$body:tt] vis: [$vis:vis] asyncness: [async]
            name: $name:tt
        header: [$($header:tt)*]
    ) => {
        $($kept)* $vis async fn $name $($header)* {
            use $crate::__private::{split_async as smartasync, split_async::smart_await};
            $body
        }
    };
    // Declared only, or the same in both halves.
    (
        async kept: [$($kept:tt)*] body: [] vis: [$vis:vis] asyncness: [$($async:ident)?]
            name: $name:tt
        header: [$($header:tt)*]
    ) => {
        $($kept)* $vis $($async)? fn $name $($header)*;
    };
    (
        sync kept: [$($kept:tt)*] body: [] vis: [$vis:vis] asyncness: $a:tt name: $name:tt
        header: [$($header:tt)*]
    ) => {
        $($kept)* $vis fn $name $($header)*;
    };
    (
        $half:ident kept: [$($kept:tt)*] body: [$body:tt] vis: [$vis:vis] asyncness: []
            name: $name:tt
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
        body: [$($body:tt)?] kept: $kept:tt
        {
            vis: $vis:tt name: [$name:tt $args:tt] generics: [$($generics:tt)*] ret: [$ret:ty]
                bounds: [$($bounds:tt)*]
        }
        stated: $stated:tt
    ) => {
        $crate::__smart_half_emit! {
            sync
            kept: $kept
            body: [$({
                use $crate::__private::{split_async as smartasync, split_async::smart_await};
                $crate::__smart_body! { async stated: $stated lets: [] $body }
            })?]
            vis: $vis asyncness: [] name: $name
            header: [
                $($generics)* $args -> impl ::core::future::Future<Output = $ret> +
                    ::core::marker::Send
                where $($bounds)*
            ]
        }
    };
}
