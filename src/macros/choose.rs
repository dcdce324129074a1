//! The stage of `smart_fn!` that decides what a function is, and writes the expression of its call.

/// Decides by `async`, the helper attributes and the kinds of arguments. Emits a plain function; of
/// others it hands on `work`, the tokens of an expression of type `Call<…>`, or nothing where the
/// function is only declared.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_choose {
    (
        stated: $o:tt kept: $k:tt maybe: [maybe_async] twin: $t:tt wraps: [] boxed: $b:tt
            send: $s:tt
        item: { vis: $v:tt asyncness: [] $($item:tt)* } $($state:tt)*
    ) => {
        $crate::__smart_error_item! { maybe_sync vis: $v $($item)* }
    };
    // A `fn` with `&self` calls itself by its name, which `sync_method` checks at the caller's line.
    // [`__smart_emit_function`] has the same arm.
    (
        stated: $o:tt kept: [$($kept:tt)*] maybe: [] twin: [] wraps: [] boxed: [] send: []
        item: {
            vis: $v:tt asyncness: [] name: $name:tt generics: $g:tt ret: $ret:tt bounds: $c:tt
                body: [$body:tt]
        }
        receiver: [reference $($receiver:tt)*] $($state:tt)*
    ) => {
        $crate::__smart_choose! {
            stated: $o kept: [#[track_caller] $($kept)*] maybe: [] twin: [] wraps: [] boxed: []
                send: []
            item: { vis: $v asyncness: [] name: $name generics: $g ret: $ret bounds: $c
                body: [$body] }
            receiver: [again $($receiver)*] $($state)*
        }
    };
    // The common case, a function with a body and nothing special, is emitted at once, so that it
    // compiles faster.
    (
        stated: $stated:tt kept: [$($kept:tt)*] maybe: $maybe:tt twin: [] wraps: [] boxed: []
            send: []
        item: {
            vis: [$vis:vis] asyncness: $asyncness:tt name: [$name:tt $args:tt]
                generics: [$($generics:tt)*] ret: [$ret:ty] bounds: [$($bounds:tt)*]
            body: [$body:tt]
        }
        receiver: [$($kind:ident $this:tt [$($declared:tt)*] $d:tt)?]
            parameters: [$($parameters:tt)*] boxed_parameters: $b:tt lets: $lets:tt
        passed: $passed:tt travel: $travel:tt
    ) => {
        $($kept)*
        $vis fn $name $($generics)* ($($($declared)*,)? $($parameters)*) -> $crate::Call<impl
            $crate::Work<Output = $ret>> where $($bounds)* {
            $crate::__smart_work! {
                maybe: $maybe asyncness: $asyncness stated: $stated body: [$body]
                    receiver: [$($kind $this [$($declared)*] $d)?] lets: $lets
                passed: $passed travel: $travel name: [$name $args] generics: [$($generics)*]
            }
        }
    };
    // `#[wraps(path)]`: the body is a call of `path`.
    (
        stated: $stated:tt kept: $kept:tt maybe: [] twin: $twin:tt wraps: [$($path:tt)+]
            boxed: $boxed:tt send: $send:tt
        item: { vis: $vis:tt asyncness: [$($asyncness:ident)?] name: [$name:tt $args:tt]
            generics: $generics:tt ret: $ret:tt bounds: $bounds:tt body: [] }
        receiver: [$($kind:ident $this:tt $($declared:tt)*)?] parameters: $parameters:tt
            boxed_parameters: $boxed_parameters:tt lets: $lets:tt
        passed: [$($passed:tt)*] travel: $travel:tt
    ) => {
        $crate::__smart_choose! {
            stated: $stated kept: $kept maybe: [] twin: $twin wraps: [] boxed: $boxed send: $send
            item: {
                vis: $vis asyncness: [$($asyncness)?] name: [$name $args] generics: $generics
                    ret: $ret bounds: $bounds
                body: [{ $crate::__smart_wrapped!
                    { [$($asyncness)?] [$($path)+] look: $args written: $args
                    passed: ($($this,)? $($passed)*) } }]
            }
            receiver: [$($kind $this $($declared)*)?] parameters: $parameters
                boxed_parameters: $boxed_parameters lets: []
            passed: [$($passed)*] travel: $travel
        }
    };
    (
        stated: $o:tt kept: $k:tt maybe: [] twin: $t:tt wraps: [$($path:tt)+] boxed: $b:tt
            send: $s:tt
        item: { vis: $v:tt asyncness: $a:tt $($item:tt)* } $($state:tt)*
    ) => {
        $crate::__smart_error_item! { wraps_body vis: $v $($item)* }
    };
    (
        stated: $o:tt kept: $k:tt maybe: [maybe_async] twin: $t:tt wraps: [$($path:tt)+]
            boxed: $b:tt send: $s:tt
        item: { vis: $v:tt asyncness: $a:tt $($item:tt)* } $($state:tt)*
    ) => {
        $crate::__smart_error_item! { maybe_wraps vis: $v $($item)* }
    };
    // The rest is a declaration, or has a body.
    (
        stated: $stated:tt kept: $kept:tt maybe: $maybe:tt twin: $twin:tt wraps: []
            boxed: $boxed:tt send: $send:tt
        item: { vis: $vis:tt asyncness: $asyncness:tt name: $name:tt generics: $generics:tt
            ret: $ret:tt bounds: $bounds:tt body: $body:tt }
        receiver: $receiver:tt parameters: $parameters:tt boxed_parameters: $boxed_parameters:tt
            lets: $lets:tt passed: $passed:tt travel: $travel:tt
    ) => {
        $crate::__smart_output! {
            boxed: $boxed send: $send parameters: $parameters boxed_parameters: $boxed_parameters
                receiver: $receiver generics: $generics bounds: $bounds
            state: {
                kept: $kept vis: $vis name: $name ret: $ret twin: $twin passed: $passed
                work: { maybe: $maybe asyncness: $asyncness stated: $stated body: $body
                    receiver: $receiver lets: $lets passed: $passed travel: $travel name: $name
                    generics: $generics }
            }
        }
    };
}

