//! How to reach the server, and how long to wait for it.

use std::fmt;
use std::time::Duration;

/// The version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// What every server speaks.
    #[default]
    Resp2,
    /// Redis 6 and later: maps, doubles and booleans come as such.
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
    /// The settings for a server at `host:port`, with RESP2, no password, 5 seconds to connect and
    /// 5 for a reply.
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

    /// The password that each new connection is authenticated with.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The user that the password belongs to; without it, `default`.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// The version of the protocol.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// How long connecting may take. In sync code the system's look-up of a host name is not cut
    /// short by it.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a command, or a pipeline, may take, from its first byte sent to the last byte of
    /// its reply.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many bytes a reply may have; 64 MiB unless set. A larger one is refused as soon as it is
    /// announced.
    #[must_use]
    pub fn max_reply(mut self, bytes: usize) -> Self {
        self.max_reply = bytes;
        self
    }

    /// Whether concurrent GETs of the same key share one request; true unless set.
    ///
    /// A write through the same client ends the sharing for its key, so that whoever reads after it
    /// sees it. A write of another client that ended just before the GET may be missed by it,
    /// since the request it joins may have been sent before.
    #[must_use]
    pub fn coalesce_gets(mut self, coalesce: bool) -> Self {
        self.coalesce_gets = coalesce;
        self
    }
}

/// Without the password.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("address", &self.address)
            .field("user", &self.user)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}
