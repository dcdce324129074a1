//! A small Redis client, written once for sync and async callers.
//!
//! Every command returns a lazy [`Call`](smartasync::Call). Sync code finishes the call with
//! `.wait()`. This runs the sync copy of the client, over `std::net::TcpStream`, without a future
//! or an executor. Async code awaits the call. This runs the async copy, over the sockets of tokio
//! or, with the feature `smol`, of async-io. One [`Client`] serves both at the same time.
//!
//! ```no_run
//! use redis_client::{Client, Config, Error};
//!
//! fn sync_code(client: &Client) -> Result<i64, Error> {
//!     client.set("greeting", "hello").wait()?;
//!     client.incr("visits").wait()
//! }
//!
//! async fn async_code(client: &Client) -> Result<i64, Error> {
//!     client.set("greeting", "hello").await?;
//!     client.incr("visits").await
//! }
//!
//! let client = Client::new(Config::new("127.0.0.1:6379"));
//! sync_code(&client)?;
//! # Ok::<(), Error>(())
//! ```

mod async_socket;
mod blocking_socket;
mod client;
mod config;
mod connection;
mod deadline;
mod error;
mod pipeline;
mod resp;
mod scan;
mod value;

pub use client::Client;
pub use config::{Config, Protocol};
pub use error::{Error, ServerError};
pub use pipeline::Pipeline;
pub use scan::Scan;
pub use value::Value;
