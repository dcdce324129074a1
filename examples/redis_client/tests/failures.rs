//! What callers see when something goes wrong, in both worlds: a clear error, in time. The client
//! goes on working.

mod support;

use redis_client::{Client, Config, Error, Value, blocking};
use smartasync::smart_fn;
use socket2::{Domain, Socket, Type};
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use support::fake::{Fake, Then};
use support::server::Server;
use support::{Async, Blocking};

in_each_world!(
    killed_in_mid_request restarted_while_idle slow malformed oversized cut_off dripping surplus never_reads refused no_address full_queue
);

/// Longer than any call here may take, and shorter than the pauses of the servers.
const SOON: Duration = Duration::from_secs(20);

fn config(address: impl Into<String>) -> Config {
    Config::new(address)
        .timeout(Duration::from_millis(300))
        .connect_timeout(Duration::from_millis(300))
}

smart_fn!(
    #[split(Blocking)]
    impl Async {
        pub async fn killed_in_mid_request() {
            let mut server = Server::start();
            let client = Self::client(Config::new(server.address()).timeout(SOON));
            smart_await!(client.ping()).unwrap();
            let (killed, dead) = channel();
            let watcher = blocking::Client::new(Config::new(server.address()));
            thread::spawn(move || {
                // Kills the server once it has the request.
                while !is_blocked(&watcher) {}
                server.kill();
                killed.send(server).unwrap();
            });
            let error = smart_await!(client.command(&["BLPOP", "nothing", "0"])).unwrap_err();
            assert!(matches!(error, Error::Closed), "{error}");
            assert_eq!(
                error.to_string(),
                "the server closed the connection before it replied; it may have carried out the command"
            );

            let mut server = dead.recv().unwrap();
            let error = smart_await!(client.get("a")).unwrap_err();
            assert!(matches!(error, Error::Connect { .. }), "{error}");
            server.restart();
            smart_await!(client.set("a", "b")).unwrap();
            assert_eq!(smart_await!(client.get("a")).unwrap(), Some(b"b".to_vec()));
        }

        pub async fn restarted_while_idle() {
            let mut server = Server::start();
            let client = Self::client(Config::new(server.address()));
            assert_eq!(smart_await!(client.incr("n")).unwrap(), 1);
            server.restart();
            // The idle connection is dead, and the client sees that before it writes. So nothing fails,
            // and nothing is sent twice.
            assert_eq!(smart_await!(client.incr("n")).unwrap(), 1);
        }

        pub async fn slow() {
            let server = Server::start();
            let client = Self::client(config(server.address()));
            smart_await!(client.set("a", "b")).unwrap();
            let error = smart_await!(client.command(&["BLPOP", "nothing", "0"])).unwrap_err();
            assert_eq!(
                error.to_string(),
                "the reply of Redis took longer than 300ms"
            );
            // A late reply is not the reply to the next command.
            smart_await!(client.command(&["LPUSH", "nothing", "late"])).unwrap();
            assert_eq!(smart_await!(client.get("a")).unwrap(), Some(b"b".to_vec()));
        }

        pub async fn malformed() {
            let long = "+".to_owned() + &"x".repeat(100_000);
            let deep = "*1\r\n".repeat(100);
            for (reply, complaint) in [
                (
                    "hello\r\n",
                    "\"hello\" does not begin with a known type of reply",
                ),
                (
                    "HTTP/1.1 200 OK\r\n",
                    "\"HTTP/1.1 200 OK\" does not begin with a known type of reply",
                ),
                ("\r\n", "an empty line"),
                ("+OK\n", "a line ends without a carriage return"),
                (
                    ":twelve\r\n",
                    "\"twelve\" is not a number that is allowed here",
                ),
                (
                    ":99999999999999999999\r\n",
                    "\"99999999999999999999\" is not a number that is allowed here",
                ),
                ("$-2\r\n", "\"-2\" is not a number that is allowed here"),
                ("$?\r\n", "\"?\" is not a number that is allowed here"),
                ("*-2\r\n", "\"-2\" is not a number that is allowed here"),
                (
                    "$3\r\nabcde",
                    "a string does not have the length of its header",
                ),
                ("#x\r\n", "\"#x\" does not begin with a known type of reply"),
                (",nearly\r\n", "\"nearly\" is not a floating-point number"),
                ("=2\r\nab\r\n", "a verbatim string has no format"),
                ("*1\r\n>1\r\n", "a push message inside a reply"),
                (&long, "a line has no end"),
                (&deep, "lists are nested too deeply"),
            ] {
                let fake = Fake::replies(reply.as_bytes(), Then::StayOpen);
                let error =
                    smart_await!(Self::client(config(&fake.address).timeout(SOON)).get("a"))
                        .unwrap_err();
                assert_eq!(
                    error.to_string(),
                    format!("the server's reply is malformed: {complaint}")
                );
            }
            let fake = Fake::replies(b":1\r\n", Then::StayOpen);
            let error = smart_await!(Self::client(config(&fake.address)).get("a")).unwrap_err();
            assert_eq!(
                error.to_string(),
                "expected a string from the server, but got Integer(1)"
            );
        }

        pub async fn oversized() {
            // The client refuses each reply for its header. The body never comes, and no memory is
            // reserved.
            for reply in [
                "$1000000000000\r\n",
                "$18446744073709551615\r\n",
                "*1000000000\r\n",
                "%9223372036854775807\r\n",
                "*2\r\n$900\r\n",
            ] {
                let fake = Fake::replies(reply.as_bytes(), Then::StayOpen);
                let error = smart_await!(
                    Self::client(config(&fake.address).timeout(SOON).max_reply(900)).get("a")
                )
                .unwrap_err();
                assert_eq!(
                    error.to_string(),
                    "the server's reply is larger than the limit of 900 bytes",
                    "{reply:?}"
                );
            }
            // A list that grows element by element.
            let endless = "*250\r\n".to_owned() + &":1000000\r\n".repeat(250);
            let fake = Fake::replies(endless.as_bytes(), Then::StayOpen);
            let error = smart_await!(
                Self::client(config(&fake.address).timeout(SOON).max_reply(900)).get("a")
            )
            .unwrap_err();
            assert!(matches!(error, Error::TooLarge { limit: 900 }), "{error}");

            let server = Server::start();
            let client = Self::client(Config::new(server.address()).max_reply(1000));
            smart_await!(client.set("big", "x".repeat(2000))).unwrap();
            assert!(matches!(
                smart_await!(client.get("big")),
                Err(Error::TooLarge { limit: 1000 })
            ));
            smart_await!(client.set("small", "x".repeat(900))).unwrap();
            assert!(
                smart_await!(client.get("small"))
                    .unwrap()
                    .is_some_and(|got| got.len() == 900)
            );
        }

        pub async fn cut_off() {
            for reply in ["", "+", "$10\r\nabc", "*3\r\n:1\r\n", "$3\r\nabc\r"] {
                let fake = Fake::replies(reply.as_bytes(), Then::Close);
                let error =
                    smart_await!(Self::client(config(&fake.address).timeout(SOON)).get("a"))
                        .unwrap_err();
                assert!(matches!(error, Error::Closed), "{reply:?}: {error}");
            }
        }

        pub async fn dripping() {
            // One byte now and then, for ever. The deadline is for the whole reply, so it does not
            // start again with each byte.
            let fake = Fake::speaks(Then::StayOpen, |stream| {
                while stream.write_all(b"*").is_ok() {
                    thread::sleep(Duration::from_millis(20));
                }
            });
            let start = Instant::now();
            let error = smart_await!(Self::client(config(&fake.address)).get("a")).unwrap_err();
            assert!(matches!(error, Error::TimedOut { .. }), "{error}");
            assert!(start.elapsed() < SOON);
        }

        pub async fn surplus() {
            // The second reply belongs to no command, so the next command uses another connection.
            let fake = Fake::replies(b"$3\r\none\r\n$3\r\ntwo\r\n", Then::StayOpen);
            let client = Self::client(config(&fake.address).timeout(SOON));
            assert_eq!(
                smart_await!(client.get("a")).unwrap(),
                Some(b"one".to_vec())
            );
            assert_eq!(
                smart_await!(client.get("b")).unwrap(),
                Some(b"one".to_vec())
            );
        }

        pub async fn never_reads() {
            let fake = Fake::speaks(Then::StayOpen, |_| {});
            let error =
                smart_await!(Self::client(config(&fake.address)).set("a", vec![0; 64 << 20]))
                    .unwrap_err();
            assert_eq!(
                error.to_string(),
                "the reply of Redis took longer than 300ms"
            );
        }

        pub async fn refused() {
            let address = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap();
            let error = smart_await!(Self::connect(config(address.to_string()))).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("cannot connect to Redis at {address}: Connection refused (os error 111)")
            );
            // This name resolves to the same closed port.
            let error = smart_await!(Self::connect(config(format!(
                "localhost:{}",
                address.port()
            ))))
            .unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("cannot connect to Redis at localhost:"),
                "{error}"
            );
        }

        pub async fn no_address() {
            let error = smart_await!(Self::connect(config("nowhere"))).unwrap_err();
            assert_eq!(
                error.to_string(),
                "cannot connect to Redis at nowhere: invalid socket address"
            );
        }

        pub async fn full_queue() {
            // A listener that accepts no connection, and whose queue of one is full. The system drops
            // further connections, so connecting takes for ever.
            let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            listener
                .bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())
                .unwrap();
            listener.listen(0).unwrap();
            let address = listener.local_addr().unwrap().as_socket().unwrap();
            let _queued = TcpStream::connect(address).unwrap();
            let error = smart_await!(Self::connect(config(address.to_string()))).unwrap_err();
            assert_eq!(
                error.to_string(),
                "connecting to Redis took longer than 300ms"
            );
        }
    }
);

