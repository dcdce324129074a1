//! Every command against a real server, in both worlds, and in both versions of the protocol.

mod support;

use redis_client::{Client, Config, Error, Protocol, Value};
use smartasync::smart_fn;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use support::server::Server;
use support::{Async, Blocking};

in_each_world!(resp2 resp3 wrong_type authentication no_authentication scan_of_many binary_and_large);

smart_fn!(
    #[split(Blocking)]
    impl Async {
        pub async fn resp2() {
            smart_await!(Self::commands(Protocol::Resp2));
        }

        pub async fn resp3() {
            smart_await!(Self::commands(Protocol::Resp3));
        }

        pub async fn commands(protocol: Protocol) {
            let server = Server::start();
            let client = smart_await!(Self::connect(
                Config::new(server.address()).protocol(protocol)
            ))
            .unwrap();
            smart_await!(client.ping()).unwrap();

            assert_eq!(smart_await!(client.get("a")).unwrap(), None);
            smart_await!(client.set("a", "one")).unwrap();
            assert_eq!(
                smart_await!(client.get("a")).unwrap().as_deref(),
                Some(&b"one"[..])
            );
            assert_eq!(
                smart_await!(client.mget(&["a", "none"])).unwrap(),
                [Some(b"one".to_vec()), None]
            );

            assert_eq!(smart_await!(client.incr("n")).unwrap(), 1);
            assert_eq!(smart_await!(client.incr("n")).unwrap(), 2);
            assert_eq!(smart_await!(client.del(&["a", "n", "none"])).unwrap(), 2);
            assert_eq!(smart_await!(client.get("a")).unwrap(), None);

            smart_await!(client.set_expiring("soon", "gone", Duration::from_secs(100))).unwrap();
            let Value::Integer(left) = smart_await!(client.command(&["PTTL", "soon"])).unwrap()
            else {
                panic!("PTTL is a number")
            };
            assert!((1..=100_000).contains(&left), "{left}");
            smart_await!(client.set_expiring("now", "gone", Duration::from_millis(1))).unwrap();
            let start = Instant::now();
            while smart_await!(client.get("now")).unwrap().is_some() {
                assert!(
                    start.elapsed() < Duration::from_secs(20),
                    "it does not expire"
                );
            }

            let replies = smart_await!(
                client
                    .pipeline()
                    .command(&["SET", "p", "x"])
                    .command(&["INCR", "p"])
                    .command(&["GET", "p"])
                    .command(&["EXISTS", "p", "q"])
                    .run()
            );
            let [
                Ok(Value::Text(set)),
                Err(refused),
                Ok(Value::Bytes(got)),
                Ok(Value::Integer(1)),
            ] = &replies.unwrap()[..]
            else {
                panic!("four replies")
            };
            assert_eq!(
                (set.as_str(), refused.code(), &got[..]),
                ("OK", "ERR", &b"x"[..])
            );
            assert!(smart_await!(client.pipeline().run()).unwrap().is_empty());

            smart_await!(client.command(&["HSET", "map", "field", "value"])).unwrap();
            let map = smart_await!(client.command(&["HGETALL", "map"])).unwrap();
            let (field, value) = (
                Value::Bytes(b"field".to_vec()),
                Value::Bytes(b"value".to_vec()),
            );
            let expected = if protocol == Protocol::Resp3 {
                Value::Map(vec![(field, value)])
            } else {
                Value::Array(vec![field, value])
            };
            assert_eq!(map, expected);
        }

        pub async fn wrong_type() {
            let server = Server::start();
            let client = Self::client(Config::new(server.address()));
            smart_await!(client.set("word", "x")).unwrap();
            let error = smart_await!(client.incr("word")).unwrap_err();
            assert_eq!(
                error.to_string(),
                "the server refused the command: ERR value is not an integer or out of range"
            );
            smart_await!(client.command(&["LPUSH", "list", "x"])).unwrap();
            let Err(Error::Server(refused)) = smart_await!(client.get("list")) else {
                panic!("GET of a list is an error")
            };
            assert_eq!(refused.code(), "WRONGTYPE");
            // A refused command keeps its connection, so the client made only one.
            let Value::Bytes(info) = smart_await!(client.command(&["INFO", "stats"])).unwrap()
            else {
                panic!("INFO is text")
            };
            assert!(
                String::from_utf8(info)
                    .unwrap()
                    .contains("total_connections_received:1\r\n")
            );
        }

        pub async fn authentication() {
            let server = Server::with(&["--requirepass", "secret"]);
            for protocol in [Protocol::Resp2, Protocol::Resp3] {
                let config = Config::new(server.address())
                    .protocol(protocol)
                    .password("secret");
                for config in [config.clone(), config.user("default")] {
                    assert!(!format!("{config:?}").contains("secret"));
                    let client = smart_await!(Self::connect(config)).unwrap();
                    smart_await!(client.set("a", "b")).unwrap();
                }
            }
        }

        pub async fn no_authentication() {
            let server = Server::with(&["--requirepass", "secret"]);
            let config = Config::new(server.address());
            for (config, code) in [
                (config.clone(), "NOAUTH"),
                (config.clone().protocol(Protocol::Resp3), "NOAUTH"),
                (config.clone().password("wrong"), "WRONGPASS"),
                (
                    config.protocol(Protocol::Resp3).password("wrong"),
                    "WRONGPASS",
                ),
            ] {
                let Err(Error::Server(refused)) = smart_await!(Self::connect(config)) else {
                    panic!("the error is not {code}")
                };
                assert_eq!(refused.code(), code);
            }
        }

        pub async fn scan_of_many() {
            let server = Server::start();
            let client = Self::client(Config::new(server.address()));
            let mut pipeline = client.pipeline();
            for number in 0..500 {
                pipeline = pipeline
                    .command(&["SET", &format!("key:{number}"), "x"])
                    .command(&["SET", &format!("other:{number}"), "x"]);
            }
            assert!(
                smart_await!(pipeline.run())
                    .unwrap()
                    .iter()
                    .all(Result::is_ok)
            );
            let mut scan = client.scan("key:*");
            let mut keys = BTreeSet::new();
            while let Some(key) = smart_await!(scan.next_key()).unwrap() {
                keys.insert(String::from_utf8(key).unwrap());
            }
            let expected: BTreeSet<String> =
                (0..500).map(|number| format!("key:{number}")).collect();
            assert_eq!(keys, expected);
            assert!(
                smart_await!(client.scan("none:*").next_key())
                    .unwrap()
                    .is_none()
            );
        }

        pub async fn binary_and_large() {
            let server = Server::start();
            let client = Self::client(Config::new(server.address()));
            // The value is larger than every buffer, and has all bytes, line ends included.
            let value: Vec<u8> = (0..5_000_000_u32)
                .map(|number| (number % 251) as u8)
                .collect();
            let key = [0, b'\r', b'\n', 255];
            smart_await!(client.set(key, &value)).unwrap();
            assert!(
                smart_await!(client.get(key))
                    .unwrap()
                    .is_some_and(|got| got == value)
            );
            smart_await!(client.set("empty", "")).unwrap();
            assert_eq!(smart_await!(client.get("empty")).unwrap(), Some(Vec::new()));
        }
    }
);