/// The call of a wrapped function. Where all arguments are plain, their names are those that the
/// user wrote, as in [`__smart_list`]: so an error about one points at it. `look` and `written` are
/// the same tokens.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_wrapped {
    ([async] [$($path:tt)+] look: ($($n:ident: $l:ty),* $(,)?)
        written: ($($name:tt: $t:ty),* $(,)?) passed: $p:tt) => {
        $($path)+($($name),*).await
    };
    ([async] [$($path:tt)+] look: $l:tt written: $w:tt passed: $passed:tt) => {
        $($path)+ $passed.await
    };
    ([] [$($path:tt)+] look: ($($n:ident: $l:ty),* $(,)?) written: ($($name:tt: $t:ty),* $(,)?)
        passed: $p:tt) => {
        $($path)+($($name),*)
    };
    ([] [$($path:tt)+] look: $l:tt written: $w:tt passed: $passed:tt) => { $($path)+ $passed };
}

/// The call of a function with a body, as an expression.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_work {
    // `async fn`
    (
        maybe: [] asyncness: [async] stated: $stated:tt body: [$body:tt] receiver: $receiver:tt
            lets: $lets:tt passed: $passed:tt travel: $travel:tt
        name: $name:tt generics: $generics:tt
    ) => {
        $crate::__private::driven($crate::__smart_body!
            { async stated: $stated body: $body receiver: $receiver lets: $lets })
    };
    // `#[maybe_async] async fn`, with `self`
    (
        maybe: [maybe_async] asyncness: [async] stated: $stated:tt body: [$body:tt]
            receiver: [$($receiver:tt)+] lets: $lets:tt passed: $passed:tt
        travel: $travel:tt name: $name:tt generics: $generics:tt
    ) => {
        $crate::__private::forked(move |route| match route {
            $crate::__private::Route::Wait => $crate::__private::routed_body(
                $crate::__smart_body! {
                    sync stated: $stated body: $body receiver: [$($receiver)+] lets: $lets
                    first: [use $crate::__private::{sync_copy as smartasync,
                        sync_copy::smart_await};]
                    arguments: move ||
                },
            ),
            $crate::__private::Route::Await => $crate::__private::Routed::Future(
                $crate::__smart_body! { async stated: $stated body: $body receiver: [$($receiver)+]
                    lets: $lets },
            ),
        })
    };
    // `#[maybe_async] async fn`
    (
        maybe: [maybe_async] asyncness: [async] stated: $stated:tt body: [$body:tt] receiver: []
            lets: $lets:tt passed: [$($passed:tt)*]
        travel: $travel:tt name: $name:tt generics: $generics:tt
    ) => {
        $crate::__private::both(
            ($($passed)*),
            // In this copy `smart_await!` is another macro, whether it is called by its name or
            // through the crate.
            $crate::__smart_body! {
                sync stated: $stated body: $body receiver: [] lets: $lets
                first: [use $crate::__private::{sync_copy as smartasync, sync_copy::smart_await};]
                arguments: |($($passed)*)|
            },
            |($($passed)*), _| $crate::__smart_body!
                { async stated: $stated body: $body receiver: [] lets: $lets },
        )
    };
    // `fn`
    (maybe: [] asyncness: [] $($state:tt)*) => { $crate::__smart_sync_work! { $($state)* } };
}

