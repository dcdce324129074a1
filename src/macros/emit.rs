//! The last stages of `smart_fn!`: the type that a function returns, and the items.

/// Decides what the function returns: `Call<impl Work<…>>`, or a boxed call, for which all references share the lifetime `'smart`.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_output {
    (
        boxed: [] send: [] parameters: [$($parameters:tt)*] boxed_parameters: $b:tt receiver: [$($kind:ident $this:tt [$($declared:tt)*] $d:tt)?]
        generics: $generics:tt bounds: [$($bounds:tt)*] state: { kept: $kept:tt vis: $vis:tt name: $name:tt ret: [$ret:ty] $($state:tt)* }
    ) => {
        $crate::__smart_emit! {
            output: [$crate::Call<impl $crate::Work<Output = $ret>>] box_with: [] parameters: [$($($declared)*,)? $($parameters)*] this: [$($this)?]
            generics: $generics bounds: [$($bounds)*] kept: $kept vis: $vis name: $name ret: [$ret] $($state)*
        }
    };
    (
        boxed: [] send: [send] parameters: [$($parameters:tt)*] boxed_parameters: $b:tt receiver: [$($kind:ident $this:tt [$($declared:tt)*] $d:tt)?]
        generics: $generics:tt bounds: [$($bounds:tt)*] state: { kept: $kept:tt vis: $vis:tt name: $name:tt ret: [$ret:ty] $($state:tt)* }
    ) => {
        $crate::__smart_emit! {
            output: [$crate::Call<impl $crate::Work<Output = $ret> + ::core::marker::Send>] box_with: []
            parameters: [$($($declared)*,)? $($parameters)*] this: [$($this)?]
            generics: $generics bounds: [$($bounds)*] kept: $kept vis: $vis name: $name ret: [$ret] $($state)*
        }
    };
    // A `self` by value has no reference whose type says that it outlives `'smart`.
    (
        boxed: [boxed] send: $send:tt parameters: $p:tt boxed_parameters: $parameters:tt receiver: [value $($receiver:tt)*]
        generics: $generics:tt bounds: [$($bounds:tt)*] state: $state:tt
    ) => {
        $crate::__smart_output! {
            boxed: [boxed] send: $send parameters: [] boxed_parameters: $parameters receiver: [outliving $($receiver)*]
            generics: $generics bounds: [Self: 'smart, $($bounds)*] state: $state
        }
    };
    (
        boxed: [boxed] send: $send:tt parameters: $p:tt boxed_parameters: [$($parameters:tt)*] receiver: [$($kind:ident $this:tt $d:tt [$($declared:tt)*])?]
        generics: [$(< $($generics:tt)*)?] bounds: $bounds:tt state: $state:tt
    ) => {
        $crate::__smart_parameters! {
            rest: [$($($generics)*)?] depth: [] names: [] types: [] lifetimes: [] then: __smart_boxed_output
            state: {
                send: $send parameters: [$($($declared)*,)? $($parameters)*] this: [$($this)?]
                generics: [<'smart, $($($generics)*)?] bounds: $bounds state: $state
            }
        }
    };
}

/// The boxed cases of [`__smart_output`]: every lifetime and type of its own outlives `'smart`.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_boxed_output {
    // Without generics of its own the list was opened only.
    (names: [] types: [] lifetimes: [] state: { send: $send:tt parameters: $parameters:tt this: $this:tt generics: [<'smart,] $($rest:tt)* }) => {
        $crate::__smart_boxed_output! { outlive: [] send: $send parameters: $parameters this: $this generics: [<'smart>] $($rest)* }
    };
    (names: $names:tt types: [$($types:ident)*] lifetimes: [$($lifetimes:lifetime)*] state: { $($state:tt)* }) => {
        $crate::__smart_boxed_output! { outlive: [$($lifetimes: 'smart,)* $($types: 'smart,)*] $($state)* }
    };
    (outlive: $outlive:tt send: [] $($rest:tt)*) => { $crate::__smart_boxed_output! { call: [BoxCall boxed] outlive: $outlive $($rest)* } };
    (outlive: $outlive:tt send: [send] $($rest:tt)*) => { $crate::__smart_boxed_output! { call: [SendBoxCall boxed_send] outlive: $outlive $($rest)* } };
    (
        call: [$call:ident $box_with:ident] outlive: [$($outlive:tt)*] parameters: $parameters:tt this: $this:tt generics: $generics:tt bounds: [$($bounds:tt)*]
        state: { kept: [$($kept:tt)*] vis: $vis:tt name: $name:tt ret: [$ret:ty] $($state:tt)* }
    ) => {
        $crate::__smart_emit! {
            output: [$crate::$call<'smart, $ret>] box_with: [$box_with] parameters: $parameters this: $this
            generics: $generics bounds: [$($outlive)* $($bounds)*]
            kept: [
                #[allow(unknown_lints, mismatched_lifetime_syntaxes, reason = "a reference in the result may have no name for its lifetime")]
                $($kept)*
            ]
            vis: $vis name: $name ret: [$ret] $($state)*
        }
    };
}

/// Emits the function, and its blocking twin where one is asked for.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_emit {
    // A declaration, in a trait.
    (
        output: [$($output:tt)*] box_with: $box_with:tt parameters: [$($parameters:tt)*] this: [$($this:tt)?] generics: [$($generics:tt)*] bounds: [$($bounds:tt)*]
        kept: [$($kept:tt)*] vis: [$vis:vis] name: [$name:tt $args:tt] ret: $ret:tt twin: $twin:tt passed: [$($passed:tt)*]
        work: { maybe: $maybe:tt asyncness: $asyncness:tt opaque: $opaque:tt body: [] $($work:tt)* }
    ) => {
        $($kept)*
        $vis fn $name $($generics)* ($($parameters)*) -> $($output)* where $($bounds)*;

        $crate::__smart_twin! {
            twin: $twin of: [$name] call: { $crate::__smart_twin_call! { this: [$($this)?] name: $name generics: [] passed: [$($passed)*] work: {} } }
            parameters: [$($parameters)*] generics: [$($generics)*] bounds: [$($bounds)*] kept: [$($kept)*] vis: [$vis] ret: $ret
        }
    };
    // A function.
    (
        output: [$($output:tt)*] box_with: $box_with:tt parameters: [$($parameters:tt)*] this: $this:tt generics: [$($generics:tt)*] bounds: [$($bounds:tt)*]
        kept: [$($kept:tt)*] vis: [$vis:vis] name: [$name:tt $args:tt] ret: $ret:tt twin: $twin:tt passed: $passed:tt
        work: $work:tt
    ) => {
        $($kept)*
        $vis fn $name $($generics)* ($($parameters)*) -> $($output)* where $($bounds)* {
            $crate::__smart_boxed_work! { box_with: $box_with work: $work }
        }

        $crate::__smart_twin! {
            twin: $twin of: [$name]
            call: { $crate::__smart_twin_call! { this: $this name: $name generics: [$($generics)*] passed: $passed work: $work } }
            parameters: [$($parameters)*] generics: [$($generics)*] bounds: [$($bounds)*] kept: [$($kept)*] vis: [$vis] ret: $ret
        }
    };
}

/// The call that a twin waits for.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_twin_call {
    // That of the method itself.
    (this: [$this:tt] name: $name:tt generics: $generics:tt passed: [$($passed:tt)*] work: $work:tt) => {
        {
            #[allow(deprecated, reason = "the twin has the attributes of the method itself")]
            let call = $crate::__smart_name_generics! { name: $name generics: $generics }($this, $($passed)*);
            call
        }
    };
    // Without `self` the function may be free or associated, so its twin cannot name it, and has a copy of the body.
    (this: [] name: $name:tt generics: $generics:tt passed: $passed:tt work: $work:tt) => {
        $crate::__smart_boxed_work! { box_with: [] work: $work }
    };
}

/// Emits the blocking twin.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_twin {
    (twin: [] $($rest:tt)*) => {};
    (
        twin: [$twin:ident] of: [$name:tt] call: { $($call:tt)* }
        parameters: [$($parameters:tt)*] generics: [$($generics:tt)*] bounds: [$($bounds:tt)*] kept: [$($kept:tt)*] vis: [$vis:vis] ret: [$ret:ty]
    ) => {
        $($kept)*
        #[doc = ::core::concat!(
            "\n\nThe blocking twin of `", ::core::stringify!($name), "`: it blocks this thread until the call is done, and panics in async code."
        )]
        #[track_caller]
        $vis fn $twin $($generics)* ($($parameters)*) -> $ret where $($bounds)* {
            $crate::Call::wait($($call)*)
        }
    };
}

/// The expression of a call, boxed or not.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_boxed_work {
    (box_with: [] work: { $($work:tt)* }) => { $crate::__smart_work! { $($work)* } };
    (box_with: [$box_with:ident] work: { $($work:tt)* }) => { $crate::__private::$box_with($crate::__smart_work! { $($work)* }) };
}
