//! The front door of `smart_fn!`, and the stage that takes its helper attributes off an item.
//!
//! # Stages
//!
//! Each stage is a macro of its own and hands its result on to the next. One emits functions:
//! `__smart_choose!`. The frequent case is the first arm of a stage if that is possible, since each
//! arm that is tried costs every function.
//!
//! ```text
//! smart_fn!                      the macro, and an attribute with `--cfg smartasync_nightly`
//! └ __smart_items!               one item after the other                               (items.rs)
//!   ├ __smart_find_body!         the end of a function with a long signature            (items.rs)
//!   ├ __smart_other_item!        blocks, and items that stay                            (blocks.rs)
//!   └ __smart_attributes!        sorts the attributes, then calls one of:               (attributes.rs)
//!     ├ __smart_block!           a block: calls __smart_items! for its items, once or for each half
//!     ├ __smart_half!            a function of one half of a split                      (split.rs)
//!     └ __smart_function!        a smart function                                       (signature.rs)
//!       └ __smart_generics!      finds the end of `<…>`, if there is one
//!         └ __smart_signature!   `-> Ret` and `where …`; does `Ret` contain `impl Trait`?
//!           └ __smart_helpers!   what the helper attributes say                         (attributes.rs)
//!             └ __smart_receiver!       `self`                                          (arguments.rs)
//!               └ __smart_arguments!    the other arguments
//!                 └ __smart_choose!     the kind of function; emits it and its twin     (choose.rs)
//!                   ├ __smart_boxed!    its signature for `#[boxed]`; comes back        (boxed.rs)
//!                   └ __smart_work!     the expression of its call
//! __smart_error!                 every mistake that a stage finds, shown at the user's own tokens (errors.rs)
//! ```
//!
//! To see an expansion: `cargo +nightly rustc --profile check --example quickstart --
//! -Zunpretty=expanded`.
//!
//! # Limits
//!
//! A body is one token to all of this, so its length costs nothing. Within the recursion limit of
//! 128, a block or an invocation takes 100 plain functions, or 40 with generics and a `where` clause.
//! A signature takes 24 arguments, 8 generic parameters and 8 bounds together. Beyond that, write a
//! second block or invocation.

#[doc = include_str!("smart_fn.md")]
#[cfg(not(smartasync_nightly))]
#[macro_export]
macro_rules! smart_fn {
    ($($items:tt)*) => { $crate::__smart_items! { __smart_function [] $($items)* } };
}

#[doc = include_str!("smart_fn.md")]
#[cfg(smartasync_nightly)]
#[macro_export]
macro_rules! smart_fn {
    attr() ($($item:tt)*) => { $crate::__smart_items! { __smart_function [] $($item)* } };
    attr($($wrong:tt)+) ($($item:tt)*) => { $crate::__smart_error! { attribute smart_fn } };
    ($($items:tt)*) => { $crate::__smart_items! { __smart_function [] $($items)* } };
}