/// The call of a sync function, which needs the offload pool.
#[cfg(not(feature = "std"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_sync_work {
    (stated: $o:tt body: $b:tt receiver: $r:tt lets: $l:tt passed: $p:tt travel: $t:tt
        name: [$name:tt $args:tt] $($state:tt)*) => {
        $crate::__smart_error_here! { [$name $args] { no_pool $name } }
    };
}

/// The call of a sync function.
#[cfg(feature = "std")]
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_sync_work {
    // `fn` with `&mut`
    (
        stated: $o:tt body: $b:tt receiver: [mutable $this:tt $($declared:tt)*] lets: $l:tt
            passed: $p:tt travel: $t:tt
        name: [$name:tt $args:tt] $($state:tt)*
    ) => {
        $crate::__smart_error_here! { [$name $args] { mutable $this } }
    };
    // `fn` with `&self`: on the pool it calls itself again, with the `self` that travelled.
    (
        stated: $stated:tt body: [$body:tt] receiver: [again $this:tt $($declared:tt)*]
            lets: $lets:tt passed: [$($passed:tt)*]
        travel: [$(($kind:tt $argument:tt $keep:tt))*] name: [$name:tt $args:tt]
            generics: $generics:tt
    ) => {
        $crate::__private::sync_method(
            $crate::__smart_method_name! { $name $generics $($kind)* },
            ($($passed)*),
            $crate::__smart_body! {
                sync stated: $stated body: $body receiver: [again $this $($declared)*]
                    lets: $lets first: []
                arguments: move |($($passed)*)|
            },
            move |($($passed)*), origin| $crate::__smart_travel! {
                travel_again stated: $stated
                (
                    ($crate::__private::by_reference($this), $crate::__smart_list!
                        { pack [$name $args] written: $args $(($kind $argument $keep))* }),
                    // A closure, since the function itself may have lifetimes that are not for
                    // all of the pool's.
                    move |lent| $crate::__private::again(
                        origin, lent, $crate::__smart_name_generics!
                            { name: $name generics: $generics },
                    ),
                )
            },
        )
    };
    // `fn` without `self` by reference
    (
        stated: $stated:tt body: [$body:tt] receiver: [$($by:ident $this:tt $($declared:tt)*)?]
            lets: $lets:tt passed: $passed:tt
        travel: [$(($kind:tt $argument:tt $keep:tt))*] name: [$name:tt $args:tt]
            generics: $generics:tt
    ) => {
        $crate::__smart_travel! {
            packed stated: $stated
            (
                $crate::__smart_list!
                    { pack [$name $args] written: $args $(($kind $argument $keep))* },
                $crate::__smart_body! {
                    sync stated: $stated body: $body receiver: [$($by $this $($declared)*)?]
                        lets: $lets
                    first: [] arguments: move |$crate::__smart_list!
                        { names $(($kind $argument))* }|
                },
            )
        }
    };
}

