//! A fake server, whose replies the test chooses.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// A fake server. It ends when it is dropped.
pub struct Fake {
    pub address: String,
    /// The threads close their connections when this sender is gone.
    _open: Sender<()>,
}

/// What happens to a connection after the reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Close,
    StayOpen,
}

impl Fake {
    /// Reads a part of the request on each connection, and sends `reply`.
    pub fn replies(reply: &[u8], then: Then) -> Self {
        let reply = reply.to_vec();
        Self::speaks(then, move |stream| {
            let mut request = [0; 1 << 10];
            if stream.read(&mut request).is_ok_and(|read| read > 0) {
                // The client may be gone before the end of the reply.
                drop(stream.write_all(&reply));
            }
        })
    }

    /// Calls `speak` with each of the first connections, on a thread for each.
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
