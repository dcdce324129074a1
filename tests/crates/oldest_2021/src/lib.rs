//! Smart functions of every kind, in a crate that allows no warning. Two packages compile this file,
//! `oldest_2021` and `oldest_2024`, each in its edition.
#![deny(
    warnings,
    future_incompatible,
    let_underscore,
    nonstandard_style,
    rust_2018_idioms,
    unused,
    missing_debug_implementations,
    missing_docs,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    unnameable_types,
    unreachable_pub,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results
)]
#![forbid(unsafe_code)]

pub mod kinds;
pub mod receivers;
pub mod signatures;
pub mod traits;

#[cfg(test)]
mod tests;
