//! An HTTP/1.1 server of blocking threads, which keeps connections alive.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

/// Answers each request with its method, path and body. A request for `/silent` gets no answer.
pub struct HttpServer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl HttpServer {
    /// Starts it on a free port of the loopback address. It runs as long as the process.
    #[allow(clippy::new_without_default, reason = "it starts threads")]
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Relaxed);
                thread::spawn(move || serve(stream));
            }
        });
        Self {
            address,
            connections,
        }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }
}

/// Serves one connection until the peer closes it.
fn serve(stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut request_line = String::new();
        if reader.read_line(&mut request_line)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let (what, _) = request_line.rsplit_once(' ').unwrap_or_default();
        if what.ends_with("/silent") {
            continue;
        }
        let answer = format!("{what} {}", String::from_utf8_lossy(&body));
        // In two pieces, so that the body has to be waited for.
        write!(
            writer,
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        )?;
        writer.flush()?;
        writer.write_all(answer.as_bytes())?;
    }
}
