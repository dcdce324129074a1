//! The socket of the async world: a socket of tokio, or of async-io, the reactor of smol.
//!
//! With both features, a call inside a tokio runtime uses tokio's socket, and any other call uses
//! that of async-io. Without both, an awaited call returns an error that says so.

use crate::connection::Socket;
use crate::deadline::Deadline;
use crate::error::Error;
#[cfg(feature = "smol")]
use async_io::{Async, Timer};
#[cfg(feature = "smol")]
use futures_lite::{AsyncReadExt as _, AsyncWriteExt as _};
#[cfg(feature = "tokio")]
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net, runtime,
};
#[cfg(any(feature = "tokio", feature = "smol"))]
use {
    std::io::{self, ErrorKind},
    std::net::{SocketAddr, TcpStream, ToSocketAddrs},
    std::os::fd::AsFd,
    std::sync::Arc,
};

#[cfg(any(feature = "tokio", feature = "smol"))]
#[derive(Debug)]
pub(crate) enum AsyncSocket {
    #[cfg(feature = "tokio")]
    Tokio {
        stream: net::TcpStream,
        runtime: runtime::Id,
    },
    #[cfg(feature = "smol")]
    Smol(Async<TcpStream>),
}

/// Stands for the socket in a build without a reactor, because the async half of the client is
/// compiled in every build.
#[cfg(not(any(feature = "tokio", feature = "smol")))]
#[derive(Debug)]
pub(crate) struct AsyncSocket;

#[cfg(not(any(feature = "tokio", feature = "smol")))]
impl AsyncSocket {
    pub(crate) async fn connect(_address: &str, _deadline: Deadline) -> Result<Self, Error> {
        Err(Error::NoRuntime)
    }

    pub(crate) async fn write_all(
        &mut self,
        _bytes: &[u8],
        _deadline: Deadline,
    ) -> Result<(), Error> {
        Err(Error::NoRuntime)
    }

    pub(crate) async fn read(
        &mut self,
        _room: &mut [u8],
        _deadline: Deadline,
    ) -> Result<usize, Error> {
        Err(Error::NoRuntime)
    }
}

#[cfg(not(any(feature = "tokio", feature = "smol")))]
impl Socket for AsyncSocket {
    fn belongs_here(&self) -> bool {
        false
    }

    fn is_silent(&self) -> bool {
        false
    }
}

#[cfg(any(feature = "tokio", feature = "smol"))]
impl AsyncSocket {
    pub(crate) async fn connect(address: &str, deadline: Deadline) -> Result<Self, Error> {
        let failed = |error: Error| match error {
            Error::Io(source) => Error::Connect {
                address: address.to_owned(),
                source,
            },
            other => other,
        };
        let candidates = match address.parse() {
            Ok(literal) => vec![literal],
            // The look-up of the system blocks, so it runs on the offload pool, with any runtime.
            Err(_) => {
                let name = address.to_owned();
                let look_up = smartasync::offload(move || {
                    name.to_socket_addrs()
                        .map(|found| found.collect::<Vec<SocketAddr>>())
                });
                in_time(deadline, look_up).await.map_err(failed)?
            }
        };
        let mut last = Error::Connect {
            address: address.to_owned(),
            source: Arc::new(ErrorKind::NotFound.into()),
        };
        for candidate in candidates {
            match Self::connect_to(candidate, deadline).await {
                Ok(socket) => return Ok(socket),
                Err(error) => last = failed(error),
            }
        }
        Err(last)
    }

    async fn connect_to(address: SocketAddr, deadline: Deadline) -> Result<Self, Error> {
        #[cfg(feature = "tokio")]
        if let Ok(handle) = runtime::Handle::try_current() {
            let stream = in_time(deadline, net::TcpStream::connect(address)).await?;
            stream.set_nodelay(true)?;
            return Ok(Self::Tokio {
                stream,
                runtime: handle.id(),
            });
        }
        #[cfg(feature = "smol")]
        {
            let stream = in_time(deadline, Async::<TcpStream>::connect(address)).await?;
            stream.get_ref().set_nodelay(true)?;
            Ok(Self::Smol(stream))
        }
        #[cfg(not(feature = "smol"))]
        Err(Error::NoRuntime)
    }

    pub(crate) async fn write_all(
        &mut self,
        bytes: &[u8],
        deadline: Deadline,
    ) -> Result<(), Error> {
        match self {
            #[cfg(feature = "tokio")]
            Self::Tokio { stream, .. } => in_time(deadline, stream.write_all(bytes)).await,
            #[cfg(feature = "smol")]
            Self::Smol(stream) => in_time(deadline, stream.write_all(bytes)).await,
        }
    }

    pub(crate) async fn read(
        &mut self,
        room: &mut [u8],
        deadline: Deadline,
    ) -> Result<usize, Error> {
        let read = match self {
            #[cfg(feature = "tokio")]
            Self::Tokio { stream, .. } => in_time(deadline, stream.read(room)).await?,
            #[cfg(feature = "smol")]
            Self::Smol(stream) => in_time(deadline, stream.read(room)).await?,
        };
        if read == 0 {
            Err(Error::Closed)
        } else {
            Ok(read)
        }
    }
}

#[cfg(any(feature = "tokio", feature = "smol"))]
impl Socket for AsyncSocket {
    fn belongs_here(&self) -> bool {
        match self {
            // The runtime that made the socket drives it. That runtime may have ended, or may not
            // run now, while another one runs.
            #[cfg(feature = "tokio")]
            Self::Tokio { runtime, .. } => {
                runtime::Handle::try_current().is_ok_and(|current| current.id() == *runtime)
            }
            #[cfg(feature = "smol")]
            Self::Smol(_) => true,
        }
    }

    fn is_silent(&self) -> bool {
        // This asks the system, because the reactor may not have run since the data came. The copy
        // of the descriptor is non-blocking, like the socket.
        let descriptor = match self {
            #[cfg(feature = "tokio")]
            Self::Tokio { stream, .. } => stream.as_fd().try_clone_to_owned(),
            #[cfg(feature = "smol")]
            Self::Smol(stream) => stream.as_fd().try_clone_to_owned(),
        };
        let peeked = descriptor.and_then(|descriptor| TcpStream::from(descriptor).peek(&mut [0]));
        matches!(peeked, Err(error) if error.kind() == ErrorKind::WouldBlock)
    }
}

/// Ends a step when its time is up, with a timer of the current reactor.
#[cfg(any(feature = "tokio", feature = "smol"))]
async fn in_time<T>(
    deadline: Deadline,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, Error> {
    #[cfg(feature = "tokio")]
    if runtime::Handle::try_current().is_ok() {
        let result = tokio::time::timeout_at(deadline.at.into(), step).await;
        return result
            .map_err(|_| deadline.missed())?
            .map_err(|error| deadline.error(error));
    }
    #[cfg(feature = "smol")]
    {
        let too_late = async {
            Timer::at(deadline.at).await;
            Err(deadline.missed())
        };
        futures_lite::future::or(
            async { step.await.map_err(|error| deadline.error(error)) },
            too_late,
        )
        .await
    }
    #[cfg(not(feature = "smol"))]
    {
        drop(step);
        Err(Error::NoRuntime)
    }
}
