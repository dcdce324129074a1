//! The last stages of `smart_fn!`: the type that a function returns, and the items.

/// Decides what the function returns: `Call<impl Work<…>>`, or a boxed call, for which all
/// references share the lifetime `'smart`.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_output {
    (
        boxed: [] send: [$($send:path)?] parameters: [$($parameters:tt)*] boxed_parameters: $b:tt
            receiver: [$($kind:ident $this:tt [$($declared:tt)*] $d:tt)?]
        generics: $generics:tt bounds: $bounds:tt
            state: { kept: $kept:tt vis: $vis:tt name: $name:tt ret: [$ret:ty] $($state:tt)* }
    ) => {
        $crate::__smart_emit! {
            output: [$crate::Call<impl $crate::Work<Output = $ret> $(+ $send)?>] box_with: []
                parameters: [$($($declared)*,)? $($parameters)*] this: [$($this)?]
            generics: $generics bounds: $bounds
                plain: { parameters: [$($($declared)*,)? $($parameters)*] generics: $generics
                bounds: $bounds }
            kept: $kept vis: $vis name: $name ret: [$ret] $($state)*
        }
    };
    (
        boxed: [boxed] send: $send:tt parameters: [$($parameters:tt)*] boxed_parameters: $boxed:tt
            receiver: [$($kind:ident $this:tt [$($declared:tt)*] $d:tt)?]
        generics: $generics:tt bounds: $bounds:tt
        state: { kept: $kept:tt vis: $vis:tt name: $name:tt ret: $ret:tt twin: $twin:tt
            passed: $passed:tt work: { maybe: $maybe:tt asyncness: $asyncness:tt $($work:tt)* } }
    ) => {
        $crate::__smart_outlive! {
            look: $boxed take: $boxed outlive: ['smart: 'smart,]
                receiver: [$($kind $this [$($declared)*] $d)?]
            state: {
                generics: $generics send: $send boxed_parameters: $boxed
                plain: { parameters: [$($($declared)*,)? $($parameters)*] generics: $generics
                    bounds: $bounds }
                state: {
                    kept: $kept vis: $vis name: $name ret: $ret twin: $twin passed: $passed
                    work: { maybe: $maybe asyncness: $asyncness $($work)* }
                }
            }
        }
    };
}

/// Without an allocator there is no box.
#[cfg(not(feature = "alloc"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_outlive {
    (
        look: $l:tt take: $t:tt outlive: $o:tt receiver: $r:tt
        state: { generics: $g:tt send: $s:tt boxed_parameters: $b:tt
            plain: { parameters: $p:tt generics: $h:tt bounds: $bounds:tt }
            state: { kept: $k:tt vis: $v:tt name: $name:tt ret: $ret:tt $($state:tt)* } }
    ) => {
        $crate::__smart_error_item! { no_box vis: $v name: $name generics: $g ret: $ret
        bounds: $bounds body: [] }
    };
}