/// A call of a function of `travel`, with the type of the result where that has a name: so the
/// compiler can point at it if it cannot travel.
#[cfg(feature = "std")]
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_travel {
    ($function:ident stated: [$($ret:ty)?] $arguments:tt) => {
        $crate::__private::$function $(::<_, $ret, _>)? $arguments
    };
}

/// The list of arguments as nested pairs: an expression that will `pack` them, or a pattern of
/// their `names`.
///
/// `written` is the list as the user wrote it. The name of an argument is taken from there, as a
/// `tt` that keeps its span, so that an error about what cannot travel points at it. Where the two
/// lists do not go together, at a pattern or an attribute, `written` is given up.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_list {
    (pack $at:tt written: $w:tt) => { () };
    (names) => { () };
    (pack $at:tt written: ($(&)? $($life:lifetime)? $(mut)? self $(: $t:ty)? $(, $($more:tt)*)?)
        $($rest:tt)+) => {
        $crate::__smart_list! { pack $at written: ($($($more)*)?) $($rest)+ }
    };
    (pack $at:tt written: $w:tt ([mut] $name:tt $keep:tt) $($rest:tt)*) => {
        $crate::__smart_error_here! { $at { mutable $name } }
    };
    (pack $at:tt written: ($name:tt: $t:ty $(, $($more:tt)*)?) ([&] $n:tt {}) $($rest:tt)*) => {
        ($crate::__private::by_reference($name), $crate::__smart_list!
            { pack $at written: ($($($more)*)?) $($rest)* })
    };
    (pack $at:tt written: ($name:tt: $t:ty $(, $($more:tt)*)?) ([$(impl)?] $n:tt {}) $($rest:tt)*)
        => {
        ($crate::__private::by_value($name), $crate::__smart_list!
            { pack $at written: ($($($more)*)?) $($rest)* })
    };
    (pack $at:tt written: $w:tt ([&] $name:tt $keep:tt) $($rest:tt)*) => {
        ($crate::__private::by_reference($name), $crate::__smart_list!
            { pack $at written: () $($rest)* })
    };
    (pack $at:tt written: $w:tt ([$(impl)?] $name:tt $keep:tt) $($rest:tt)*) => {
        ($crate::__private::by_value($name), $crate::__smart_list!
            { pack $at written: () $($rest)* })
    };
    (names ($kind:tt $name:tt) $($rest:tt)*) => {
        ($name, $crate::__smart_list! { names $($rest)* })
    };
}

/// The user's body, in the closure or block that it runs in. `self` and every argument are moved
/// in, used or not, so that they are dropped as an `async fn` drops them. Where the result has a
/// name, it is stated, so that `return`, `?` and the tail coerce to it.
///
/// The body is the tail of a block of this crate, which is of edition 2024: so its temporaries are
/// dropped before the arguments, whatever the edition of the user. Bindings and attributes around
/// it would each cost the compiler more than they look.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_body {
    (async stated: [$($ret:ty)?] body: $body:tt
        receiver: [$($kind:ident $this:tt $($declared:tt)*)?] lets: [$($lets:tt)*]) => {
        async move {
            // Never true; the first `return` that the compiler sees decides the type of the block.
            $(
                #[allow(unreachable_code, reason = "the type may be `!`")]
                if let ::core::option::Option::Some(result) = ::core::option::Option::None::<$ret> {
                    return result;
                }
            )?
            $(let _ = &$this;)?
            $($lets)*
            $body
        }
    };
    (sync stated: [$($ret:ty)?] body: $body:tt
        receiver: [$($kind:ident $this:tt $($declared:tt)*)?] lets: [$($lets:tt)*]
        first: [$($first:tt)*] arguments: $($arguments:tt)*) => {
        $($arguments)* $(-> $ret)? {
            $($first)*
            $(let _ = &$this;)?
            $($lets)*
            $body
        }
    };
}

/// The method that a call of it names. With an `impl Trait` argument it has no complete type before
/// it is called, and is left out.
#[cfg(feature = "std")]
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_method_name {
    ($name:tt $generics:tt $([$(&)?])*) => {
        $crate::__smart_name_generics! { name: $name generics: $generics }
    };
    ($($with_impl:tt)*) => {
        ()
    };
}

