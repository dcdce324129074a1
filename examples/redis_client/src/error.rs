//! The errors of the client. Each caller of a coalesced GET gets a clone of the error, so an error
//! that cannot be cloned is in an `Arc`.

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
        /// The address from the configuration.
        address: String,
        /// The error of the system.
        source: Arc<io::Error>,
    },
    /// The connection failed.
    Io(Arc<io::Error>),
    /// The server closed the connection before it replied. It may have carried out the command.
    Closed,
    /// The time is up. The server may have carried out the command.
    TimedOut {
        /// The step that took too long.
        doing: &'static str,
        /// The time that the step had.
        after: Duration,
    },
    /// The server sent bytes that are not valid RESP.
    Malformed(String),
    /// The reply is larger than [`Config::max_reply`](crate::Config::max_reply) allows.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The server refused the command.
    Server(ServerError),
    /// The reply does not fit the command.
    Unexpected {
        /// The expected reply.
        wanted: &'static str,
        /// The actual reply.
        got: String,
    },
    /// A command was awaited without a running reactor, or with one that this build does not
    /// support.
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
            Self::Closed => f.write_str("the server closed the connection before it replied; it may have carried out the command"),
            Self::TimedOut { doing, after } => write!(f, "{doing} took longer than {after:?}"),
            Self::Malformed(what) => write!(f, "the server's reply is malformed: {what}"),
            Self::TooLarge { limit } => write!(f, "the server's reply is larger than the limit of {limit} bytes"),
            Self::Server(error) => write!(f, "the server refused the command: {error}"),
            Self::Unexpected { wanted, got } => write!(f, "expected {wanted} from the server, but got {got}"),
            Self::NoRuntime => f.write_str(
                "an awaited command needs a reactor: await it in a tokio runtime (feature `tokio`), enable the feature `smol`, or use `blocking::Client`",
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

/// An error reply of the server, such as `WRONGTYPE Operation against a key holding the wrong
/// kind of value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError(String);

impl ServerError {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The first word of the error, which names its kind: `WRONGTYPE`, `NOAUTH`, `ERR` …
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
