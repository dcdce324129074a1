//! What a user reads who has written something that `smart_fn!` does not take: one sentence each.
//!
//! An error of `compile_error!` is shown where the user called the outermost macro, which would be
//! the whole of `smart_fn!( … )`. So that it is shown at the function instead, the sentence is the
//! expansion of a macro that has the function's own name, and that is called with the function's
//! own parentheses: `load(&self, key: &str)` in a program becomes `load!(&self, key: &str)`, with
//! both spans as they stand there. (A token keeps its span as a `tt` only. As an `ident` it would
//! have the span of the macro that passes it on.)

/// An error in the place of a function: at its name and the group after it. Each error ends with the
/// name.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_error_at {
    ($error:tt [$name:tt $group:tt]) => {
        fn $name() {
            $crate::__smart_error_here! { $error [$name $group] }
        }
    };
}

/// An error in the place of a function's body, at its arguments or another group of the user. So
/// callers of the function get no errors of their own.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_error_in {
    ($error:tt { vis: $vis:tt name: [$name:tt $args:tt] $($function:tt)* }) => {
        $crate::__smart_error_in! {
            $error at: $args { vis: $vis name: [$name $args] $($function)* }
        }
    };
    (
        $error:tt at: $group:tt
        {
            vis: [$vis:vis] name: [$name:tt $args:tt] generics: [$($generics:tt)*] ret: [$ret:ty]
                bounds: [$($bounds:tt)*]
        }
    ) => {
        #[allow(unused_variables, reason = "the body is not there")]
        $vis fn $name $($generics)* $args -> $crate::Call<impl $crate::Work<Output = $ret>> where
            $($bounds)* {
            $crate::__smart_error_here! { $error [$name $group] };
            $crate::smart(::core::future::pending())
        }
    };
}

/// The same, where the result is not known: `!` becomes whatever a caller wants.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_error_before_result {
    ($error:tt { $($function:tt)* }) => {
        $crate::__smart_error_in! {
            $error { $($function)* ret: [<fn() -> ! as $crate::__private::Ret>::Out] bounds: [] }
        }
    };
}

/// An error in the place of an expression: at the name and the group of its function.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_error_here {
    ($error:tt $at:tt) => { $crate::__smart_error_here! { ($) $error $at } };
    (($dollar:tt) { $($error:tt)* } [$name:tt $group:tt]) => {{
        macro_rules! $name {
            ($dollar($dollar any:tt)*) => { $crate::__smart_error! { $($error)* $name } };
        }
        $name! $group
    }};
}

/// An item that is no function, or has no arguments: looks for a name and a group, to show the
/// error there.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_refuse {
    ($error:tt rest: [$word:ident $name:tt $($rest:tt)*] look: [$w:ident $n:ident $($l:tt)*]) => {
        $crate::__smart_refuse! { $error $name [$($rest)*] [$($rest)*] }
    };
    ($error:tt rest: $rest:tt look: $look:tt) => { $crate::__smart_error! { $error } };
    // Both lists are the same: a group is recognised in the one, and taken from the other.
    ($error:tt $name:tt [($($inner:tt)*) $($look:tt)*] [$group:tt $($rest:tt)*]) => {
        $crate::__smart_error_at! { $error [$name $group] }
    };
    ($error:tt $name:tt [{ $($inner:tt)* } $($look:tt)*] [$group:tt $($rest:tt)*]) => {
        $crate::__smart_error_at! { $error [$name $group] }
    };
    ($error:tt $name:tt [$other:tt $($look:tt)*] [$same:tt $($rest:tt)*]) => {
        $crate::__smart_refuse! { $error $name [$($look)*] [$($rest)*] }
    };
    ($error:tt $name:tt [] []) => { $crate::__smart_error! { $error } };
}

/// Makes `__smart_error!` of a table: a mistake, the tokens that belong to it, and its sentence, in
/// which these tokens are quoted.
macro_rules! define_errors {
    ($d:tt $($mistake:ident $($token:ident)*: $($text:literal $($quoted:ident)?)+;)+) => {
        /// Every mistake that the stages of `smart_fn!` find.
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __smart_error {
            ({ $d($d error:tt)+ }) => { $crate::__smart_error! { $d($d error)+ } };
            $(
                ($mistake $($d $token:tt)* $d($d more:tt)?) => {
                    ::core::compile_error!
                        { ::core::concat!($($text, $(::core::stringify!($d $quoted),)?)+) }
                };
            )+
        }
    };
}

