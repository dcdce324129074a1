//! The stages of `smart_fn!` that read a signature: generics, result, `where` clause.
//!
//! Angle brackets are no groups to a macro, so their end has to be searched for. Each search looks at a window of tokens: one arm for each
//! place in the window where the end may be, and a last arm that moves the window on. That keeps the depth of recursion a fraction of the
//! number of tokens. `$t0 $t1 …` are the tokens before the place.
//!
//! A lifetime has an arm of its own before each arm with `$body:block`: if it came as a `lifetime` fragment of a user's own macro, the compiler
//! would take it for the label of a block.

/// Finds the end of `<…>`: the `>` or `>>` before the parenthesised arguments.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_generics {
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [> ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* >] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [>> ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* >>] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt > ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 >] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt >> ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 >>] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt > ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 >] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt >> ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 >>] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt > ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 $t2 >] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt >> ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 $t2 >>] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt > ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 $t2 $t3 >] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt >> ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 $t2 $t3 >>] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt > ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 $t2 $t3 $t4 >] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt >> ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 $t2 $t3 $t4 >>] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt $t5:tt > ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 $t2 $t3 $t4 $t5 >] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt $t5:tt >> ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 $t2 $t3 $t4 $t5 >>] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt $t5:tt $t6:tt > ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 $t2 $t3 $t4 $t5 $t6 >] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt $t5:tt $t6:tt >> ($($args:tt)*) $($tail:tt)*]) => {
        $crate::__smart_result! { item: { head: $head name: [$name ($($args)*)] generics: [$($taken)* $t0 $t1 $t2 $t3 $t4 $t5 $t6 >>] } tail: [$($tail)*] copy: [$($tail)*] }
    };
    (head: $head:tt name: $name:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt $t5:tt $t6:tt $t7:tt $($rest:tt)*]) => {
        $crate::__smart_generics! { head: $head name: $name taken: [$($taken)* $t0 $t1 $t2 $t3 $t4 $t5 $t6 $t7] rest: [$($rest)*] }
    };
    (head: $head:tt name: $name:tt taken: $taken:tt rest: [$($rest:tt)*]) => { $crate::__smart_refuse! { { no_arguments $name } rest: [fn $name $($rest)*] } };
}

