//! hyper under `.wait()`, with tokio installed: a client and a server whose connections are tasks
//! of the threads that wait.

use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, client, server};
use hyper_util::rt::TokioIo;
use neighbours::with_tokio;
use smartasync::{smart_fn, spawn_local};
use std::convert::Infallible;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use tokio::net::TcpStream;

smart_fn!(
    /// Sends one request. The connection is a task of this thread.
    async fn get(address: SocketAddr, path: &str) -> Result<(u16, Bytes), Box<dyn Error>> {
        let stream = TcpStream::connect(address).await?;
        let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let connection = spawn_local(connection);
        let request = Request::get(path)
            .header("host", "localhost")
            .body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        drop(sender);
        connection.await?;
        Ok((status, body))
    }

    /// Answers the requests of one connection.
    async fn serve(listener: TcpListener) -> Result<(), Box<dyn Error + Send + Sync>> {
        listener.set_nonblocking(true)?;
        let (stream, _) = tokio::net::TcpListener::from_std(listener)?
            .accept()
            .await?;
        let answer = |request: Request<Incoming>| async move {
            let path = request.uri().path().to_owned();
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(format!(
                "you asked for {path}"
            )))))
        };
        server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service_fn(answer))
            .await?;
        Ok(())
    }
);

#[test]
fn client_and_server_work_under_wait() {
    with_tokio(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || serve(listener).wait().unwrap());
        let (status, body) = get(address, "/here").wait().unwrap();
        assert_eq!((status, &*body), (200, &b"you asked for /here"[..]));
        server.join().unwrap();
    });
}

#[test]
fn the_client_waits_for_a_body_that_comes_in_pieces() {
    with_tokio(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            // The body comes in two pieces, so the client has to wait for the second one.
            stream
                .write_all(
                    b"HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\nconnection: close\r\n\r\nnot",
                )
                .unwrap();
            stream.flush().unwrap();
            stream.write_all(b" there").unwrap();
            String::from_utf8(request).unwrap()
        });
        let (status, body) = get(address, "/there").wait().unwrap();
        assert_eq!((status, &*body), (404, &b"not there"[..]));
        assert!(
            server
                .join()
                .unwrap()
                .starts_with("GET /there HTTP/1.1\r\n")
        );
    });
}
