//! The settings: how to reach the server, and how long to wait for it.

use std::fmt;
use std::time::Duration;

/// The version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// The version that every server supports.
    #[default]
    Resp2,
    /// For Redis 6 and later. It has maps, floating-point numbers and booleans.
    Resp3,
}

/// The settings of a [`Client`](crate::Client).
#[derive(Clone)]
pub struct Config {
    pub(crate) address: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) protocol: Protocol,
    pub(crate) connect_timeout: Duration,
    pub(crate) timeout: Duration,
    pub(crate) max_reply: usize,
    pub(crate) coalesce_gets: bool,
}

impl Config {
    /// Makes the settings for a server at `host:port`: RESP2, no password, 5 seconds to connect,
    /// and 5 seconds for a reply.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            user: None,
            password: None,
            protocol: Protocol::default(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(5),
            max_reply: 64 << 20,
            coalesce_gets: true,
        }
    }

    /// Sets the password, which authenticates each new connection.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets the user of the password. The default is `default`.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sets the version of the protocol.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Sets the time for connecting. In sync code, it does not limit the time in which the system
    /// looks up a host name.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the time for a command or a pipeline, from the first byte sent to the last byte of the
    /// reply.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the maximum size of a reply in bytes. The default is 64 MiB. The client refuses a
    /// larger reply as soon as it has read the size in its header.
    #[must_use]
    pub fn max_reply(mut self, bytes: usize) -> Self {
        self.max_reply = bytes;
        self
    }

    /// Sets whether concurrent GETs of the same key share one request. The default is `true`.
    ///
    /// A write through the same client ends the sharing for its key, so later reads see the write.
    /// A GET may miss a write of another client that ended just before. The GET may join a request
    /// that was sent before that write.
    #[must_use]
    pub fn coalesce_gets(mut self, coalesce: bool) -> Self {
        self.coalesce_gets = coalesce;
        self
    }
}

/// Leaves out the password.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("address", &self.address)
            .field("user", &self.user)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}