/// Reads `-> Ret`, and all the rest where there is no `where` clause. `copy` is the same as `tail`, to be searched for `impl` later: a type
/// that has been read cannot be looked into.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_result {
    // `-> !` is no type that `Output = …` could name on stable: it is reached through a function pointer.
    (item: { $($item:tt)* } tail: [-> ! where $($rest:tt)*] copy: $copy:tt) => {
        $crate::__smart_where! {
            item: { $($item)* ret: [<fn() -> ! as $crate::__private::Ret>::Out] tail: [;] } taken: [] rest: [$($rest)*]
        }
    };
    (item: { $($item:tt)* } tail: [-> ! $($rest:tt)*] copy: $copy:tt) => {
        $crate::__smart_where! {
            item: { $($item)* ret: [<fn() -> ! as $crate::__private::Ret>::Out] tail: [;] } taken: [] rest: [$($rest)*]
        }
    };
    // `-> Ret where …`
    (item: { $($item:tt)* } tail: [-> $ret:ty where $($rest:tt)*] copy: $copy:tt) => {
        $crate::__smart_where! { item: { $($item)* ret: [$ret] tail: $copy } taken: [] rest: [$($rest)*] }
    };
    // `-> Ret;`
    (item: { $($item:tt)* } tail: [-> $ret:ty; $($($next:tt)+)?] copy: $copy:tt) => {
        $crate::__smart_whole! { item: { $($item)* ret: [$ret] tail: $copy } bounds: [] body: [] } $($crate::__smart_items! { $($next)+ })?
    };
    // `-> Ret { … }`
    (item: { $($item:tt)* } tail: [-> $ret:ty $body:block $($($next:tt)+)?] copy: $copy:tt) => {
        $crate::__smart_whole! { item: { $($item)* ret: [$ret] tail: $copy } bounds: [] body: [$body] } $($crate::__smart_items! { $($next)+ })?
    };
    // No result: `where …`, `;` or `{ … }`
    (item: { $($item:tt)* } tail: [where $($rest:tt)*] copy: $copy:tt) => {
        $crate::__smart_where! { item: { $($item)* ret: [()] tail: [;] } taken: [] rest: [$($rest)*] }
    };
    (item: { $($item:tt)* } tail: [; $($($next:tt)+)?] copy: $copy:tt) => {
        $crate::__smart_whole! { item: { $($item)* ret: [()] tail: [;] } bounds: [] body: [] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: { $($item:tt)* } tail: [$body:block $($($next:tt)+)?] copy: $copy:tt) => {
        $crate::__smart_whole! { item: { $($item)* ret: [()] tail: [;] } bounds: [] body: [$body] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: { head: $h:tt name: [$name:tt { $($body:tt)* }] $($i:tt)* } tail: $tail:tt copy: $c:tt) => {
        $crate::__smart_refuse! { { no_arguments $name } rest: [fn $name { $($body)* }] }
    };
    (item: { head: $h:tt name: [$name:tt ;] $($i:tt)* } tail: $tail:tt copy: $c:tt) => {
        $crate::__smart_refuse! { { no_arguments $name } rest: [] }
    };
    (item: { head: $h:tt name: [$name:tt $args:tt] $($i:tt)* } tail: [] copy: $c:tt) => { $crate::__smart_error_at! { [$name $args] { no_body $name } } };
    (item: { head: $h:tt name: [$name:tt $args:tt] $($i:tt)* } tail: [-> $ret:ty] copy: $c:tt) => {
        $crate::__smart_error_at! { [$name $args] { no_body $name } }
    };
    (item: { head: $h:tt name: [$name:tt ($($args:tt)*)] $($i:tt)* } tail: [$other:tt $($rest:tt)*] copy: $c:tt) => {
        $crate::__smart_refuse! { { after_arguments $other $name } rest: [fn $name $other $($rest)*] }
    };
    // What stands in the place of the arguments is something else.
    (item: { head: $h:tt name: [$name:tt $args:tt] $($i:tt)* } tail: [$($rest:tt)*] copy: $c:tt) => {
        $crate::__smart_refuse! { { no_arguments $name } rest: [fn $name $args $($rest)*] }
    };
}

/// Finds the end of a `where` clause: the body or `;`. A block before `>`, `>>` or `,` is a constant in the clause.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_where {
    // The frequent shapes, at once: `T::Item: Into<u32>, {` and `T: Copy + fmt::Debug + 'static,`.
    (
        item: $item:tt taken: [$($taken:tt)*]
        rest: [
            $($t:tt)::+: $($b0:tt)::+ $(<$a0:tt $(= $v0:tt)?>)? $(+ $($b:tt)::+ $(<$a:tt $(= $v:tt)?>)?)*
            $(,)? $body:block $($($next:tt)+)?
        ]
    ) => {
        $crate::__smart_whole! {
            item: $item bounds: [$($taken)* $($t)::+: $($b0)::+ $(<$a0 $(= $v0)?>)? $(+ $($b)::+ $(<$a $(= $v)?>)?)*] body: [$body]
        }
        $($crate::__smart_items! { $($next)+ })?
    };
    (
        item: $item:tt taken: [$($taken:tt)*]
        rest: [$($t:tt)::+: $($b0:tt)::+ $(<$a0:tt $(= $v0:tt)?>)? $(+ $($b:tt)::+ $(<$a:tt $(= $v:tt)?>)?)*, $($rest:tt)*]
    ) => {
        $crate::__smart_where! {
            item: $item taken: [$($taken)* $($t)::+: $($b0)::+ $(<$a0 $(= $v0)?>)? $(+ $($b)::+ $(<$a $(= $v)?>)?)*,] rest: [$($rest)*]
        }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [{$($constant:tt)*} > $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* {$($constant)*} >] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [{$($constant:tt)*} >> $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* {$($constant)*} >>] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [{$($constant:tt)*} , $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* {$($constant)*} ,] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [; $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)*] body: [] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$life:lifetime $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $life] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$body:block $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)*] body: [$body] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt {$($constant:tt)*} > $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 {$($constant)*} >] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt {$($constant:tt)*} >> $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 {$($constant)*} >>] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt {$($constant:tt)*} , $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 {$($constant)*} ,] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt ; $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)* $t0] body: [] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $life:lifetime $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $life] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $body:block $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)* $t0] body: [$body] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt {$($constant:tt)*} > $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 {$($constant)*} >] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt {$($constant:tt)*} >> $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 {$($constant)*} >>] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt {$($constant:tt)*} , $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 {$($constant)*} ,] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt ; $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)* $t0 $t1] body: [] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $life:lifetime $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $life] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $body:block $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)* $t0 $t1] body: [$body] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt {$($constant:tt)*} > $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 {$($constant)*} >] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt {$($constant:tt)*} >> $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 {$($constant)*} >>] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt {$($constant:tt)*} , $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 {$($constant)*} ,] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt ; $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)* $t0 $t1 $t2] body: [] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $life:lifetime $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 $life] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $body:block $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)* $t0 $t1 $t2] body: [$body] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt {$($constant:tt)*} > $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 $t3 {$($constant)*} >] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt {$($constant:tt)*} >> $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 $t3 {$($constant)*} >>] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt {$($constant:tt)*} , $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 $t3 {$($constant)*} ,] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt ; $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)* $t0 $t1 $t2 $t3] body: [] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $life:lifetime $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 $t3 $life] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $body:block $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)* $t0 $t1 $t2 $t3] body: [$body] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt {$($constant:tt)*} > $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 $t3 $t4 {$($constant)*} >] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt {$($constant:tt)*} >> $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 $t3 $t4 {$($constant)*} >>] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt {$($constant:tt)*} , $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 $t3 $t4 {$($constant)*} ,] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt ; $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)* $t0 $t1 $t2 $t3 $t4] body: [] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt $life:lifetime $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 $t3 $t4 $life] rest: [$($rest)*] }
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt $body:block $($($next:tt)+)?]) => {
        $crate::__smart_whole! { item: $item bounds: [$($taken)* $t0 $t1 $t2 $t3 $t4] body: [$body] } $($crate::__smart_items! { $($next)+ })?
    };
    (item: $item:tt taken: [$($taken:tt)*] rest: [$t0:tt $t1:tt $t2:tt $t3:tt $t4:tt $t5:tt $($rest:tt)*]) => {
        $crate::__smart_where! { item: $item taken: [$($taken)* $t0 $t1 $t2 $t3 $t4 $t5] rest: [$($rest)*] }
    };
    (item: { head: $h:tt name: [$name:tt $args:tt] $($i:tt)* } taken: $taken:tt rest: $rest:tt) => { $crate::__smart_error_at! { [$name $args] { no_body $name } } };
}

