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

/// Puts each helper attribute of a function into its slot, and hands the function on.
///
/// A row is an attribute, its slot with what it puts there, and the slots before that one. The first
/// group is the item: its helper attributes, the slots, the body and the other attributes. The second
/// is the function's signature, which is also what an error needs.
macro_rules! define_helpers {
    ($d:tt $($attribute:tt $slot:ident: $value:tt after: [$($before:ident)*];)+) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_helpers {
            // All are sorted. This is the first arm, since most functions have none.
            (
                {
                    helpers: [] asyncness: $d asyncness:tt maybe: $d maybe:tt twin: $d twin:tt
                        wraps: $d wraps:tt boxed: $d boxed:tt send: [$d($d send:path)?]
                        body: $d body:tt kept: $d kept:tt
                }
                {
                    vis: $d vis:tt name: [$d name:tt $d args:tt] generics: $d generics:tt
                        ret: [$d ret:ty] bounds: $d bounds:tt
                }
                stated: $d stated:tt
            ) => {
                $crate::__smart_receiver! {
                    look: $d args args: $d args
                    state: {
                        function: {
                            vis: $d vis name: [$d name $d args] generics: $d generics
                                ret: [$d ret] bounds: $d bounds
                        }
                        boxed: $d boxed maybe: $d maybe asyncness: $d asyncness body: $d body
                            stated: $d stated wraps: $d wraps twin: $d twin
                            send: [$d($d send)?]
                        kept: $d kept named: $d name
                        output: [
                            [$crate::Call<impl $crate::Work<Output = $d ret> $d(+ $d send)?>]
                        ]
                    }
                }
            };
            // What contradicts the function, or another helper attribute.
            (
                { helpers: [[maybe_async] $d($d h:tt)*] asyncness: [] $d($d item:tt)* }
                $d function:tt $d($d state:tt)*
            ) => {
                $crate::__smart_error_in! { { maybe_sync } $d function }
            };
            (
                {
                    helpers: [[maybe_async] $d($d h:tt)*] asyncness: $d a:tt maybe: $d m:tt
                        twin: $d t:tt wraps: [$d($d path:tt)+]
                    $d($d item:tt)*
                }
                $d function:tt $d($d state:tt)*
            ) => {
                $crate::__smart_error_in! { { maybe_wraps } $d function }
            };
            (
                {
                    helpers: [[wraps($d($d path:tt)+)] $d($d h:tt)*] asyncness: $d a:tt
                        maybe: [maybe_async]
                    $d($d item:tt)*
                }
                $d function:tt $d($d state:tt)*
            ) => {
                $crate::__smart_error_in! { { maybe_wraps } $d function }
            };
            (
                {
                    helpers: [[wraps($d($d path:tt)+)] $d($d h:tt)*] asyncness: $d a:tt maybe: []
                        twin: $d t:tt wraps: [] boxed: $d b:tt send: $d s:tt body: [$d body:tt]
                    $d($d item:tt)*
                }
                $d function:tt $d($d state:tt)*
            ) => {
                $crate::__smart_error_in! { { wraps_body } $d function }
            };
            $(
                (
                    {
                        helpers: [$attribute $d($d h:tt)*] $($before: $d $before:tt)* $slot: []
                        $d($d item:tt)*
                    }
                    $d($d state:tt)*
                ) => {
                    $crate::__smart_helpers! {
                        {
                            helpers: [$d($d h)*] $($before: $d $before)* $slot: $value
                            $d($d item)*
                        }
                        $d($d state)*
                    }
                };
            )+
            // Of a block around the function.
            (
                {
                    helpers: [[every_async] $d($d h:tt)*] asyncness: [async] maybe: []
                    $d($d item:tt)*
                }
                $d($d state:tt)*
            ) => {
                $crate::__smart_helpers! {
                    {
                        helpers: [[maybe_async] $d($d h)*] asyncness: [async] maybe: []
                        $d($d item)*
                    }
                    $d($d state)*
                }
            };
            ({ helpers: [[every_async] $d($d h:tt)*] $d($d item:tt)* } $d($d state:tt)*) => {
                $crate::__smart_helpers! { { helpers: [$d($d h)*] $d($d item)* } $d($d state)* }
            };
            // Of a split.
            (
                {
                    helpers: [[__send_half]] asyncness: [async] maybe: [] twin: [] wraps: []
                        boxed: [] send: []
                    $d($d item:tt)*
                }
                $d($d state:tt)*
            ) => {
                $crate::__smart_send_half! { $d($d item)* $d($d state)* }
            };
            // Of a word that a smart function cannot have.
            (
                { helpers: [[__refused $d($d error:tt)+] $d($d h:tt)*] $d($d item:tt)* }
                $d function:tt $d($d state:tt)*
            ) => {
                $crate::__smart_error_in! { { $d($d error)+ } $d function }
            };
            // It is repeated, has the wrong shape, or would do nothing.
            (
                { helpers: [$d wrong:tt $d($d h:tt)*] $d($d item:tt)* }
                $d function:tt $d($d state:tt)*
            ) => {
                $crate::__smart_wrong_helper! {
                    function look: $d wrong
                    then: __smart_error_in { at: $d wrong $d function }
                }
            };
        }
    };
}

define_helpers! { $
    [maybe_async] maybe: [maybe_async] after: [asyncness];
    [blocking($name:ident)] twin: [$name] after: [asyncness maybe];
    [wraps($($path:tt)+)] wraps: [$($path)+] after: [asyncness maybe twin];
    [boxed] boxed: [boxed] after: [asyncness maybe twin wraps];
    [send] send: [::core::marker::Send] after: [asyncness maybe twin wraps boxed];
}

/// Says which mistake a helper attribute is where it stands, and hands that on to the macro `then`.
macro_rules! define_wrong_helpers {
    ($d:tt $($place:ident [$($look:tt)+] { $($mistake:tt)+ };)+) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_wrong_helper {
            $(
                (
                    $place look: [$($look)+ $d($d arguments:tt)*]
                    then: $d then:ident { $d($d state:tt)* }
                ) => {
                    $crate::$d then! { { $($mistake)+ } $d($d state)* }
                };
            )+
        }
    };
}

define_wrong_helpers! { $
    function [blocking] { blocking };
    function [wraps] { wraps };
    function [split($to:ident)] { split_sync };
    function [split] { split };
    function [instrument] { instrument };
    function [tracing::instrument] { instrument };
    function [track_caller] { track_caller };
    function [sync_only] { outside_split sync_only };
    function [async_only] { outside_split async_only };
    function [sync_where] { outside_split sync_where };
    function [$helper:ident] { attribute $helper };
    half [sync_where] { sync_where };
    half [sync_only] { attribute sync_only };
    half [async_only] { attribute async_only };
    half [send] { attribute send };
    half [split] { split };
    half [track_caller] { track_caller };
    half [$helper:ident] { in_split $helper };
    block [split] { split };
    block [$helper:ident] { on_a_block $helper };
    split_block [every_async] { in_split maybe_async };
    split_block [$helper:ident] { in_split $helper };
}
