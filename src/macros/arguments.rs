//! The stages of `smart_fn!` that read the arguments.
//!
//! They collect, in the order of the arguments:
//!
//! | name | what it holds |
//! |---|---|
//! | `receiver` | nothing, or how `self` came, the token, its declaration, that for `#[boxed]`, and what has to outlive `'smart` there |
//! | `parameters` | the parameters of the emitted function, with plain names for rustdoc |
//! | `lets` | statements that bind each parameter to the user's pattern |
//! | `passed` | the names of the parameters |
//! | `travel` | how each parameter travels, its name, and the user's own token for it: `([&] n n)` |
//! | `boxed` | for `#[boxed]`: the parameters, where every reference lives for `'smart`, and the lifetimes that have to outlive it |
//!
//! A name is taken twice. A `tt` keeps its span, so that an error about what cannot travel points at
//! it. Bindings are made of an `ident`, which is not the user's to lints about unused names.
//!
//! A parameter with a pattern gets the name `argument`. Each is made in an expansion of its own, so
//! they differ by hygiene. It is bound as a whole before it is bound to the pattern, so that what
//! the pattern leaves out is dropped with the rest, as an `async fn` does it.

/// Reads `self`, in all its forms. `look` and `args` are the same tokens: `self` has to be
/// recognised in the one and taken, with the span that makes it the user's, from the other.
macro_rules! define_receivers {
    ($d:tt $([$($look:tt)*] [$($take:tt)*] $receiver:tt;)+) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_receiver {
            $(
                (
                    look: ($($look)* $d($d l:tt)*) args: ($($take)* $d(, $d($d more:tt)*)?)
                        state: $d state:tt
                ) => {
                    $crate::__smart_arguments! {
                        args: [$d($d($d more)*)?] look: [$d($d($d more)*)?] attributes: []
                            records: [] receiver: $receiver state: $d state
                    }
                };
            )+
            (look: ($d($d l:tt)*) args: ($d($d args:tt)*) state: $d state:tt) => {
                $crate::__smart_arguments! {
                    args: [$d($d args)*] look: [$d($d args)*] attributes: [] records: []
                        receiver: [] state: $d state
                }
            };
        }
    };
}

