//! Connections, and the list of idle connections. Each world has its own list, with its own type of
//! socket.

use crate::config::{Config, Protocol};
use crate::resp::{Decoder, Request};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The maximum number of idle connections of a world. The client closes further ones.
const MAX_IDLE: usize = 16;

/// The state of an idle socket. Input and output are methods of each socket type instead, because
/// those of one type block, and those of the other type are futures.
pub(crate) trait Socket {
    /// Returns whether the current code can use the socket.
    fn belongs_here(&self) -> bool;

    /// Returns whether the socket is open and has nothing to read. An idle connection with
    /// something to read was closed, or has a reply that belongs to no command.
    fn is_silent(&self) -> bool;
}

#[derive(Debug)]
pub(crate) struct Connection<S> {
    pub(crate) socket: S,
    pub(crate) decoder: Decoder,
    /// The commands to send before the first request.
    pub(crate) greeting: Option<Request>,
}

impl<S: Socket> Connection<S> {
    pub(crate) fn new(socket: S, config: &Config) -> Self {
        Self {
            socket,
            decoder: Decoder::new(config.max_reply),
            greeting: greeting(config),
        }
    }
}

fn greeting(config: &Config) -> Option<Request> {
    let user = config.user.as_deref().map(str::as_bytes);
    let password = config.password.as_deref().map(str::as_bytes);
    let mut words: Vec<&[u8]> = Vec::new();
    match (config.protocol, password) {
        (Protocol::Resp2, None) => return None,
        (Protocol::Resp2, Some(password)) => {
            words.push(b"AUTH");
            words.extend(user);
            words.push(password);
        }
        (Protocol::Resp3, None) => words.extend([&b"HELLO"[..], b"3"]),
        (Protocol::Resp3, Some(password)) => words.extend([
            &b"HELLO"[..],
            b"3",
            b"AUTH",
            user.unwrap_or(b"default"),
            password,
        ]),
    }
    Some(Request::one(&words))
}

/// The connections that wait for the next command.
#[derive(Debug)]
pub(crate) struct Idle<S> {
    connections: Mutex<Vec<Connection<S>>>,
}

impl<S: Socket> Idle<S> {
    pub(crate) fn new() -> Self {
        Self {
            connections: Mutex::new(Vec::new()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Connection<S>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the open connection that was used last.
    pub(crate) fn take(&self) -> Option<Connection<S>> {
        loop {
            let connection = {
                let mut connections = self.lock();
                let at = connections
                    .iter()
                    .rposition(|connection| connection.socket.belongs_here())?;
                connections.remove(at)
            };
            if connection.socket.is_silent() {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection whose last reply was read completely.
    pub(crate) fn put(&self, mut connection: Connection<S>) {
        if !connection.decoder.is_clean() {
            return;
        }
        connection.decoder.shrink();
        let mut connections = self.lock();
        let surplus = if connections.len() == MAX_IDLE {
            Some(connections.remove(0))
        } else {
            None
        };
        connections.push(connection);
        drop(connections);
        drop(surplus);
    }
}
