//! An HTTP service over SQLite.
//!
//! The database layer, [`Store`], is sync, as SQLite is: smart functions that block. The service
//! awaits them, so they run on the offload pool; a command line finishes them with `.wait()`, so
//! they run where they are called. [`Library`] lets callers that read the same thing at the
//! same time share one query.

mod library;
mod service;
mod store;

pub use library::Library;
pub use service::router;
pub use store::{Article, Store, StoreError, Title};