define_errors! { $
    const_fn name:
        "the smart function `" name "` cannot be `const`, because it returns a call that runs "
        "later: write `fn` or `async fn`";
    unsafe_fn name:
        "the smart function `" name "` cannot be `unsafe`, because its body runs after the call "
        "was made: write a safe function with an `unsafe` block in it";
    extern_fn name:
        "the smart function `" name "` cannot be `extern`, because its result has no C type: "
        "write `fn` or `async fn`, and call it from an `extern` function with `.wait()`";
    not_a_function other:
        "`smart_fn!` takes functions only, but found `" other "`: write `fn` or `async fn`";
    nothing_after_attributes:
        "the attributes in `smart_fn!` belong to nothing: write a function after them";
    no_arguments name:
        "the smart function `" name "` has no parentheses for its arguments: write `fn " name
        "(…)`";
    no_body name:
        "the smart function `" name "` has no body: write one, or `;` in a trait or with "
        "`#[wraps(…)]`";
    after_arguments other name:
        "found `" other "` after the arguments of the smart function `" name "`: write `-> "
        "Type`, `where …`, a body or `;`";
    attribute name:
        "`#[" name "]` takes no arguments and stands once on a function: write `#[" name "]`";
    blocking:
        "`#[blocking]` needs the name of the blocking twin, and stands once on a function: "
        "write `#[blocking(name)]`";
    wraps:
        "`#[wraps]` needs the path of a function, and stands once: write "
        "`#[wraps(path::to::function)]`";
    split:
        "`#[split(…)]` says where the sync half goes, and stands once: write "
        "`#[split(blocking::Type)]` on an `impl`, `#[split(BlockingName)]` on a trait, or "
        "`#[split(name_blocking)]` on an `async fn`";
    split_sync:
        "`#[split(…)]` makes a sync function of an `async fn`, and this one is a `fn`: write "
        "`async fn`, or remove the attribute";
    in_split name:
        "`#[" name "]` belongs to smart functions, and `#[split(…)]` makes plain ones: remove "
        "one of the two";
    outside_split name:
        "`#[" name "]` belongs to an item in a block with `#[split(…)]`: remove it, or split the "
        "block";
    on_a_block name:
        "`#[" name "]` belongs to one function, and cannot stand on a block: move it to the "
        "function, or remove it";
    track_caller name:
        "`#[track_caller]` has no effect on `" name "`, because its body runs later: remove it, "
        "or put it on a plain function";
    sync_where:
        "`#[sync_where(…)]` holds the bounds of the sync half, and stands once: write "
        "`#[sync_where(T: Bound)]`";
    no_items:
        "this block in `smart_fn!` has no braces: write `{ … }` with its items";
    instrument:
        "the span of `#[instrument]` would end before the body of a smart function runs: put it "
        "on a plain function and `#[wraps(…)]` that, or write `.instrument(span)`";
    no_pool name:
        "the sync smart function `" name "` runs on the offload pool when it is awaited, and "
        "without the feature `std` there is none: write `#[maybe_async] async fn`";
    no_box name:
        "the smart function `" name "` is `#[boxed]`, and without the feature `alloc` there is "
        "no box: add the feature, or remove the attribute";
    wraps_body name:
        "`" name "` has `#[wraps(…)]` and a body of its own: end it with `;`, or remove the "
        "attribute";
    maybe_sync name:
        "`#[maybe_async]` compiles an `async fn` as sync code too, and `" name "` is a `fn`: "
        "write `async fn`, or remove the attribute";
    maybe_wraps name:
        "`#[maybe_async]` needs a body to compile twice, and `" name "` has `#[wraps(…)]`: write "
        "a body that calls the wrapped function, or remove one of the two";
    mutable name:
        "a sync smart function cannot take `&mut` as `" name "` does, because its arguments "
        "travel to another thread when it is awaited: take the value and return it, share it in "
        "an `Arc<Mutex<_>>`, or write `#[maybe_async] async fn` if it does not block";
    borrowed_result name:
        "the sync smart function `" name "` cannot return a reference, because its arguments "
        "travel to another thread when it is awaited: return something owned, or write "
        "`#[maybe_async] async fn` if it does not block";
    borrowed_inside name:
        "a sync smart function cannot take something with a reference inside, as `" name "` is, "
        "because its arguments travel to another thread when it is awaited: take a plain "
        "reference or something owned, or write `#[maybe_async] async fn` if it does not block";
    argument other name:
        "found `" other "` where the smart function `" name "` has an argument: write `name: "
        "Type`, where for the name a pattern of at most six tokens may stand";
}
