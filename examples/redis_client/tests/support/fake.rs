//! A server that answers what a test wants it to.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// A fake server, until it is dropped.
pub struct Fake {
    pub address: String,
    /// Whoever holds a connection open lets go of it when this is gone.
    _open: Sender<()>,
}

/// What becomes of a connection when all is said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Close,
    StayOpen,
}

impl Fake {
    /// On each connection: reads some of a request, then sends `reply`.
    pub fn replies(reply: &[u8], then: Then) -> Self {
        let reply = reply.to_vec();
        Self::speaks(then, move |stream| {
            let mut request = [0; 1 << 10];
            if stream.read(&mut request).is_ok_and(|read| read > 0) {
                // The client may be gone before all is said.
                drop(stream.write_all(&reply));
            }
        })
    }

    /// Calls `speak` with the first few connections, on threads of their own.
    pub fn speaks(then: Then, speak: impl Fn(&mut TcpStream) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (open, ended) = channel();
        thread::spawn(move || {
            let mut connections = Vec::new();
            for stream in listener.incoming().take(32).flatten() {
                let mut kept = stream.try_clone().unwrap();
                let speak = speak.clone();
                thread::spawn(move || speak(&mut kept));
                if then == Then::StayOpen {
                    connections.push(stream);
                }
            }
            drop(ended);
        });
        Self {
            address,
            _open: open,
        }
    }
}