/// Says whether a result type contains `impl Trait`, which can be named in the signature only.
#[doc(hidden)]
#[macro_export]
macro_rules! __smart_find_impl {
    // The frequent shapes, at once: `-> path::Type {`, `-> Type<A> {`, `-> Type<A, path::B> {`, `-> Type<(), A> {`. (`impl ::path::Trait` has the
    // looks of a path.)
    (look: [-> impl $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $($state)* } };
    (look: [-> $($t:ident)::+ < impl $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $($state)* } };
    (look: [-> $($t:ident)::+ < $($a:ident)::+, impl $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $($state)* } };
    (look: [-> $($t:ident)::+ < (), impl $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $($state)* } };
    (look: [-> $($t:ident)::+ { $($body:tt)* } $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [-> $($t:ident)::+ < $($a:ident)::+ $(, $($b:ident)::+)? > { $($body:tt)* } $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_attributes! { opaque: [no] $($state)* }
    };
    (look: [-> $($t:ident)::+ < () $(, $($a:ident)::+)? > { $($body:tt)* } $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_attributes! { opaque: [no] $($state)* }
    };
    (look: [impl $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $($state)* } };
    (look: [where $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [; $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [$life:lifetime $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($rest)*] $($state)* }
    };
    (look: [$body:block $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [($($inner:tt)*) $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($inner)* $($rest)*] $($state)* }
    };
    (look: [[$($inner:tt)*] $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($inner)* $($rest)*] $($state)* }
    };
    (look: [$t0:tt impl $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $($state)* } };
    (look: [$t0:tt where $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [$t0:tt ; $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [$t0:tt $life:lifetime $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($rest)*] $($state)* }
    };
    (look: [$t0:tt $body:block $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [$t0:tt ($($inner:tt)*) $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($inner)* $($rest)*] $($state)* }
    };
    (look: [$t0:tt [$($inner:tt)*] $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($inner)* $($rest)*] $($state)* }
    };
    (look: [$t0:tt $t1:tt impl $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $($state)* } };
    (look: [$t0:tt $t1:tt where $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [$t0:tt $t1:tt ; $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [$t0:tt $t1:tt $life:lifetime $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($rest)*] $($state)* }
    };
    (look: [$t0:tt $t1:tt $body:block $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [$t0:tt $t1:tt ($($inner:tt)*) $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($inner)* $($rest)*] $($state)* }
    };
    (look: [$t0:tt $t1:tt [$($inner:tt)*] $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($inner)* $($rest)*] $($state)* }
    };
    (look: [$t0:tt $t1:tt $t2:tt impl $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [yes] $($state)* } };
    (look: [$t0:tt $t1:tt $t2:tt where $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [$t0:tt $t1:tt $t2:tt ; $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [$t0:tt $t1:tt $t2:tt $life:lifetime $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($rest)*] $($state)* }
    };
    (look: [$t0:tt $t1:tt $t2:tt $body:block $($rest:tt)*] $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
    (look: [$t0:tt $t1:tt $t2:tt ($($inner:tt)*) $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($inner)* $($rest)*] $($state)* }
    };
    (look: [$t0:tt $t1:tt $t2:tt [$($inner:tt)*] $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($inner)* $($rest)*] $($state)* }
    };
    (look: [$t0:tt $t1:tt $t2:tt $t3:tt $($rest:tt)*] $($state:tt)*) => {
        $crate::__smart_find_impl! { look: [$($rest)*] $($state)* }
    };
    (look: $look:tt $($state:tt)*) => { $crate::__smart_attributes! { opaque: [no] $($state)* } };
}