define_receivers! { $
    [&mut self] [&mut $this:tt] [mutable $this [&mut $this] [&'smart mut $this] []];
    [& $a:lifetime mut self] [& $life:lifetime mut $this:tt]
        [mutable $this [& $life mut $this] [& $life mut $this] [$life: 'smart,]];
    [&self] [& $this:tt] [reference $this [& $this] [&'smart $this] []];
    [& $a:lifetime self] [& $life:lifetime $this:tt]
        [reference $this [& $life $this] [& $life $this] [$life: 'smart,]];
    [self: &mut] [$this:tt: &mut $t:ty] [mutable $this [$this: &mut $t] [$this: &'smart mut $t] []];
    [self: & $a:lifetime mut] [$this:tt: & $life:lifetime mut $t:ty]
        [mutable $this [$this: & $life mut $t] [$this: & $life mut $t] [$life: 'smart,]];
    [self: & $a:lifetime] [$this:tt: & $life:lifetime $t:ty]
        [reference $this [$this: & $life $t] [$this: & $life $t] [$life: 'smart,]];
    [self: &] [$this:tt: & $t:ty] [reference $this [$this: & $t] [$this: &'smart $t] []];
    [self:] [$this:tt: $t:ty] [value $this [$this: $t] [$this: $t] [Self: 'smart,]];
    [self] [$this:tt] [value $this [$this] [$this] [Self: 'smart,]];
    [mut self:] [mut $this:tt: $t:ty] [value $this [mut $this: $t] [mut $this: $t] [Self: 'smart,]];
    [mut self] [mut $this:tt] [value $this [mut $this] [mut $this] [Self: 'smart,]];
}

/// Reads one argument after the other: first its attributes and its pattern, then, at `@named`, its
/// type. Makes a record of each: how it travels, its name, its pattern, what keeps it whole, its
/// attributes, its type, its type in a boxed function, and the lifetime that it names.
///
/// `look` is the same as `args`. There a type is looked into, and in `args` it is taken as it is,
/// because a type that was put together would not be the user's to the compiler, which would
/// suggest to edit it here.
macro_rules! define_arguments {
    (
        $d:tt patterns: $([$($p:ident)+])+
        types of $type:ident: $([$($look:tt)*] $kind:tt $boxed:tt $outlive:tt;)+
    ) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_arguments {
            (
                args: [] look: [] attributes: []
                records: [$d((
                    $d kind:tt { $d name:tt $d own:tt } { $d($d pattern:tt)* } { $d($d keep:tt)* }
                        [$d($d attribute:tt)*]
                    [$d($d t:tt)*] [$d($d boxed:tt)*] [$d($d outlive:tt)*]
                ))*]
                receiver: [$d($d by:ident $d this:tt $d($d declared:tt)*)?]
                state: {
                    function: $d function:tt boxed: $d is_boxed:tt maybe: $d maybe:tt
                        asyncness: $d asyncness:tt body: $d body:tt stated: $d stated:tt
                        wraps: $d wraps:tt twin: $d twin:tt send: $d send:tt
                    $d($d item:tt)*
                }
            ) => {
                $crate::__smart_choose! {
                    body: $d body wraps: $d wraps twin: $d twin boxed: $d is_boxed send: $d send
                    receiver: [$d($d by $d this $d($d declared)*)?]
                    code: {
                        maybe: $d maybe asyncness: $d asyncness stated: $d stated
                        lets: [
                            $d(let _ = &$d this;)?
                            $d(
                                $d($d keep)*
                                #[allow(unused_variables, reason = "one copy may not use it")]
                                $d($d attribute)*
                                let $d($d pattern)* = $d name;
                            )*
                        ]
                    }
                    given: {
                        passed: [$d($d name,)*] travel: [$d(($d kind $d name $d own))*]
                        boxed: {
                            parameters: [$d($d name: $d($d boxed)*,)*]
                                outlive: [$d($d($d outlive)*)*]
                        }
                    }
                    item: {
                        function: $d function $d($d item)* parameters: [$d($d name: $d($d t)*,)*]
                    }
                }
            };
            // All are plain: `name: Type`, `name: &path::Type`, `name: &[Type]`. (`$r` matches
            // nothing, as `$async` in `__smart_items!`.)
            (
                args: [$d($d name:ident: $d $type:ty),+ $d(,)?]
                look: [$d(
                    $d own:tt: $d(& $d(@ $d r:tt)? $d([$d($d e:ident)::+])?)? $d($d t:ident)::*
                ),+ $d(,)?]
                attributes: [] records: [$d($d records:tt)*] $d($d state:tt)*
            ) => {
                $crate::__smart_arguments! {
                    args: [] look: [] attributes: []
                    records: [
                        $d($d records)*
                        $d((
                            [$d(& $d(@ $d r)?)?] { $d name $d own } { $d name } {} [] [$d $type]
                            [$d(&'smart $d(@ $d r)? $d([$d($d e)::+])?)? $d($d t)::*] []
                        ))+
                    ]
                    $d($d state)*
                }
            };
            // `#[cfg(…)] name: Type`: the function is emitted with the argument and, for the
            // opposite case, without it.
            (args: [#[cfg($d($d condition:tt)*)] $d($d rest:tt)*] look: $d l:tt
                $d($d state:tt)*) => {
                #[cfg($d($d condition)*)]
                $crate::__smart_arguments! {
                    args: [$d($d rest)*] look: [$d($d rest)*] $d($d state)*
                }
                #[cfg(not($d($d condition)*))]
                $crate::__smart_without! { args: [$d($d rest)*] $d($d state)* }
            };
            // `#[allow(…)] name: Type`
            (args: [# $d attribute:tt $d($d rest:tt)*] look: $d l:tt
                attributes: [$d($d attributes:tt)*] $d($d state:tt)*) => {
                $crate::__smart_arguments! {
                    args: [$d($d rest)*] look: [$d($d rest)*]
                        attributes: [$d($d attributes)* # $d attribute] $d($d state)*
                }
            };
            // `name: …`, `mut name: …`, `pattern: …`
            (args: [$d name:ident: $d($d rest:tt)*] look: [$d own:tt $d($d l:tt)*]
                $d($d state:tt)*) => {
                $crate::__smart_borrowed! {
                    argument look: [$d($d rest)*] __smart_arguments __smart_borrowed_argument
                    @named { $d name $d own } { $d name } {} args: [$d($d rest)*] look: [$d($d rest)*]
                        $d($d state)*
                }
            };
            (args: [mut $d name:ident: $d($d rest:tt)*] look: [mut $d own:tt $d($d l:tt)*]
                $d($d state:tt)*) => {
                $crate::__smart_borrowed! {
                    argument look: [$d($d rest)*] __smart_arguments __smart_borrowed_argument
                    @named { $d name $d own } { mut $d name } {} args: [$d($d rest)*]
                        look: [$d($d rest)*] $d($d state)*
                }
            };
            // `name,`: the type is missing.
            (args: [$d other:tt, $d($d rest:tt)*] look: $d l:tt $d($d state:tt)*) => {
                $crate::__smart_wrong_argument! { $d other $d($d state)* }
            };
            // A pattern is up to six tokens: `_`, `(a, b)`, `&x`, `Point { x, y }`,
            // `path::Point(x, y)`
            $(
                (args: [$($d $p:tt)+: $d($d rest:tt)*] look: $d l:tt $d($d state:tt)*) => {
                    $crate::__smart_borrowed! {
                        argument look: [$d($d rest)*] __smart_arguments __smart_borrowed_argument
                        @named { argument argument } { $($d $p)+ }
                        { #[allow(unused_mut, reason = "the pattern may have a `ref mut`")] let mut
                            argument = argument; }
                        args: [$d($d rest)*] look: [$d($d rest)*] $d($d state)*
                    }
                };
            )+
            // `impl Trait`: in a boxed function it has to outlive `'smart`, and only its own
            // bounds can say so.
            (
                @named $d name:tt $d pattern:tt $d keep:tt args: [impl $d($d rest:tt)*]
                look: $d l:tt attributes: $d a:tt records: $d records:tt receiver: $d receiver:tt
                state: { function: $d function:tt boxed: [boxed] $d($d state:tt)* }
            ) => {
                $crate::__smart_impl_argument! {
                    rest: [$d($d rest)*] depth: [] bounds: []
                        named: [$d name $d pattern $d keep $d a]
                    records: $d records receiver: $d receiver
                    state: { function: $d function boxed: [boxed] $d($d state)* }
                }
            };
            $(
                (
                    @named $d name:tt $d pattern:tt $d keep:tt
                        args: [$d $type:ty $d(, $d($d more:tt)*)?] look: [$($look)*]
                    attributes: $d a:tt records: [$d($d records:tt)*] $d($d state:tt)*
                ) => {
                    $crate::__smart_arguments! {
                        args: [$d($d($d more)*)?] look: [$d($d($d more)*)?] attributes: []
                        records: [$d($d records)*
                            ($kind $d name $d pattern $d keep $d a [$d $type] $boxed $outlive)]
                        $d($d state)*
                    }
                };
            )+
            (args: [$d other:tt $d($d rest:tt)*] look: $d l:tt $d($d state:tt)*) => {
                $crate::__smart_wrong_argument! { $d other $d($d state)* }
            };
            (
                @named $d name:tt { $d first:tt $d($d pattern:tt)* } $d keep:tt args: $d args:tt
                    look: $d l:tt
                $d($d state:tt)*
            ) => {
                $crate::__smart_wrong_argument! { $d first $d($d state)* }
            };
        }
    };
}

define_arguments! { $
    patterns: [a] [a b] [a b c] [a b c e] [a b c e f] [a b c e f g]
    types of whole:
    // `&'static Type` travels as it is.
    [&'static $($l:tt)*] [] [$whole] [];
    [& $life:lifetime mut $t:ty $(, $($l:tt)*)?] [mut] [& $life mut $t] [$life: 'smart,];
    [&mut $t:ty $(, $($l:tt)*)?] [mut] [&'smart mut $t] [];
    [& $life:lifetime $t:ty $(, $($l:tt)*)?] [&] [& $life $t] [$life: 'smart,];
    [& $t:ty $(, $($l:tt)*)?] [&] [&'smart $t] [];
    // Such a method cannot name itself with all its types.
    [impl $($l:tt)*] [impl] [$whole] [];
    [$($l:tt)*] [] [$whole] [];
}

/// Refuses a type with a reference inside, if the function is sync and has a body.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_borrowed_argument {
    (
        @named { $name:tt $own:tt } $p:tt $k:tt args: $a:tt look: $l:tt attributes: $b:tt records: $r:tt
            receiver: $t:tt
        state: {
            function: $function:tt boxed: $y:tt maybe: [] asyncness: [] body: [$body:tt]
            $($state:tt)*
        }
    ) => {
        $crate::__smart_error_in! { { borrowed_inside $name } $function }
    };
    ($($state:tt)*) => { $crate::__smart_arguments! { $($state)* } };
}

/// Reads the bounds of an `impl Trait` argument of a boxed function, whose type is used there
/// alone. `depth` has a token for each angle bracket that is open.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_impl_argument {
    (rest: [$(, $($more:tt)*)?] depth: [] bounds: [$($bounds:tt)*] named: [$($named:tt)*]
        records: [$($records:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! {
            args: [$($($more)*)?] look: [$($($more)*)?] attributes: [] records: [$($records)*
                ([impl] $($named)* [impl $($bounds)*] [impl $($bounds)* + 'smart] [])]
            $($state)*
        }
    };
    (rest: [< $($rest:tt)*] depth: [$($depth:tt)*] bounds: [$($bounds:tt)*] $($state:tt)*) => {
        $crate::__smart_impl_argument! { rest: [$($rest)*] depth: [$($depth)* <]
            bounds: [$($bounds)* <] $($state)* }
    };
    (rest: [<< $($rest:tt)*] depth: [$($depth:tt)*] bounds: [$($bounds:tt)*] $($state:tt)*) => {
        $crate::__smart_impl_argument! { rest: [$($rest)*] depth: [$($depth)* < <]
            bounds: [$($bounds)* <<] $($state)* }
    };
    (rest: [> $($rest:tt)*] depth: [< $($depth:tt)*] bounds: [$($bounds:tt)*] $($state:tt)*) => {
        $crate::__smart_impl_argument! { rest: [$($rest)*] depth: [$($depth)*]
            bounds: [$($bounds)* >] $($state)* }
    };
    (rest: [>> $($rest:tt)*] depth: [< < $($depth:tt)*] bounds: [$($bounds:tt)*] $($state:tt)*) => {
        $crate::__smart_impl_argument! { rest: [$($rest)*] depth: [$($depth)*]
            bounds: [$($bounds)* >>] $($state)* }
    };
    (rest: [$t:tt $($rest:tt)*] depth: $depth:tt bounds: [$($bounds:tt)*] $($state:tt)*) => {
        $crate::__smart_impl_argument!
            { rest: [$($rest)*] depth: $depth bounds: [$($bounds)* $t] $($state)* }
    };
    (rest: $rest:tt depth: $depth:tt bounds: $bounds:tt
        named: [{ $name:tt $own:tt } $pattern:tt $keep:tt $a:tt] $($state:tt)*) => {
        $crate::__smart_wrong_argument! { $name attributes: $a $($state)* }
    };
}

/// The error of something that is no argument, at the function.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_wrong_argument {
    (
        $other:tt attributes: $a:tt records: $p:tt receiver: $r:tt
        state: {
            function: { vis: $v:tt name: $name:tt $($function:tt)* } $($state:tt)*
        }
    ) => {
        $crate::__smart_error_at! { { argument $other } $name }
    };
}

/// Drops the argument that a `#[cfg]` takes away.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_without {
    (args: [#[$($attribute:tt)*] $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_without! { args: [$($rest)*] $($state)* }
    };
    (args: [: $t:ty $(, $($more:tt)*)?] attributes: $attributes:tt $($state:tt)*) => {
        $crate::__smart_arguments! {
            args: [$($($more)*)?] look: [$($($more)*)?] attributes: [] $($state)*
        }
    };
    (args: [$pattern:tt $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_without! { args: [$($rest)*] $($state)* }
    };
}
