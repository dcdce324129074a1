//! What can go wrong. Errors are cloned for each caller of a coalesced GET, so what cannot be
//! cloned is in an `Arc`.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Why a call failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// No connection could be made.
    Connect {
        /// The address as it was configured.
        address: String,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// The connection failed.
    Io(Arc<io::Error>),
    /// The server closed the connection before it had replied. Whether it carried the command out
    /// is not known.
    Closed,
    /// The time is up. Whether the server carried the command out is not known.
    TimedOut {
        /// What took too long.
        doing: &'static str,
        /// How long it was given.
        after: Duration,
    },
    /// The server sent what is no RESP.
    Malformed(String),
    /// The reply is larger than [`Config::max_reply`](crate::Config::max_reply) allows.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The server refused the command.
    Server(ServerError),
    /// The reply is none to this command.
    Unexpected {
        /// What the command replies.
        wanted: &'static str,
        /// What came.
        got: String,
    },
    /// The call was awaited where no reactor that this crate was built for is running.
    NoRuntime,
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
        match error.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof => Self::Closed,
            _ => Self::Io(Arc::new(error)),
        }
    }
}

impl From<ServerError> for Error {
    fn from(error: ServerError) -> Self {
        Self::Server(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { address, source } => write!(f, "cannot connect to Redis at {address}: {source}"),
            Self::Io(error) => write!(f, "the connection to Redis failed: {error}"),
            Self::Closed => f.write_str("the server closed the connection before it had replied; it may have carried the command out"),
            Self::TimedOut { doing, after } => write!(f, "{doing} took longer than {after:?}"),
            Self::Malformed(what) => write!(f, "the server's reply is malformed: {what}"),
            Self::TooLarge { limit } => write!(f, "the server's reply is larger than the limit of {limit} bytes"),
            Self::Server(error) => write!(f, "the server refused the command: {error}"),
            Self::Unexpected { wanted, got } => write!(f, "the server replied {got} where {wanted} was due"),
            Self::NoRuntime => f.write_str(
                "an awaited call needs a reactor: await it in a tokio runtime (feature `tokio`), enable the feature `smol`, or finish it with `.wait()`",
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connect { source, .. } | Self::Io(source) => Some(source),
            Self::Server(error) => Some(error),
            _ => None,
        }
    }
}

/// An error that the server replied, such as `WRONGTYPE Operation against a key holding the wrong
/// kind of value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError(String);

impl ServerError {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// Its first word, which names the kind of error: `WRONGTYPE`, `NOAUTH`, `ERR` …
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.split(' ').next().unwrap_or_default()
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ServerError {}