#[test]
fn scan_is_an_iterator_in_sync_code_and_a_stream_in_async_code() {
    use futures_lite::StreamExt;
    let server = Server::start();
    let client = Client::new(Config::new(server.address()));
    let blocking = client.to_blocking();
    for number in 0..100 {
        blocking.set(format!("key:{number}"), "x").unwrap();
    }
    let iterated: BTreeSet<Vec<u8>> = blocking.scan("key:*").collect::<Result<_, _>>().unwrap();
    assert_eq!(iterated.len(), 100);

    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let streamed: BTreeSet<Vec<u8>> = tokio
        .block_on(client.scan("key:*").into_stream().try_collect())
        .unwrap();
    assert_eq!(streamed, iterated);
    let first_ten = tokio.block_on(client.scan("*").into_stream().take(10).count());
    assert_eq!(first_ten, 10);

    // When the server is gone, both return one error, and end.
    drop(server);
    assert_eq!(
        blocking.scan("*").map(|key| assert!(key.is_err())).count(),
        1
    );
    assert_eq!(
        tokio.block_on(
            client
                .scan("*")
                .into_stream()
                .map(|key| assert!(key.is_err()))
                .count()
        ),
        1
    );
}

#[test]
fn clients_of_both_worlds_work_at_once() {
    let server = Server::start();
    let client = Client::new(Config::new(server.address()));
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let client = client.to_blocking();
            std::thread::spawn(move || {
                (0..100).for_each(|_| assert!(client.incr("n").unwrap() > 0))
            })
        })
        .collect();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            tokio.spawn(async move {
                for _ in 0..100 {
                    client.incr("n").await.unwrap();
                }
            })
        })
        .collect();
    tasks
        .into_iter()
        .for_each(|task| tokio.block_on(task).unwrap());
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(client.to_blocking().incr("n").unwrap(), 801);
}
