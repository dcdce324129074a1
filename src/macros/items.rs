//! The first stage of `smart_fn!`: one item after the other, and where each ends.
//!
//! A macro cannot look for a body without matching all that stands before it, and each step that it
//! takes is a level of recursion. So [`__smart_items`] and [`__smart_find_body`] look at a window of
//! many tokens: a few arms for each place in the window where the item may end, and a last arm that
//! moves the window on. A plain function takes one level, whatever its length.
//!
//! A body stands once in each expansion. It is matched as a `block` fragment where that is possible,
//! because such a body keeps the edition of its own braces, and with it the moment at which its last
//! temporaries are dropped. An editor expands unfinished bodies too, which are no blocks, so for
//! rust-analyzer it is `{ $($body:tt)* }`. A `block` fragment cannot have inner attributes, so a body
//! with them is matched as tokens as well.

/// Makes a macro that finds the end of a function: its body or `;`. A block before `>`, `>>` or `,`
/// is a constant in its signature.
///
/// `places` are the names of the tokens before each place. A lifetime has an arm of its own before
/// the arm with `$body:block`. If it came as a `lifetime` fragment of a user's own macro, the
/// compiler would take it for the label of a block.
macro_rules! define_windows_with {
    (
        $d:tt $body:tt $name:ident form: $form:tt first: $first:tt last: $last:tt
        places: $([$($t:ident)*])+ next: $next:tt
    ) => {
        define_windows_with! { @arms $d $name $first $last $([$body $form $($t)*])+ }
    };
    (
        @arms $d:tt $name:ident [$($first:tt)*] [$($last:tt)*]
        $([
            { [$($block:tt)*] [$($found:tt)*] }
            {
                prefix: [$($prefix:tt)*] then: [$($then:tt)*] context: [$($context:tt)*]
                attributes: [$($attributes:tt)*] state: [$($state:tt)*] taken: [$($taken:tt)*]
            }
            $($t:ident)*
        ])+
    ) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $name {
            $($first)*
            $(
                ($($prefix)* $($d $t:tt)* ; $d($d($d next:tt)+)?) => {
                    $crate::__smart_attributes! {
                        $($then)* { body: [] context: $($context)* $($state)*
                            header: [$($taken)* $($d $t)*] }
                        $($attributes)* kept: [] helpers: []
                    }
                    $d($crate::__smart_items! { $($then)* $($context)* $d($d next)+ })?
                };
                ($($prefix)* $($d $t:tt)* {$d($d constant:tt)*} > $d($d rest:tt)*) => {
                    $crate::__smart_find_body! {
                        $($then)* $($context)* $($attributes)* [$($state)*]
                            [$($taken)* $($d $t)* {$d($d constant)*} >]
                        $d($d rest)*
                    }
                };
                ($($prefix)* $($d $t:tt)* {$d($d constant:tt)*} >> $d($d rest:tt)*) => {
                    $crate::__smart_find_body! {
                        $($then)* $($context)* $($attributes)* [$($state)*]
                            [$($taken)* $($d $t)* {$d($d constant)*} >>]
                        $d($d rest)*
                    }
                };
                ($($prefix)* $($d $t:tt)* {$d($d constant:tt)*} , $d($d rest:tt)*) => {
                    $crate::__smart_find_body! {
                        $($then)* $($context)* $($attributes)* [$($state)*]
                            [$($taken)* $($d $t)* {$d($d constant)*} ,]
                        $d($d rest)*
                    }
                };
                ($($prefix)* $($d $t:tt)* { # ! $d inner:tt $d($d body:tt)* }
                    $d($d($d next:tt)+)?) => {
                    $crate::__smart_attributes! {
                        $($then)* { body: [{ # ! $d inner $d($d body)* }] context: $($context)*
                            $($state)* header: [$($taken)* $($d $t)*] }
                        $($attributes)* kept: [] helpers: []
                    }
                    $d($crate::__smart_items! { $($then)* $($context)* $d($d next)+ })?
                };
                ($($prefix)* $($d $t:tt)* $d life:lifetime $d($d rest:tt)*) => {
                    $crate::__smart_find_body! {
                        $($then)* $($context)* $($attributes)* [$($state)*]
                            [$($taken)* $($d $t)* $d life]
                        $d($d rest)*
                    }
                };
                ($($prefix)* $($d $t:tt)* $($block)* $d($d($d next:tt)+)?) => {
                    $crate::__smart_attributes! {
                        $($then)* { body: [$($found)*] context: $($context)* $($state)*
                            header: [$($taken)* $($d $t)*] }
                        $($attributes)* kept: [] helpers: []
                    }
                    $d($crate::__smart_items! { $($then)* $($context)* $d($d next)+ })?
                };
            )+
            $($last)*
        }
    };
}

/// The compiler takes a body as a block.
#[cfg(not(rust_analyzer))]
macro_rules! define_windows {
    ($d:tt $($all:tt)*) => { define_windows_with! { $d { [$d body:block] [$d body] } $($all)* } };
}

/// rust-analyzer takes each body as tokens. It compares the expansions of a body before and after it
/// adds a word at the cursor, so both must come from one arm, whether the body is a block or not.
#[cfg(rust_analyzer)]
macro_rules! define_windows {
    ($d:tt $($all:tt)*) => {
        define_windows_with! { $d { [{ $d($d body:tt)* }] [{ $d($d body)* }] } $($all)* }
    };
}

// Takes one item after the other, and hands each to the macro `then`, with its `context`.
//
// `$(async $(@ $async:tt)?)?` is how one arm matches both kinds of function: the inner repetition
// matches nothing, and is there to repeat the outer one in the expansion.
with_windows! { {
    define_windows $ __smart_items
    form: {
        prefix: [
            $then:ident $context:tt
            $(# $attribute:tt)* $vis:vis $(async $(@ $async:tt)?)? fn $name:tt
        ]
        then: [$then] context: [$context] attributes: [[$($attribute)*]]
        state: [vis: [$vis] asyncness: [$(async $(@ $async)?)?] name: $name]
        taken: []
    }
    first: [
        ($then:ident $context:tt) => {};
        // A function without arguments.
        (
            $then:ident $context:tt $(# $a:tt)* $vis:vis $(async $(@ $s:tt)?)? fn $name:tt
            -> $($rest:tt)*
        ) => {
            $crate::__smart_refuse! {
                { no_arguments $name } rest: [fn $name $($rest)*] look: [fn name]
            }
        };
    ]
    last: [
        // A function with a longer signature.
        (
            $then:ident $context:tt
            $(# $attribute:tt)* $vis:vis $(async $(@ $async:tt)?)? fn $name:tt
            $a:tt $b:tt $c:tt $e:tt $f:tt $g:tt $h:tt $i:tt $j:tt $k:tt $l:tt $m:tt $n:tt $o:tt
            $p:tt $q:tt $r:tt $s:tt $($rest:tt)*
        ) => {
            $crate::__smart_find_body! {
                $then $context [$($attribute)*]
                [vis: [$vis] asyncness: [$(async $(@ $async)?)?] name: $name] [
                    $a $b $c $e $f $g $h $i $j $k $l $m $n $o $p $q $r $s] $($rest)*
            }
        };
        (
            $then:ident $context:tt
            $(# $attribute:tt)* $vis:vis $(async $(@ $async:tt)?)? fn $name:tt $($rest:tt)*
        ) => {
            $crate::__smart_find_body! {
                $then $context [$($attribute)*]
                [vis: [$vis] asyncness: [$(async $(@ $async)?)?] name: $name] [] $($rest)*
            }
        };
        ($then:ident $context:tt $($other:tt)+) => {
            $crate::__smart_other_item! { then: $then context: $context $($other)+ }
        };
    ]
    places: } [] [a] b c e f g h i j k l m n o p q r s
}

with_windows! { {
    define_windows $ __smart_find_body
    form: {
        prefix: [$then:ident $context:tt $attributes:tt [$($state:tt)*] [$($taken:tt)*]]
        then: [$then] context: [$context] attributes: [$attributes] state: [$($state)*]
        taken: [$($taken)*]
    }
    first: []
    last: [
        ($then:ident $context:tt $attributes:tt $state:tt [$($taken:tt)*]
            $a:tt $b:tt $c:tt $e:tt $f:tt $g:tt $h:tt $i:tt $j:tt $k:tt $l:tt $m:tt $n:tt $o:tt
            $p:tt $q:tt $r:tt $s:tt $u:tt $v:tt $w:tt $x:tt $y:tt $z:tt $aa:tt $bb:tt $cc:tt
            $ee:tt $ff:tt $gg:tt $hh:tt $ii:tt $($rest:tt)*) => {
            $crate::__smart_find_body! {
                $then $context $attributes $state
                    [$($taken)* $a $b $c $e $f $g $h $i $j $k $l $m $n $o $p $q $r $s $u $v $w $x
                    $y $z $aa $bb $cc
            $ee $ff $gg $hh $ii] $($rest)*
            }
        };
        (
            $then:ident $context:tt $attributes:tt [vis: $v:tt asyncness: $a:tt name: $name:tt]
            [$($taken:tt)*] $($rest:tt)*
        ) => {
            $crate::__smart_no_body! { $name $($taken)* $($rest)* }
        };
    ]
    places: } [] [] a b c e f g h i j k l m n o p q r s u v w x y z aa bb cc ee ff gg hh ii
}
