//! The stage of `smart_fn!` that decides what a function is, and emits it.

/// Decides by `async`, the helper attributes and the kinds of arguments, and emits the function.
/// Each arm takes one thing off, and comes back here.
///
/// `code` is what the body needs, and `given` how the arguments are passed on. `item` is the
/// function as it is emitted: with the name `named`, and with an `output`, which is a type and the
/// function that makes it of a `Call`. The common arms stand first, since each arm before them costs
/// every function.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_choose {
    // A `fn` with `&self` calls itself by its name, which `sync_method` checks at the caller's line.
    (
        body: [$body:tt] wraps: [] twin: [] boxed: [] send: $send:tt
        receiver: [reference $($receiver:tt)*]
        code: { maybe: [] asyncness: [] $($code:tt)* } given: $given:tt
        item: { function: $function:tt kept: [$($kept:tt)*] $($item:tt)* }
    ) => {
        $crate::__smart_choose! {
            body: [$body] wraps: [] twin: [] boxed: [] send: $send
            receiver: [again $($receiver)*]
            code: { maybe: [] asyncness: [] $($code)* } given: $given
            item: { function: $function kept: [#[track_caller] $($kept)*] $($item)* }
        }
    };
    // A function with a body.
    (
        body: [$body:tt] wraps: [] twin: [] boxed: [] send: $s:tt
        receiver: [$($by:ident $this:tt [$($declared:tt)*] $($boxed:tt)*)?]
        code: $code:tt given: $given:tt
        item: {
            function: { vis: [$vis:vis] name: $name:tt generics: [$($generics:tt)*] ret: $ret:tt
                bounds: [$($bounds:tt)*] }
            kept: [$($kept:tt)*] named: $named:tt output: [[$($output:tt)*] $($finish:tt)*]
            parameters: [$($parameters:tt)*]
        }
    ) => {
        $($kept)* $vis fn $named $($generics)* ($($($declared)*,)? $($parameters)*)
            -> $($output)* where $($bounds)* {
            $($finish)* ($crate::__smart_work! {
                body: $body receiver: [$($by $this)?] code: $code given: $given name: $name
                    generics: [$($generics)*]
            })
        }
    };
    // A declaration in a trait.
    (
        body: [] wraps: [] twin: [] boxed: [] send: $s:tt
        receiver: [$($by:ident $this:tt [$($declared:tt)*] $($boxed:tt)*)?]
        code: $code:tt given: $given:tt
        item: {
            function: { vis: [$vis:vis] name: $name:tt generics: [$($generics:tt)*] ret: $ret:tt
                bounds: [$($bounds:tt)*] }
            kept: [$($kept:tt)*] named: $named:tt output: [[$($output:tt)*] $($finish:tt)*]
            parameters: [$($parameters:tt)*]
        }
    ) => {
        $($kept)* $vis fn $named $($generics)* ($($($declared)*,)? $($parameters)*)
            -> $($output)* where $($bounds)*;
    };
    // `#[wraps(path)]`: the body is a call of `path`.
    (
        body: [] wraps: [$($path:tt)+] twin: $twin:tt boxed: $boxed:tt send: $send:tt
        receiver: [$($by:ident $this:tt $($declared:tt)*)?]
        code: {
            maybe: $maybe:tt asyncness: [$(async $(@ $async:tt)?)?] stated: $stated:tt
                lets: $lets:tt
        }
        given: { passed: $passed:tt travel: [$(($kind:tt $name:tt $own:tt))*] $($given:tt)* }
        item: $item:tt
    ) => {
        $crate::__smart_choose! {
            body: [{ $($path)+($($this,)? $($own),*)$(.await $(@ $async)?)? }]
            wraps: [] twin: $twin boxed: $boxed send: $send
            receiver: [$($by $this $($declared)*)?]
            code: {
                maybe: $maybe asyncness: [$(async $(@ $async)?)?]
                stated: $stated lets: []
            }
            given: { passed: $passed travel: [$(($kind $name $own))*] $($given)* } item: $item
        }
    };
    // `#[blocking(name)]`: the function, and a twin that calls it.
    (
        body: $body:tt wraps: [] twin: [$twin:ident] boxed: $boxed:tt send: $send:tt
        receiver: [$($receiver:tt)+] code: $code:tt given: $given:tt item: $item:tt
    ) => {
        $crate::__smart_choose! {
            body: $body wraps: [] twin: [] boxed: $boxed send: $send
            receiver: [$($receiver)+] code: $code given: $given item: $item
        }
        $crate::__smart_twin! {
            named: $twin body: [$twin] receiver: [$($receiver)+] code: {} given: $given
                item: $item
        }
    };
    // Without `self` the function may be free or associated, so its twin cannot name it, and has a
    // copy of the body.
    (
        body: $body:tt wraps: [] twin: [$twin:ident] boxed: $boxed:tt send: $send:tt
        receiver: [] code: $code:tt given: $given:tt item: $item:tt
    ) => {
        $crate::__smart_choose! {
            body: $body wraps: [] twin: [] boxed: $boxed send: $send
            receiver: [] code: $code given: $given item: $item
        }
        $crate::__smart_twin! {
            named: $twin body: $body receiver: [] code: $code given: $given item: $item
        }
    };
    // `#[boxed]`
    (body: $body:tt wraps: [] twin: [] boxed: [boxed] send: [] $($state:tt)*) => {
        $crate::__smart_boxed! { LocalBoxCall boxed_local body: $body $($state)* }
    };
    (body: $body:tt wraps: [] twin: [] boxed: [boxed] send: $send:tt $($state:tt)*) => {
        $crate::__smart_boxed! { BoxCall boxed body: $body $($state)* }
    };
}

/// Emits the blocking twin of a function.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_twin {
    (
        named: $twin:tt body: $body:tt receiver: $receiver:tt code: $code:tt given: $given:tt
        item: {
            function: { vis: $vis:tt name: [$name:tt $args:tt] generics: $generics:tt
                ret: [$ret:ty] bounds: $bounds:tt }
            kept: [$($kept:tt)*] named: $named:tt output: $output:tt parameters: $parameters:tt
        }
    ) => {
        $crate::__smart_choose! {
            body: $body wraps: [] twin: [] boxed: [] send: []
            receiver: $receiver code: $code given: $given
            item: {
                function: { vis: $vis name: [$name $args] generics: $generics ret: [$ret]
                    bounds: $bounds }
                kept: [
                    $($kept)*
                    #[doc = ::core::concat!(
                        "\n\nThe blocking twin of `", ::core::stringify!($name), "`: it blocks this \
                         thread until the call is done, and panics in async code."
                    )]
                    #[track_caller]
                ]
                named: $twin output: [[$ret] $crate::Call::wait] parameters: $parameters
            }
        }
    };
}