/// Returns whether a request of a client waits in the server.
fn is_blocked(watcher: &blocking::Client) -> bool {
    let info = watcher.command(&["INFO", "clients"]).unwrap();
    let Value::Bytes(info) = info else {
        panic!("INFO is text")
    };
    String::from_utf8(info)
        .unwrap()
        .contains("blocked_clients:1\r\n")
}

#[test]
fn a_command_that_is_dropped_half_way_leaves_its_reply_to_nobody() {
    let server = Server::start();
    let client = Client::new(Config::new(server.address()));
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio.block_on(async {
        client.set("a", "b").await.unwrap();
        let late = tokio::time::timeout(
            Duration::from_millis(50),
            client.command(&["BLPOP", "list", "0"]),
        )
        .await;
        assert!(late.is_err(), "nothing is in the list");
        client.command(&["LPUSH", "list", "late"]).await.unwrap();
        assert_eq!(client.get("a").await.unwrap(), Some(b"b".to_vec()));
    });
}

#[test]
fn a_client_outlives_the_runtime_that_it_was_used_in() {
    let server = Server::start();
    let client = Client::new(Config::new(server.address()));
    let tokio = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let (first, second) = (tokio(), tokio());
    assert_eq!(first.block_on(async { client.incr("n").await }).unwrap(), 1);
    // The first runtime does not run now, so its connection does not work.
    assert_eq!(
        second.block_on(async { client.incr("n").await }).unwrap(),
        2
    );
    drop(first);
    assert_eq!(
        second.block_on(async { client.incr("n").await }).unwrap(),
        3
    );
    drop(second);
    assert_eq!(
        tokio().block_on(async { client.incr("n").await }).unwrap(),
        4
    );
    assert_eq!(client.to_blocking().incr("n").unwrap(), 5);
}

#[test]
#[cfg(not(feature = "smol"))]
fn awaited_without_a_reactor_it_says_what_to_do() {
    let client = Client::new(Config::new("127.0.0.1:1"));
    let error = smartasync::block_on(async { client.ping().await }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "an awaited command needs a reactor: await it in a tokio runtime (feature `tokio`), enable the feature `smol`, or use `blocking::Client`"
    );
}
