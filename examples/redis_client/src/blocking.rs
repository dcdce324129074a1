//! The client for sync code: the same types with the same methods, which block.
//!
//! ```no_run
//! use redis_client::{Config, Error, blocking::Client};
//!
//! let client = Client::connect(Config::new("127.0.0.1:6379"))?;
//! client.set("greeting", "hello")?;
//! assert_eq!(client.get("greeting")?.as_deref(), Some(&b"hello"[..]));
//! # Ok::<(), Error>(())
//! ```

use crate::client::Shared;
use crate::resp::Request;
use crate::scan::Pages;
use std::sync::Arc;

/// A client of one server, for sync code. Clones share its connections, and threads can use it at
/// the same time. For async code, there is [`crate::Client`].
///
/// A command takes an idle connection, or makes a new one, and gives it back. If the command fails,
/// the client closes the connection. The next command makes a new one, so the client finds a
/// restarted server again. The client sends no command twice. The server may have carried out a
/// command that failed with [`Error::Closed`](crate::Error::Closed) or
/// [`Error::TimedOut`](crate::Error::TimedOut).
///
/// # Errors
///
/// All commands have the same errors: see [`Error`](crate::Error).
///
/// # Blocking
///
/// Every command blocks its thread until the server has replied, or until the time is up. So do not
/// use this client in async code. A [`get`](Client::get) that shares its request may panic there.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// Commands that are sent together; see [`Client::pipeline`]. A pipeline is not a transaction: the
/// server may run commands of other clients in between.
#[derive(Debug)]
#[must_use = "a pipeline does nothing until it is run"]
pub struct Pipeline {
    pub(crate) client: Client,
    pub(crate) request: Request,
}

/// Iterates over keys; see [`Client::scan`]. It ends after an error.
#[derive(Debug)]
#[must_use = "a scan does nothing until you ask for its keys"]
pub struct Scan {
    pub(crate) client: Client,
    pub(crate) pages: Pages,
}
