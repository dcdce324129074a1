#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(smartasync_nightly, feature(macro_attr))]
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

mod call;
mod executor;
#[cfg(all(any(doc, doctest), feature = "std"))]
pub mod guide;
#[cfg(feature = "std")]
mod lock;
#[cfg(all(test, smartasync_model))]
mod models;
#[cfg(feature = "std")]
mod pool;
#[cfg(feature = "stream")]
mod stream;
#[cfg(feature = "std")]
mod sync;
#[cfg(feature = "std")]
mod thread;
#[cfg(feature = "std")]
mod time;

#[cfg(feature = "alloc")]
pub use call::{BoxCall, LocalBoxCall, Smart};
pub use call::{Call, WaitError, Work, smart};
#[cfg(feature = "std")]
pub use call::{TimedOut, smart_sync};
#[cfg(feature = "tokio")]
pub use executor::{InstallError, install_tokio, install_tokio_handle};
#[cfg(feature = "std")]
pub use executor::{
    LoopId, Task, block_on, cached_loops, current_loop, install_runtime, reset_smartasync_cache,
    spawn_local,
};
#[cfg(feature = "std")]
pub use lock::{Cancelled, SmartLock, SmartLockMap};
#[cfg(feature = "std")]
pub use pool::{Offload, OffloadStats, offload, offload_stats, set_offload_limit};
#[cfg(all(feature = "std", feature = "stream"))]
pub use stream::smart_iter;
#[cfg(feature = "stream")]
pub use stream::{
    BoxSmartStream, LocalBoxSmartStream, SmartStream, SmartStreamIter, Source, smart_stream,
    smart_unfold,
};
#[cfg(feature = "std")]
pub use thread::context::{allow_blocking, forbid_blocking, is_async_context};
#[cfg(feature = "std")]
pub use thread::runtime::{AlreadyInstalled, Runtime};
#[cfg(feature = "std")]
pub use time::{sleep, wait_for_offloads};

#[doc(hidden)]
pub mod __private;
