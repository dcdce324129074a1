//! What the expansions of the macros name. Not part of the API: it may change in any release.

#[cfg(feature = "alloc")]
pub use crate::call::boxed::{BoxWork, DynWork};
pub use crate::call::resolve::*;
#[cfg(feature = "std")]
pub use crate::call::travel::*;
pub use crate::call::work::{
    BecomeFuture, Both, Driven, Forked, Route, Routed, Routes, RunInPlace, Sealed, both, driven,
    forked, routed_body,
};
#[cfg(feature = "std")]
pub use crate::pool::offload;

/// Reaches a type through the function pointer that returns it: `<fn() -> ! as Ret>::Out` is how
/// stable Rust names `!`.
pub trait Ret {
    /// The type.
    type Out;
}

impl<T> Ret for fn() -> T {
    type Out = T;
}

/// The crate as the sync copy of a `#[maybe_async]` body sees it: only `smart_await!` differs.
pub mod sync_copy {
    pub use crate::__smart_await_sync as smart_await;
    pub use crate::*;
}

/// The crate as the sync half of a split sees it.
pub mod split_sync {
    pub use crate::__smart_await_split_sync as smart_await;
    pub use crate::*;
}

/// The crate as the async half of a split sees it.
pub mod split_async {
    pub use crate::__smart_await_split_async as smart_await;
    pub use crate::*;
}