/// The call of a function with a body, as an expression.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_work {
    // `async fn`
    (
        body: $body:tt receiver: $receiver:tt
        code: { maybe: [] asyncness: [async] $($code:tt)* } $($function:tt)*
    ) => {
        $crate::__private::driven($crate::__smart_body! { async $($code)* $body })
    };
    // `#[maybe_async] async fn`, with `self`
    (
        body: $body:tt receiver: [$by:ident $this:tt]
        code: { maybe: [maybe_async] asyncness: [async] $($code:tt)* }
        $($function:tt)*
    ) => {
        $crate::__private::forked(move |route| match route {
            $crate::__private::Route::Wait => $crate::__private::routed_body(
                $crate::__smart_body! { sync_copy [move ||] $($code)* $body },
            ),
            $crate::__private::Route::Await => $crate::__private::Routed::Future(
                $crate::__smart_body! { async $($code)* $body },
            ),
        })
    };
    // `#[maybe_async] async fn`
    (
        body: $body:tt receiver: []
        code: { maybe: [maybe_async] asyncness: [async] $($code:tt)* }
        given: { passed: [$($passed:tt)*] $($given:tt)* } $($function:tt)*
    ) => {
        $crate::__private::both(
            ($($passed)*),
            $crate::__smart_body! { sync_copy [|($($passed)*)|] $($code)* $body },
            |($($passed)*), _| $crate::__smart_body! { async $($code)* $body },
        )
    };
    // `fn`
    (
        body: $body:tt receiver: $receiver:tt
        code: { maybe: [] asyncness: [] $($code:tt)* } $($function:tt)*
    ) => {
        $crate::__smart_sync_work! {
            body: $body receiver: $receiver code: { $($code)* } $($function)*
        }
    };
    // A method itself, for its twin.
    (
        body: $body:tt receiver: [$by:ident $this:tt] code: {}
        given: { passed: [$($passed:tt)*] $($given:tt)* } name: [$name:tt $args:tt]
        generics: $generics:tt
    ) => {{
        #[allow(deprecated, reason = "the twin has the attributes of the method itself")]
        let call = $crate::__smart_name_generics!
            { name: $name generics: $generics }($this, $($passed)*);
        call
    }};
}

