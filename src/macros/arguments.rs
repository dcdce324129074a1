//! The stages of `smart_fn!` that read the arguments.
//!
//! They collect, in the order of the arguments:
//!
//! | name         | what it holds                                                                                              |
//! |--------------|------------------------------------------------------------------------------------------------------------|
//! | `receiver`   | nothing, or how `self` came (`reference`, `mutable`, `value`), the token and its declaration               |
//! | `parameters` | the parameters of the emitted function, each with a plain name, so that rustdoc shows it                   |
//! | `boxed_parameters` | the same, where every reference lives for `'smart`: for `#[boxed]`                                   |
//! | `lets`       | statements that bind each parameter to the user's pattern, in the body: `let mut n = n;`                   |
//! | `passed`     | the names of the parameters                                                                                |
//! | `travel`     | how each parameter travels, and what keeps it whole if it has a pattern: `([&] n {})`, `([] n {})` |
//!
//! A parameter with a pattern gets the name `argument`. Each is made in an expansion of its own, so
//! they differ by hygiene. It is bound as a whole before it is bound to the pattern, so that what
//! the pattern leaves out is dropped with the rest, as an `async fn` does it.

/// Reads `self`, in all its forms. `look` and `args` are the same tokens: `self` has to be
/// recognised in the one and taken, with the span that makes it the user's, from the other.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_receiver {
    (look: (&mut self $($l:tt)*) args: (&mut $this:tt $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [mutable $this [&mut $this] [&'smart mut $this]] state: $state }
    };
    (look: (& $l0:lifetime mut self $($l:tt)*) args: (& $life:lifetime mut $this:tt $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [mutable $this [& $life mut $this] [& $life mut $this]] state: $state }
    };
    (look: (&self $($l:tt)*) args: (& $this:tt $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [reference $this [& $this] [&'smart $this]] state: $state }
    };
    (look: (& $l0:lifetime self $($l:tt)*) args: (& $life:lifetime $this:tt $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [reference $this [& $life $this] [& $life $this]] state: $state }
    };
    (look: (self: &mut $($l:tt)*) args: ($this:tt: &mut $t:ty $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [mutable $this [$this: &mut $t] [$this: &'smart mut $t]] state: $state }
    };
    (look: (self: & $l0:lifetime mut $($l:tt)*) args: ($this:tt: & $life:lifetime mut $t:ty $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [mutable $this [$this: & $life mut $t] [$this: & $life mut $t]] state: $state }
    };
    (look: (self: & $l0:lifetime $($l:tt)*) args: ($this:tt: & $life:lifetime $t:ty $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [reference $this [$this: & $life $t] [$this: & $life $t]] state: $state }
    };
    (look: (self: & $($l:tt)*) args: ($this:tt: & $t:ty $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [reference $this [$this: & $t] [$this: &'smart $t]] state: $state }
    };
    (look: (self: $($l:tt)*) args: ($this:tt: $t:ty $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [value $this [$this: $t] [$this: $t]] state: $state }
    };
    (look: (self $($l:tt)*) args: ($this:tt $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [value $this [$this] [$this]] state: $state }
    };
    (look: (mut self: $($l:tt)*) args: (mut $this:tt: $t:ty $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [value $this [mut $this: $t] [mut $this: $t]] state: $state }
    };
    (look: (mut self $($l:tt)*) args: (mut $this:tt $(, $($more:tt)*)?) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [] receiver: [value $this [mut $this] [mut $this]] state: $state }
    };
    (look: ($($l:tt)*) args: ($($args:tt)*) state: $state:tt) => {
        $crate::__smart_arguments! { args: [$($args)*] attributes: [] records: [] receiver: [] state: $state }
    };
    (look: $l:tt args: $a:tt state: { opaque: $o:tt kept: $k:tt maybe: $m:tt twin: $w:tt wraps: $x:tt boxed: $y:tt send: $s:tt
        item: { vis: $v:tt asyncness: $z:tt name: [$name:tt $args:tt] $($item:tt)* } }
    ) => {
        $crate::__smart_error! { no_arguments $name }
    };
}

/// Reads one argument after the other: first its attributes and its pattern, which become `@named`,
/// then its type. Makes a record of each: how it travels, its name, its pattern, what keeps it
/// whole, its attributes, its type, and its type in a boxed function.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_arguments {
    (
        args: [] attributes: []
        records: [$(($kind:tt $name:tt { $($pattern:tt)* } { $($keep:tt)* } [$($attribute:tt)*] [$($type:tt)*] [$($boxed:tt)*]))*]
        receiver: $receiver:tt state: { $($state:tt)* }
    ) => {
        $crate::__smart_choose! {
            $($state)*
            receiver: $receiver parameters: [$($name: $($type)*,)*] boxed_parameters: [$($name: $($boxed)*,)*]
            lets: [$($($keep)* $($attribute)* let $($pattern)* = $name;)*] passed: [$($name,)*] travel: [$(($kind $name { $($keep)* }))*]
        }
    };
    // The rest are plain: `name: Type`, `name: &path::Type`, `name: &[Type]`. (`$r` matches nothing, as in `__smart_items!`.)
    (
        args: [
            $($name:ident: $(& $(@ $r:tt)? $([$($e:ident)::+])?)? $($t:ident)::*),+ $(,)?
        ]
        attributes: [] records: [$($records:tt)*] $($state:tt)*
    ) => {
        $crate::__smart_arguments! {
            args: [] attributes: []
            records: [
                $($records)*
                $((
                    [$(& $(@ $r)?)?] $name { $name } {} []
                    [$(& $(@ $r)? $([$($e)::+])?)? $($t)::*]
                    [$(&'smart $(@ $r)? $([$($e)::+])?)? $($t)::*]
                ))+
            ]
            $($state)*
        }
    };
    // `#[cfg(…)] name: Type`: the whole function is emitted with the argument and, for the opposite case, without it.
    (args: [#[cfg($($condition:tt)*)] $($rest:tt)*] $($state:tt)*) => {
        #[cfg($($condition)*)]
        $crate::__smart_arguments! { args: [$($rest)*] $($state)* }
        #[cfg(not($($condition)*))]
        $crate::__smart_without! { args: [$($rest)*] $($state)* }
    };
    // `#[allow(…)] name: Type`
    (args: [#[$($attribute:tt)*] $($rest:tt)*] attributes: [$($attributes:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { args: [$($rest)*] attributes: [$($attributes)* #[$($attribute)*]] $($state)* }
    };
    // `name: &[&Type]`, `name: Option<&Type>`, `name: Cow<'a, Type>`: not for the body of a sync function.
    (args: [$name:ident: &[&'static $($inner:tt)*] $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @named { $name } { $name } {} args: [&[&'static $($inner)*] $($rest)*] $($state)* }
    };
    (args: [$name:ident: $($path:ident)::+ <&'static $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @named { $name } { $name } {} args: [$($path)::+ <&'static $($rest)*] $($state)* }
    };
    (args: [$name:ident: $($path:ident)::+ <'static $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @named { $name } { $name } {} args: [$($path)::+ <'static $($rest)*] $($state)* }
    };
    (
        args: [$name:ident: &[& $($inner:tt)*] $($rest:tt)*] attributes: $a:tt records: $p:tt receiver: $r:tt
        state: {
            opaque: $o:tt kept: $k:tt maybe: [] twin: $w:tt wraps: $x:tt boxed: $y:tt send: $s:tt
            item: { vis: $v:tt asyncness: [] name: [$function:tt $arguments:tt] generics: $g:tt ret: $e:tt bounds: $c:tt body: [$body:tt] }
        }
    ) => {
        $crate::__smart_error_in! { { borrowed_inside $name } at: [$function $arguments] vis: $v name: [$function $arguments] generics: $g ret: $e bounds: $c }
    };
    (
        args: [$name:ident: $($path:ident)::+ <& $($rest:tt)*] attributes: $a:tt records: $p:tt receiver: $r:tt
        state: {
            opaque: $o:tt kept: $k:tt maybe: [] twin: $w:tt wraps: $x:tt boxed: $y:tt send: $s:tt
            item: { vis: $v:tt asyncness: [] name: [$function:tt $arguments:tt] generics: $g:tt ret: $e:tt bounds: $c:tt body: [$body:tt] }
        }
    ) => {
        $crate::__smart_error_in! { { borrowed_inside $name } at: [$function $arguments] vis: $v name: [$function $arguments] generics: $g ret: $e bounds: $c }
    };
    (
        args: [$name:ident: $($path:ident)::+ <$life:lifetime $($rest:tt)*] attributes: $a:tt records: $p:tt receiver: $r:tt
        state: {
            opaque: $o:tt kept: $k:tt maybe: [] twin: $w:tt wraps: $x:tt boxed: $y:tt send: $s:tt
            item: { vis: $v:tt asyncness: [] name: [$function:tt $arguments:tt] generics: $g:tt ret: $e:tt bounds: $c:tt body: [$body:tt] }
        }
    ) => {
        $crate::__smart_error_in! { { borrowed_inside $name } at: [$function $arguments] vis: $v name: [$function $arguments] generics: $g ret: $e bounds: $c }
    };
    // `name: &Type`, `name: Type`, at once: to go by `@named` would take a level of recursion for each argument.
    (args: [$name:ident: & $life:lifetime $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @named { $name } { $name } {} args: [& $life $($rest)*] $($state)* }
    };
    (args: [$name:ident: &mut $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @named { $name } { $name } {} args: [&mut $($rest)*] $($state)* }
    };
    (args: [$name:ident: impl $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @named { $name } { $name } {} args: [impl $($rest)*] $($state)* }
    };
    (args: [$name:ident: & $t:ty $(, $($more:tt)*)?] attributes: $a:tt records: [$($records:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! {
            args: [$($($more)*)?] attributes: [] records: [$($records)* ([&] $name { $name } {} $a [& $t] [&'smart $t])] $($state)*
        }
    };
    (args: [$name:ident: $t:ty $(, $($more:tt)*)?] attributes: $a:tt records: [$($records:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] records: [$($records)* ([] $name { $name } {} $a [$t] [$t])] $($state)* }
    };
    // `mut name: …`, `pattern: …`
    (args: [mut $name:ident: $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @named { $name } { mut $name } {} args: [$($rest)*] $($state)* }
    };
    // `name,`: the type is missing.
    (args: [$other:tt, $($rest:tt)*] $($state:tt)*) => { $crate::__smart_wrong_argument! { $other $($state)* } };
    // A pattern is up to six tokens: `_`, `(a, b)`, `&x`, `Point { x, y }`, `path::Point(x, y)`
    (args: [$t0:tt: $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @pattern { $t0 } args: [$($rest)*] $($state)* }
    };
    (args: [$t0:tt $t1:tt: $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @pattern { $t0 $t1 } args: [$($rest)*] $($state)* }
    };
    (args: [$t0:tt $t1:tt $t2:tt: $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @pattern { $t0 $t1 $t2 } args: [$($rest)*] $($state)* }
    };
    (args: [$t0:tt $t1:tt $t2:tt $t3:tt: $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @pattern { $t0 $t1 $t2 $t3 } args: [$($rest)*] $($state)* }
    };
    (args: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt: $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @pattern { $t0 $t1 $t2 $t3 $t4 } args: [$($rest)*] $($state)* }
    };
    (args: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt $t5:tt: $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! { @pattern { $t0 $t1 $t2 $t3 $t4 $t5 } args: [$($rest)*] $($state)* }
    };
    (@pattern $pattern:tt $($rest:tt)*) => {
        $crate::__smart_arguments! {
            @named { argument } $pattern { #[allow(unused_mut, reason = "the pattern may have a `ref mut`")] let mut argument = argument; } $($rest)*
        }
    };
    // `&'static Type` travels as it is.
    (@named { $name:ident } $pattern:tt $keep:tt args: [&'static $t:ty $(, $($more:tt)*)?] attributes: $a:tt records: [$($records:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! {
            args: [$($($more)*)?] attributes: [] records: [$($records)* ([] $name $pattern $keep $a [&'static $t] [&'static $t])] $($state)*
        }
    };
    // `&mut Type`
    (@named { $name:ident } $pattern:tt $keep:tt args: [& $life:lifetime mut $t:ty $(, $($more:tt)*)?] attributes: $a:tt records: [$($records:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! {
            args: [$($($more)*)?] attributes: [] records: [$($records)* ([mut] $name $pattern $keep $a [& $life mut $t] [& $life mut $t])] $($state)*
        }
    };
    (@named { $name:ident } $pattern:tt $keep:tt args: [&mut $t:ty $(, $($more:tt)*)?] attributes: $a:tt records: [$($records:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! {
            args: [$($($more)*)?] attributes: [] records: [$($records)* ([mut] $name $pattern $keep $a [&mut $t] [&'smart mut $t])] $($state)*
        }
    };
    // `&Type`
    (@named { $name:ident } $pattern:tt $keep:tt args: [& $life:lifetime $t:ty $(, $($more:tt)*)?] attributes: $a:tt records: [$($records:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! {
            args: [$($($more)*)?] attributes: [] records: [$($records)* ([&] $name $pattern $keep $a [& $life $t] [& $life $t])] $($state)*
        }
    };
    (@named { $name:ident } $pattern:tt $keep:tt args: [& $t:ty $(, $($more:tt)*)?] attributes: $a:tt records: [$($records:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! {
            args: [$($($more)*)?] attributes: [] records: [$($records)* ([&] $name $pattern $keep $a [& $t] [&'smart $t])] $($state)*
        }
    };
    // `impl Trait`: in a boxed function it has to outlive `'smart`, and only its own bounds can say so.
    (
        @named { $name:ident } $pattern:tt $keep:tt args: [impl $($rest:tt)*] attributes: $a:tt records: $records:tt receiver: $receiver:tt
        state: { opaque: $opaque:tt kept: $kept:tt maybe: $maybe:tt twin: $twin:tt wraps: $wraps:tt boxed: [boxed] $($state:tt)* }
    ) => {
        $crate::__smart_impl_argument! {
            rest: [$($rest)*] depth: [] bounds: [] named: [$name $pattern $keep $a] records: $records receiver: $receiver
            state: { opaque: $opaque kept: $kept maybe: $maybe twin: $twin wraps: $wraps boxed: [boxed] $($state)* }
        }
    };
    // `Type`
    (@named { $name:ident } $pattern:tt $keep:tt args: [$t:ty $(, $($more:tt)*)?] attributes: $a:tt records: [$($records:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! {
            args: [$($($more)*)?] attributes: [] records: [$($records)* ([] $name $pattern $keep $a [$t] [$t])] $($state)*
        }
    };
    (args: [$other:tt $($rest:tt)*] $($state:tt)*) => { $crate::__smart_wrong_argument! { $other $($state)* } };
    (@named { $name:ident } { $first:tt $($pattern:tt)* } $keep:tt args: [$($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_wrong_argument! { $first $($state)* }
    };
}

/// Reads the bounds of an `impl Trait` argument of a boxed function, whose type is used there
/// alone. `depth` has a token for each angle bracket that is open.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_impl_argument {
    (rest: [$(, $($more:tt)*)?] depth: [] bounds: [$($bounds:tt)*] named: [$($named:tt)*] records: [$($records:tt)*] $($state:tt)*) => {
        $crate::__smart_arguments! {
            args: [$($($more)*)?] attributes: [] records: [$($records)* ([] $($named)* [impl $($bounds)*] [impl $($bounds)* + 'smart])] $($state)*
        }
    };
    (rest: [< $($rest:tt)*] depth: [$($depth:tt)*] bounds: [$($bounds:tt)*] $($state:tt)*) => {
        $crate::__smart_impl_argument! { rest: [$($rest)*] depth: [$($depth)* <] bounds: [$($bounds)* <] $($state)* }
    };
    (rest: [<< $($rest:tt)*] depth: [$($depth:tt)*] bounds: [$($bounds:tt)*] $($state:tt)*) => {
        $crate::__smart_impl_argument! { rest: [$($rest)*] depth: [$($depth)* < <] bounds: [$($bounds)* <<] $($state)* }
    };
    (rest: [> $($rest:tt)*] depth: [< $($depth:tt)*] bounds: [$($bounds:tt)*] $($state:tt)*) => {
        $crate::__smart_impl_argument! { rest: [$($rest)*] depth: [$($depth)*] bounds: [$($bounds)* >] $($state)* }
    };
    (rest: [>> $($rest:tt)*] depth: [< < $($depth:tt)*] bounds: [$($bounds:tt)*] $($state:tt)*) => {
        $crate::__smart_impl_argument! { rest: [$($rest)*] depth: [$($depth)*] bounds: [$($bounds)* >>] $($state)* }
    };
    (rest: [$t:tt $($rest:tt)*] depth: $depth:tt bounds: [$($bounds:tt)*] $($state:tt)*) => {
        $crate::__smart_impl_argument! { rest: [$($rest)*] depth: $depth bounds: [$($bounds)* $t] $($state)* }
    };
    (rest: $rest:tt depth: $depth:tt bounds: $bounds:tt named: [$name:ident $pattern:tt $keep:tt $a:tt] $($state:tt)*) => {
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
            opaque: $o:tt kept: $k:tt maybe: $m:tt twin: $w:tt wraps: $x:tt boxed: $y:tt send: $s:tt
            item: { vis: $v:tt asyncness: $z:tt name: [$name:tt $args:tt] $($item:tt)* }
        }
    ) => {
        $crate::__smart_error_at! { [$name $args] { argument $other $name } }
    };
}

/// Drops the argument that a `#[cfg]` takes away.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_without {
    (args: [#[$($attribute:tt)*] $($rest:tt)*] $($state:tt)*) => { $crate::__smart_without! { args: [$($rest)*] $($state)* } };
    (args: [: $t:ty $(, $($more:tt)*)?] attributes: $attributes:tt $($state:tt)*) => {
        $crate::__smart_arguments! { args: [$($($more)*)?] attributes: [] $($state)* }
    };
    (args: [$pattern:tt $($rest:tt)*] $($state:tt)*) => { $crate::__smart_without! { args: [$($rest)*] $($state)* } };
}
