//! A small Redis client for async and for sync code.
//!
//! [`Client`] is for async code. It uses the sockets of tokio or, with the feature `smol`, of
//! async-io. [`blocking::Client`] is for sync code. It uses `std::net::TcpStream`, without a future
//! or an executor. Both have the same methods, from one source.
//!
//! ```no_run
//! use redis_client::{Client, Config, Error, blocking};
//!
//! fn sync_code(client: &blocking::Client) -> Result<i64, Error> {
//!     client.set("greeting", "hello")?;
//!     client.incr("visits")
//! }
//!
//! async fn async_code(client: &Client) -> Result<i64, Error> {
//!     client.set("greeting", "hello").await?;
//!     client.incr("visits").await
//! }
//!
//! let client = blocking::Client::new(Config::new("127.0.0.1:6379"));
//! sync_code(&client)?;
//! # Ok::<(), Error>(())
//! ```

mod async_socket;
pub mod blocking;
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