/// The parameters of a boxed function that have to outlive `'smart` by a bound, since nothing else
/// says so: those with a type, or a named lifetime. In a method it may be one of the trait or the
/// `impl`. A function without `self` mostly has no other lifetimes and types than its own, for
/// which [`__smart_boxed_output`] sees to that.
#[cfg(feature = "alloc")]
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_outlive {
    (look: [$n:ident: &'smart $($l:tt)*] take: [$m:ident: $t:ty, $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_outlive! { look: [$($more)*] take: [$($more)*] $($state)* }
    };
    (look: [$n:ident: &'static $($l:tt)*] take: [$m:ident: $t:ty, $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_outlive! { look: [$($more)*] take: [$($more)*] $($state)* }
    };
    (look: [$n:ident: & $life:lifetime $($l:tt)*] take: [$m:ident: $t:ty, $($more:tt)*]
        outlive: [$($outlive:tt)*] $($state:tt)*) => {
        $crate::__smart_outlive! { look: [$($more)*] take: [$($more)*]
            outlive: [$($outlive)* $life: 'smart,] $($state)* }
    };
    (look: [$n:ident: impl $($l:tt)*] take: [$m:ident: $t:ty, $($more:tt)*] $($state:tt)*) => {
        $crate::__smart_outlive! { look: [$($more)*] take: [$($more)*] $($state)* }
    };
    (look: [$n:ident: $($l:tt)+] take: [$m:ident: $t:ty, $($more:tt)*] outlive: $outlive:tt
        receiver: [] $($state:tt)*) => {
        $crate::__smart_outlive! { look: [$($more)*] take: [$($more)*] outlive: $outlive
            receiver: [] $($state)* }
    };
    (look: [$n:ident: $($l:tt)+] take: [$m:ident: $t:ty, $($more:tt)*] outlive: [$($outlive:tt)*]
        $($state:tt)*) => {
        $crate::__smart_outlive! { look: [$($more)*] take: [$($more)*]
            outlive: [$($outlive)* $t: 'smart,] $($state)* }
    };
    // A `self` by value, or of a named lifetime.
    (look: [] take: [] outlive: [$($outlive:tt)*]
        receiver: [value $this:tt $d:tt [$($declared:tt)*]] state: $state:tt) => {
        $crate::__smart_outlive! { outlive: [Self: 'smart, $($outlive)*]
            receiver: [$this [$($declared)*]] state: $state }
    };
    (look: [] take: [] outlive: $outlive:tt receiver: [$kind:ident $this:tt $d:tt
        [&'smart $($declared:tt)*]] state: $state:tt) => {
        $crate::__smart_outlive! { outlive: $outlive receiver: [$this [&'smart $($declared)*]]
            state: $state }
    };
    (look: [] take: [] outlive: [$($outlive:tt)*] receiver: [$kind:ident $this:tt $d:tt
        [& $life:lifetime $($declared:tt)*]] state: $state:tt) => {
        $crate::__smart_outlive! { outlive: [$life: 'smart, $($outlive)*]
            receiver: [$this [& $life $($declared)*]] state: $state }
    };
    (look: [] take: [] outlive: $outlive:tt
        receiver: [$($kind:ident $this:tt $d:tt [$($declared:tt)*])?] state: $state:tt) => {
        $crate::__smart_outlive! { outlive: $outlive receiver: [$($this [$($declared)*])?]
            state: $state }
    };
    (
        outlive: $outlive:tt receiver: [$($this:tt [$($declared:tt)*])?]
        state: { generics: [$(< $($generics:tt)*)?] send: $send:tt
            boxed_parameters: [$($parameters:tt)*] plain: $plain:tt state: $state:tt }
    ) => {
        $crate::__smart_parameters! {
            rest: [$($($generics)*)?] depth: [] names: [] types: [] lifetimes: []
                then: __smart_boxed_output
            state: {
                outlive: $outlive send: $send parameters: [$($($declared)*,)? $($parameters)*]
                    this: [$($this)?]
                generics: [<'smart, $($($generics)*)?] plain: $plain state: $state
            }
        }
    };
}

/// The boxed cases of [`__smart_output`]: every lifetime and type of its own outlives `'smart`.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_boxed_output {
    // Without generics of its own the list was opened only.
    (names: [] types: [] lifetimes: [] state: {
        outlive: $outlive:tt send: $send:tt parameters: $parameters:tt this: $this:tt
            generics: [<'smart,] $($rest:tt)*
    }) => {
        $crate::__smart_boxed_output! { outlive: $outlive send: $send parameters: $parameters
            this: $this generics: [<'smart>] $($rest)* }
    };
    (names: $names:tt types: [$($types:ident)*] lifetimes: [$($lifetimes:lifetime)*]
        state: { outlive: [$($outlive:tt)*] $($state:tt)* }) => {
        $crate::__smart_boxed_output! { outlive: [$($lifetimes: 'smart,)* $($types: 'smart,)*
            $($outlive)*] $($state)* }
    };
    (outlive: $outlive:tt send: [] $($rest:tt)*) => {
        $crate::__smart_boxed_output! { call: [LocalBoxCall boxed_local] outlive: $outlive $($rest)* }
    };
    (outlive: $outlive:tt send: $send:tt $($rest:tt)*) => {
        $crate::__smart_boxed_output! { call: [BoxCall boxed] outlive: $outlive $($rest)* }
    };
    (
        call: [$call:ident $box_with:ident] outlive: [$($outlive:tt)*] parameters: $parameters:tt
            this: $this:tt generics: $generics:tt
        plain: { parameters: $plain_parameters:tt generics: $plain_generics:tt
            bounds: [$($bounds:tt)*] }
        state: { kept: [$($kept:tt)*] vis: $vis:tt name: $name:tt ret: [$ret:ty] $($state:tt)* }
    ) => {
        $crate::__smart_emit! {
            output: [$crate::$call<'smart, $ret>] box_with: [$box_with] parameters: $parameters
                this: $this
            generics: $generics bounds: [$($outlive)* $($bounds)*]
            plain: { parameters: $plain_parameters generics: $plain_generics bounds: [$($bounds)*] }
            kept: [
                #[allow(
                    clippy::multiple_bound_locations, unknown_lints, renamed_and_removed_lints,
                    elided_named_lifetimes, mismatched_lifetime_syntaxes,
                    reason = "the result shares one lifetime with what it borrows"
                )]
                $($kept)*
            ]
            vis: $vis name: $name ret: [$ret] $($state)*
        }
    };
}

/// Emits the function, and its blocking twin where one is asked for. The body is handed on only to a
/// twin that needs it, so that an editor finds it once.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_emit {
    (
        output: $output:tt box_with: $box_with:tt parameters: $parameters:tt this: $this:tt
        generics: $generics:tt bounds: $bounds:tt plain: $plain:tt kept: $kept:tt vis: $vis:tt
        name: [$name:tt $args:tt] ret: $ret:tt twin: $twin:tt passed: $passed:tt work: $work:tt
    ) => {
        $crate::__smart_emit! {
            $work { $kept $vis $name $generics $parameters $output $bounds $box_with } $this
            { twin: $twin of: [$name] passed: $passed plain: $plain kept: $kept vis: $vis
                ret: $ret }
        }
    };
    ($work:tt $function:tt $this:tt { twin: [] $($twin:tt)* }) => {
        $crate::__smart_emit_function! { $work $function }
    };
    ($work:tt $function:tt [$this:tt] { $($twin:tt)* }) => {
        $crate::__smart_emit_function! { $work $function }
        $crate::__smart_twin! { $($twin)* this: [$this] work: {} }
    };
    ($work:tt $function:tt [] { $($twin:tt)* }) => {
        $crate::__smart_emit_function! { $work $function }
        $crate::__smart_twin! { $($twin)* this: [] work: $work }
    };
}

/// Emits the function: a declaration in a trait, or one with a body.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_emit_function {
    (
        { maybe: [] asyncness: [] stated: $stated:tt body: [$body:tt]
            receiver: [reference $($receiver:tt)*] $($work:tt)* }
        { [$($kept:tt)*] $($function:tt)* }
    ) => {
        $crate::__smart_emit_function! {
            { maybe: [] asyncness: [] stated: $stated body: [$body] receiver: [again $($receiver)*]
                $($work)* }
            { [#[track_caller] $($kept)*] $($function)* }
        }
    };
    (
        { maybe: $maybe:tt asyncness: $asyncness:tt stated: $stated:tt body: [] $($work:tt)* }
        {
            [$($kept:tt)*] [$vis:vis] $name:tt [$($generics:tt)*] [$($parameters:tt)*]
                [$($output:tt)*]
            [$($bounds:tt)*] $box_with:tt
        }
    ) => {
        $($kept)* $vis fn $name $($generics)* ($($parameters)*) -> $($output)* where $($bounds)*;
    };
    (
        $work:tt
        {
            [$($kept:tt)*] [$vis:vis] $name:tt [$($generics:tt)*] [$($parameters:tt)*]
                [$($output:tt)*]
            [$($bounds:tt)*] $box_with:tt
        }
    ) => {
        $($kept)* $vis fn $name $($generics)* ($($parameters)*) -> $($output)* where $($bounds)* {
            $crate::__smart_boxed_work! { box_with: $box_with work: $work }
        }
    };
}

/// Emits the blocking twin.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_twin {
        (
        twin: [$twin:ident] of: [$name:tt] passed: $passed:tt
        plain: { parameters: [$($parameters:tt)*] generics: [$($generics:tt)*]
            bounds: [$($bounds:tt)*] }
        kept: [$($kept:tt)*] vis: [$vis:vis] ret: [$ret:ty]
        this: $this:tt work: $work:tt
    ) => {
        $($kept)*
        #[doc = ::core::concat!(
            "\n\nThe blocking twin of `", ::core::stringify!($name),
            "`: it blocks this thread until the call is done, and panics in async code."
        )]
        #[track_caller]
        $vis fn $twin $($generics)* ($($parameters)*) -> $ret where $($bounds)* {
            $crate::Call::wait($crate::__smart_twin_call! {
                this: $this name: $name generics: [$($generics)*] passed: $passed work: $work
            })
        }
    };
}

/// The call that a twin waits for.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_twin_call {
    // That of the method itself.
    (this: [$this:tt] name: $name:tt generics: $generics:tt passed: [$($passed:tt)*]
        work: $work:tt) => {
        {
            #[allow(deprecated, reason = "the twin has the attributes of the method itself")]
            let call = $crate::__smart_name_generics!
                { name: $name generics: $generics }($this, $($passed)*);
            call
        }
    };
    // Without `self` the function may be free or associated, so its twin cannot name it, and has a
    // copy of the body.
    (this: [] name: $name:tt generics: $generics:tt passed: $passed:tt work: $work:tt) => {
        $crate::__smart_boxed_work! { box_with: [] work: $work }
    };
}

/// The expression of a call, boxed or not.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_boxed_work {
    (box_with: [] work: { $($work:tt)* }) => { $crate::__smart_work! { $($work)* } };
    (box_with: [$box_with:ident] work: { $($work:tt)* }) => {
        $crate::Call::$box_with($crate::__smart_work! { $($work)* })
    };
}
