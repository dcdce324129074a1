#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(feature = "nightly", feature(macro_attr))]
#![cfg_attr(
    smartasync_model,
    allow(
        dead_code,
        unreachable_pub,
        missing_debug_implementations,
        reason = "a model uses a part of the crate"
    )
)]
#![cfg_attr(
    not(feature = "std"),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the documentation links to what needs `std`"
    )
)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod macros;

#[cfg(feature = "alloc")]
mod boxed;
mod call;
#[cfg(feature = "std")]
mod context;
mod drive;
#[cfg(feature = "std")]
mod executor;
#[cfg(all(any(doc, doctest), feature = "std"))]
pub mod guide;
#[cfg(feature = "std")]
mod level;
#[cfg(feature = "std")]
mod lock;
#[cfg(feature = "std")]
mod loops;
#[cfg(all(test, smartasync_model))]
mod models;
#[cfg(feature = "std")]
mod offload;
#[cfg(feature = "std")]
mod panics;
#[cfg(feature = "std")]
mod park;
#[cfg(feature = "std")]
mod pool;
#[cfg(all(feature = "std", feature = "stream"))]
mod read_ahead;
mod resolve;
#[cfg(feature = "std")]
mod runtime;
#[cfg(feature = "alloc")]
mod smart;
#[cfg(feature = "stream")]
mod stream;
#[cfg(feature = "std")]
mod sync;
#[cfg(feature = "std")]
mod task;
#[cfg(feature = "std")]
mod travel;

#[cfg(feature = "alloc")]
pub use boxed::{BoxCall, SendBoxCall};
pub use call::{Call, WaitError, Work, smart};
#[cfg(feature = "std")]
pub use call::{TimedOut, smart_sync};
#[cfg(feature = "std")]
pub use context::{allow_blocking, forbid_blocking, is_async_context};
#[cfg(feature = "std")]
pub use lock::{Cancelled, SmartLock, SmartLockMap};
#[cfg(feature = "std")]
pub use loops::{
    LoopId, block_on, cached_loops, current_loop, install_runtime, reset_smartasync_cache,
};
#[cfg(feature = "std")]
pub use offload::{Offload, offload};
#[cfg(feature = "std")]
pub use pool::set_offload_limit;
#[cfg(all(feature = "std", feature = "stream"))]
pub use read_ahead::smart_iter;
#[cfg(feature = "std")]
pub use runtime::{AlreadyInstalled, Runtime};
#[cfg(feature = "alloc")]
pub use smart::Smart;
#[cfg(feature = "stream")]
pub use stream::{SmartStream, SmartStreamIter, Source, smart_stream, smart_unfold};
#[cfg(feature = "std")]
pub use task::{Task, spawn_local};

#[doc(hidden)]
pub mod __private;
