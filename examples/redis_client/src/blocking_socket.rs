//! The socket of the sync world: `std::net::TcpStream`.

use crate::connection::Socket;
use crate::deadline::Deadline;
use crate::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct BlockingSocket(TcpStream);

impl BlockingSocket {
    pub(crate) fn connect(address: &str, deadline: Deadline) -> Result<Self, Error> {
        let failed = |error: io::Error| match deadline.error(error) {
            Error::Io(source) => Error::Connect {
                address: address.to_owned(),
                source,
            },
            other => other,
        };
        let mut last = Error::Connect {
            address: address.to_owned(),
            source: Arc::new(io::ErrorKind::NotFound.into()),
        };
        for candidate in address.to_socket_addrs().map_err(failed)? {
            match TcpStream::connect_timeout(&candidate, deadline.left()?) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(Self(stream));
                }
                Err(error) => last = failed(error),
            }
        }
        Err(last)
    }

    pub(crate) fn write_all(&mut self, mut bytes: &[u8], deadline: Deadline) -> Result<(), Error> {
        while !bytes.is_empty() {
            self.0.set_write_timeout(Some(deadline.left()?))?;
            match self.0.write(bytes) {
                Ok(0) => return Err(Error::Closed),
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(deadline.error(error)),
            }
        }
        Ok(())
    }

    pub(crate) fn read(&mut self, room: &mut [u8], deadline: Deadline) -> Result<usize, Error> {
        loop {
            self.0.set_read_timeout(Some(deadline.left()?))?;
            match self.0.read(room) {
                Ok(0) => return Err(Error::Closed),
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(deadline.error(error)),
            }
        }
    }
}

impl Socket for BlockingSocket {
    fn belongs_here(&self) -> bool {
        true
    }

    fn is_silent(&self) -> bool {
        let peeked = self
            .0
            .set_nonblocking(true)
            .and_then(|()| self.0.peek(&mut [0]));
        let silent = matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        silent && self.0.set_nonblocking(false).is_ok()
    }
}
