//! The clients of both worlds: their commands, each written once, and the exchange with the server
//! that all commands use.

use crate::async_socket::AsyncSocket;
use crate::blocking;
use crate::blocking_socket::BlockingSocket;
use crate::config::Config;
use crate::connection::{Connection, Idle};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::pipeline::Pipeline;
use crate::resp::Request;
use crate::scan::{Pages, Scan};
use crate::value::Value;
use smartasync::{SmartLockMap, smart_fn};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The result of a GET.
type Got = Result<Option<Vec<u8>>, Error>;

/// A client of one server, for async code. Clones share its connections, and tasks can use it at
/// the same time. For sync code, there is [`blocking::Client`].
///
/// A command takes an idle connection, or makes a new one, and gives it back. If the command fails,
/// or is dropped before its end, the client closes the connection. The next command makes a new
/// one, so the client finds a restarted server again. The client sends no command twice. The server
/// may have carried out a command that failed with [`Error::Closed`] or [`Error::TimedOut`].
///
/// # Errors
///
/// All commands have the same errors: see [`Error`].
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What the clients of both worlds have in common.
pub(crate) struct Shared {
    config: Config,
    blocking: Idle<BlockingSocket>,
    non_blocking: Idle<AsyncSocket>,
    gets: SmartLockMap<Vec<u8>, Got>,
}

/// Ends the sharing of GETs at the end of a write. A write that failed, or was dropped, counts too,
/// because the server may have carried it out.
struct AfterWrite<'c> {
    gets: &'c SmartLockMap<Vec<u8>, Got>,
    keys: &'c [&'c [u8]],
}

impl Drop for AfterWrite<'_> {
    fn drop(&mut self) {
        self.keys.iter().for_each(|&key| self.gets.reset(key));
    }
}

/// Ends the sharing of all GETs, at the end of a command whose keys are unknown.
pub(crate) struct AfterAny<'c>(&'c SmartLockMap<Vec<u8>, Got>);

impl Drop for AfterAny<'_> {
    fn drop(&mut self) {
        self.0.reset_all();
    }
}

