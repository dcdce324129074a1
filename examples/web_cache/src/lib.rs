//! An HTTP service over SQLite.
//!
//! The database layer, [`Store`], consists of sync smart functions, because SQLite blocks. The
//! service awaits them, so they run on the offload pool. The command line finishes them with
//! `.wait()`, so they run on its own thread. [`Library`] lets callers that read the same thing at
//! the same time share one query.

mod library;
mod metrics;
mod service;
mod store;

pub use library::Library;
pub use service::router;
pub use store::{Article, Store, StoreError, Title};
