//! The macros. Their helpers are exported too, since a macro can only call what its user's crate
//! can see; their names start with `__smart_`.

mod arguments;
mod attributes;
mod blocks;
mod choose;
mod emit;
mod errors;
mod items;
mod signature;
mod smart_await;
mod smart_continuation;
mod smart_fn;
mod split;
