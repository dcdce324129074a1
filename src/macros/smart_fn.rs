//! The front door of `smart_fn!`, and the stage that takes its helper attributes off an item.
//!
//! # Stages
//!
//! Each stage is a macro of its own and hands its result on to the next. Only the last two emit
//! items: each expansion takes time, so a plain function with a body, which most are, is emitted as
//! soon as it is known for one.
//!
//! ```text
//! smart_fn!                 the name that users know, as a macro and, with `--cfg smartasync_nightly`, as an attribute
//! └ __smart_items!          one item after the other: attributes, visibility, `async`, name
//!  └ __smart_generics!      finds the end of `<…>`, if there is one                            (signature.rs)
//!     └ __smart_result!     `-> Ret`                                                           (signature.rs)
//!        └ __smart_where!   `where …`, the body or `;`                                         (signature.rs)
//!           └ __smart_whole!            the item is whole, and __smart_items! goes on with the next one
//!              └ __smart_find_impl!     does `Ret` contain `impl Trait`?                       (signature.rs)
//!                 └ __smart_attributes! helper attributes
//!                    └ __smart_arguments!   one argument after the other                       (arguments.rs)
//!                       └ __smart_choose!   which kind of function it is, and its body; emits the common case (choose.rs)
//!                          └ __smart_emit!  the other items                                    (emit.rs)
//! __smart_error!            every mistake that a stage finds, shown at the user's own tokens by __smart_error_at! (errors.rs)
//! ```
//!
//! To see an expansion: `cargo +nightly rustc --profile check --example quickstart --
//! -Zunpretty=expanded`.
//!
//! # Limits
//!
//! The body is a single `block` to all of this, so its length costs nothing. The header is looked
//! at through windows of several tokens, to stay clear of the recursion limit of 128: 24 arguments,
//! 8 generic parameters and 8 bounds together are fine, as are some 50 plain functions in one
//! invocation, 30 boxed ones, or 14 to 29 with generics and a `where` clause. Beyond that, write a
//! second invocation.

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