smart_fn!(
    #[split(blocking::Client)]
    impl Client {
        /// Makes a client that connects at its first command.
        #[must_use]
        pub fn new(config: Config) -> Self {
            let (blocking, non_blocking) = (Idle::new(), Idle::new());
            Self {
                shared: Arc::new(Shared {
                    config,
                    blocking,
                    non_blocking,
                    gets: SmartLockMap::new(),
                }),
            }
        }

        /// Returns a client for sync code. Both clients have the same settings, and share GETs.
        #[async_only]
        #[must_use]
        pub fn to_blocking(&self) -> blocking::Client {
            blocking::Client {
                shared: self.shared.clone(),
            }
        }

        /// Returns a client for async code. Both clients have the same settings, and share GETs.
        #[sync_only]
        #[must_use]
        pub fn to_async(&self) -> Client {
            Client {
                shared: self.shared.clone(),
            }
        }

        /// Starts a list of commands that are sent together.
        #[async_only]
        pub fn pipeline(&self) -> Pipeline {
            Pipeline {
                client: self.clone(),
                request: Request::default(),
            }
        }

        /// Starts a list of commands that are sent together.
        #[sync_only]
        pub fn pipeline(&self) -> blocking::Pipeline {
            blocking::Pipeline {
                client: self.clone(),
                request: Request::default(),
            }
        }

        /// Iterates over the keys that match `pattern`, a glob such as `user:*`, or `*` for all
        /// keys. Redis may return a key twice.
        #[async_only]
        pub fn scan(&self, pattern: impl AsRef<[u8]>) -> Scan {
            Scan {
                client: self.clone(),
                pages: Pages::new(pattern.as_ref()),
            }
        }

        /// Iterates over the keys that match `pattern`, a glob such as `user:*`, or `*` for all
        /// keys. Redis may return a key twice.
        #[sync_only]
        pub fn scan(&self, pattern: impl AsRef<[u8]>) -> blocking::Scan {
            blocking::Scan {
                client: self.clone(),
                pages: Pages::new(pattern.as_ref()),
            }
        }

        /// Returns a guard that ends the sharing of all GETs when it is dropped.
        pub(crate) fn after_any(&self) -> AfterAny<'_> {
            AfterAny(&self.shared.gets)
        }

        #[async_only]
        fn idle(&self) -> &Idle<AsyncSocket> {
            &self.shared.non_blocking
        }

        #[sync_only]
        fn idle(&self) -> &Idle<BlockingSocket> {
            &self.shared.blocking
        }

        /// Makes a client, and checks that its server answers.
        pub async fn connect(config: Config) -> Result<Self, Error> {
            let client = Self::new(config);
            smart_await!(client.ping())?;
            Ok(client)
        }

        /// Checks that the server answers.
        pub async fn ping(&self) -> Result<(), Error> {
            smart_await!(self.call(&[b"PING"]))?.into_done()
        }

        /// Returns the value of a key. Threads and tasks that ask for the same key at the same
        /// time share one request; see [`Config::coalesce_gets`].
        pub async fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, Error> {
            let key = key.as_ref();
            if !self.shared.config.coalesce_gets {
                return smart_await!(self.get_alone(key));
            }
            let shared = self
                .shared
                .gets
                .run_once(key.to_vec(), || async { smart_await!(self.get_alone(key)) });
            // A lock that threads and tasks share gives a `Call`, and each half finishes it in its
            // own way.
            match smart_await!(sync => shared.wait(), async => shared) {
                Ok(got) => got,
                // A write ended the sharing while this call waited.
                Err(_) => smart_await!(self.get_alone(key)),
            }
        }

        async fn get_alone(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
            smart_await!(self.call(&[b"GET", key]))?.into_bytes()
        }

        /// Sets a key.
        pub async fn set(
            &self,
            key: impl AsRef<[u8]>,
            value: impl AsRef<[u8]>,
        ) -> Result<(), Error> {
            let key = key.as_ref();
            smart_await!(self.write(&[key], &[b"SET", key, value.as_ref()]))?.into_done()
        }

        /// Sets a key that expires after `expiry`, in whole milliseconds.
        pub async fn set_expiring(
            &self,
            key: impl AsRef<[u8]>,
            value: impl AsRef<[u8]>,
            expiry: Duration,
        ) -> Result<(), Error> {
            let (key, expiry) = (key.as_ref(), expiry.as_millis().to_string());
            smart_await!(self.write(
                &[key],
                &[b"SET", key, value.as_ref(), b"PX", expiry.as_bytes()]
            ))?
            .into_done()
        }

        /// Returns the values of several keys, in the order of the keys.
        pub async fn mget<K: AsRef<[u8]>>(
            &self,
            keys: &[K],
        ) -> Result<Vec<Option<Vec<u8>>>, Error> {
            let mut arguments: Vec<&[u8]> = vec![b"MGET"];
            arguments.extend(keys.iter().map(AsRef::as_ref));
            smart_await!(self.call(&arguments))?.into_list()
        }

        /// Adds one to the number at a key, and returns it.
        pub async fn incr(&self, key: impl AsRef<[u8]>) -> Result<i64, Error> {
            let key = key.as_ref();
            smart_await!(self.write(&[key], &[b"INCR", key]))?.into_integer()
        }

        /// Deletes keys, and returns how many of them existed.
        pub async fn del<K: AsRef<[u8]>>(&self, keys: &[K]) -> Result<i64, Error> {
            let keys: Vec<&[u8]> = keys.iter().map(AsRef::as_ref).collect();
            let arguments = [&[&b"DEL"[..]], &keys[..]].concat();
            smart_await!(self.write(&keys, &arguments))?.into_integer()
        }

        /// Runs any command that has one reply. `arguments` begins with its name.
        pub async fn command<A: AsRef<[u8]>>(&self, arguments: &[A]) -> Result<Value, Error> {
            let arguments: Vec<&[u8]> = arguments.iter().map(AsRef::as_ref).collect();
            let _ends_sharing = self.after_any();
            smart_await!(self.call(&arguments))
        }

        /// Runs a command that changes `keys`.
        async fn write(&self, keys: &[&[u8]], arguments: &[&[u8]]) -> Result<Value, Error> {
            let _ends_sharing = AfterWrite {
                gets: &self.shared.gets,
                keys,
            };
            smart_await!(self.call(arguments))
        }

        /// Runs a command with one reply.
        pub(crate) async fn call(&self, arguments: &[&[u8]]) -> Result<Value, Error> {
            match smart_await!(self.exchange(&Request::one(arguments)))?.pop() {
                Some(Value::Error(error)) => Err(error.into()),
                Some(value) => Ok(value),
                None => unreachable!("an exchange has as many replies as commands"),
            }
        }

        /// Sends a request, and reads its replies. All input and output happens here. The two
        /// halves differ only in their sockets.
        pub(crate) async fn exchange(&self, request: &Request) -> Result<Vec<Value>, Error> {
            let config = &self.shared.config;
            let mut connection = match self.idle().take() {
                Some(connection) => connection,
                None => {
                    let deadline = Deadline::new("connecting to Redis", config.connect_timeout);
                    let socket = smart_await!(
                        sync => BlockingSocket::connect(&config.address, deadline),
                        async => AsyncSocket::connect(&config.address, deadline)
                    )?;
                    Connection::new(socket, config)
                }
            };
            let deadline = Deadline::new("the reply of Redis", config.timeout);
            let greeting = connection.greeting.take();
            let mut replies = Vec::new();
            for (batch, greets) in greeting
                .iter()
                .map(|greeting| (greeting, true))
                .chain([(request, false)])
            {
                replies.clear();
                smart_await!(connection.socket.write_all(&batch.bytes, deadline))?;
                while replies.len() < batch.replies {
                    match connection.decoder.next()? {
                        Some(reply) => replies.push(reply),
                        None => {
                            let read = smart_await!(
                                connection.socket.read(connection.decoder.room(), deadline)
                            )?;
                            connection.decoder.filled(read);
                        }
                    }
                }
                if let (true, [Value::Error(refused)]) = (greets, &replies[..]) {
                    return Err(refused.clone().into());
                }
            }
            self.idle().put(connection);
            Ok(replies)
        }
    }
);

smart_fn!(
    #[split(fmt::Debug for blocking::Client)]
    impl fmt::Debug for Client {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Client")
                .field("config", &self.shared.config)
                .finish_non_exhaustive()
        }
    }
);