/// `Self::name`, with the generic arguments of the method itself.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_name_generics {
    (name: $name:tt generics: []) => { Self::$name };
    (name: $name:tt generics: [< $($generics:tt)*]) => {
        $crate::__smart_parameters! { rest: [$($generics)*] depth: [] names: [] types: []
            lifetimes: [] then: __smart_turbofish state: { $name } }
    };
}

/// The last step of [`__smart_name_generics`].
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_turbofish {
    (names: [] types: $types:tt lifetimes: $lifetimes:tt state: { $name:tt }) => { Self::$name };
    (names: [$($names:ident)+] types: $types:tt lifetimes: $lifetimes:tt state: { $name:tt }) => {
        Self::$name::<$($names),+>
    };
}

/// Finds the names of generic parameters in `T: Bound<A>, 'a: 'b, const N: usize>`, and hands them
/// to the macro `then`.
///
/// `names` are those of types and constants, in their order; `types` are those of types alone.
///
/// `depth` has a token for each angle bracket that is open. Without it a parameter begins; `[.]`
/// says that one is being passed over.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_parameters {
    (rest: [] depth: $depth:tt names: $names:tt types: $types:tt lifetimes: $lifetimes:tt
        then: $then:ident state: $state:tt) => {
        $crate::$then! { names: $names types: $types lifetimes: $lifetimes state: $state }
    };
    // The end of the list.
    (rest: [> $($r:tt)*] depth: [$(.)?] names: $names:tt types: $types:tt lifetimes: $lifetimes:tt
        then: $then:ident state: $state:tt) => {
        $crate::$then! { names: $names types: $types lifetimes: $lifetimes state: $state }
    };
    (rest: [>> $($r:tt)*] depth: [. <] names: $names:tt types: $types:tt lifetimes: $lifetimes:tt
        then: $then:ident state: $state:tt) => {
        $crate::$then! { names: $names types: $types lifetimes: $lifetimes state: $state }
    };
    // A parameter begins.
    (rest: [$life:lifetime $($r:tt)*] depth: [] names: $names:tt types: $types:tt
        lifetimes: [$($l:tt)*] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] depth: [.] names: $names types: $types
            lifetimes: [$($l)* $life] $($more)* }
    };
    (rest: [const $name:ident $($r:tt)*] depth: [] names: [$($n:tt)*] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] depth: [.] names: [$($n)* $name] $($more)* }
    };
    (rest: [$name:ident $($r:tt)*] depth: [] names: [$($n:tt)*] types: [$($t:tt)*] $($more:tt)*) =>
        {
        $crate::__smart_parameters! { rest: [$($r)*] depth: [.] names: [$($n)* $name]
            types: [$($t)* $name] $($more)* }
    };
    // It ends.
    (rest: [, $($r:tt)*] depth: [.] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] depth: [] $($more)* }
    };
    // Brackets inside it.
    (rest: [< $($r:tt)*] depth: [$($depth:tt)*] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] depth: [$($depth)* <] $($more)* }
    };
    (rest: [> $($r:tt)*] depth: [. < $($depth:tt)*] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] depth: [. $($depth)*] $($more)* }
    };
    (rest: [>> $($r:tt)*] depth: [. < < $($depth:tt)*] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] depth: [. $($depth)*] $($more)* }
    };
    // What else there is between them; the frequent shapes a few tokens at a time.
    (rest: [: $a:ident + $b:ident + $c:ident $($r:tt)*] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] $($more)* }
    };
    (rest: [: $a:ident + $b:ident $($r:tt)*] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] $($more)* }
    };
    (rest: [: $a:ident $($r:tt)*] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] $($more)* }
    };
    (rest: [+ $a:ident $($r:tt)*] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] $($more)* }
    };
    (rest: [+ $a:lifetime $($r:tt)*] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] $($more)* }
    };
    (rest: [$t:tt $($r:tt)*] $($more:tt)*) => {
        $crate::__smart_parameters! { rest: [$($r)*] $($more)* }
    };
}
