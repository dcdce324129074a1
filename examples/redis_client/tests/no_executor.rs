//! The blocking client uses plain blocking sockets, and makes no loop and no runtime. This test is a
//! binary of its own, because it counts the loops of the process.

mod support;

use redis_client::{Config, Value, blocking::Client};
use std::time::Duration;
use support::server::Server;
use support::within;

#[test]
fn sync_code_makes_no_loop() {
    within(60, || {
        let server = Server::start();
        // Coalesced GETs are the exception. A follower has to be woken, so it waits on the loop of
        // its thread.
        let client = Client::connect(Config::new(server.address()).coalesce_gets(false)).unwrap();
        client.ping().unwrap();
        client.set("a", "1").unwrap();
        client
            .set_expiring("b", "2", Duration::from_secs(100))
            .unwrap();
        assert_eq!(client.incr("a").unwrap(), 2);
        assert_eq!(client.get("a").unwrap(), Some(b"2".to_vec()));
        assert_eq!(client.mget(&["a", "b"]).unwrap().len(), 2);
        assert_eq!(client.scan("*").count(), 2);
        assert_eq!(
            client.pipeline().command(&["PING"]).run().unwrap(),
            [Ok(Value::Text("PONG".to_owned()))]
        );
        assert_eq!(client.del(&["a", "b"]).unwrap(), 2);
        assert_eq!(
            (smartasync::cached_loops(), smartasync::current_loop()),
            (0, None)
        );
    });
}