/// The call of a sync function, which needs the offload pool.
#[cfg(not(feature = "std"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_sync_work {
    (body: $b:tt receiver: $r:tt code: $c:tt given: $g:tt name: $name:tt $($state:tt)*) => {
        $crate::__smart_error_here! { { no_pool } $name }
    };
}

/// The call of a sync function.
#[cfg(feature = "std")]
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_sync_work {
    // `fn` with `&mut`
    (body: $b:tt receiver: [mutable $this:tt] code: $c:tt given: $g:tt name: $name:tt
        $($state:tt)*) => {
        $crate::__smart_error_here! { { mutable $this } $name }
    };
    // `fn` with `&self`: on the pool it calls itself again, with the `self` that travelled.
    (
        body: $body:tt receiver: [again $this:tt] code: { stated: $stated:tt lets: $lets:tt }
        given: { passed: [$($passed:tt)*] travel: [$(($kind:tt $argument:tt $own:tt))*] $($given:tt)* }
        name: [$name:tt $args:tt] generics: $generics:tt
    ) => {
        $crate::__private::sync_method(
            $crate::__smart_method_name! { $name $generics $($kind)* },
            ($($passed)*),
            $crate::__smart_body!
                { sync [move |($($passed)*)|] stated: $stated lets: $lets $body },
            move |($($passed)*), origin| $crate::__smart_travel! {
                travel_again stated: $stated
                (
                    ($crate::__private::by_reference($this), $crate::__smart_list!
                        { pack [$name $args] $(($kind $argument $own))* }),
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
        body: $body:tt receiver: $receiver:tt code: { stated: $stated:tt lets: $lets:tt }
        given: { passed: $passed:tt travel: [$($travel:tt)*] $($given:tt)* }
        name: $name:tt generics: $generics:tt
    ) => {
        $crate::__smart_travel! {
            packed stated: $stated
            (
                $crate::__smart_list! { pack $name $($travel)* },
                $crate::__smart_body! {
                    sync [move |$crate::__smart_list! { names $($travel)* }|]
                    stated: $stated lets: $lets $body
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
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_list {
    (pack $at:tt) => { () };
    (names) => { () };
    (pack $at:tt ([mut] $name:tt $own:tt) $($rest:tt)*) => {
        $crate::__smart_error_here! { { mutable $name } $at }
    };
    (pack $at:tt ([&] $name:tt $own:tt) $($rest:tt)*) => {
        ($crate::__private::by_reference($own), $crate::__smart_list! { pack $at $($rest)* })
    };
    (pack $at:tt ([$(impl)?] $name:tt $own:tt) $($rest:tt)*) => {
        ($crate::__private::by_value($own), $crate::__smart_list! { pack $at $($rest)* })
    };
    (names ($kind:tt $name:tt $own:tt) $($rest:tt)*) => {
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
    (async stated: [$($ret:ty)?] lets: [$($lets:tt)*] $body:tt) => {
        async move {
            // Never true; the first `return` that the compiler sees decides the type of the block.
            $(
                #[allow(unreachable_code, reason = "the type may be `!`")]
                if let ::core::option::Option::Some(result) = ::core::option::Option::None::<$ret> {
                    return result;
                }
            )?
            $($lets)*
            $body
        }
    };
    (sync [$($closure:tt)*] stated: [$($ret:ty)?] lets: [$($lets:tt)*] $body:tt) => {
        $($closure)* $(-> $ret)? {
            $($lets)*
            $body
        }
    };
    // In this copy `smart_await!` is another macro, whether it is called by its name or through the
    // crate.
    (sync_copy [$($closure:tt)*] stated: [$($ret:ty)?] lets: [$($lets:tt)*] $body:tt) => {
        $($closure)* $(-> $ret)? {
            use $crate::__private::{sync_copy as smartasync, sync_copy::smart_await};
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
    (name: $name:tt generics: [<>]) => { Self::$name };
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
