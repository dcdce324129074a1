//! The sync copy uses plain blocking sockets, and makes no loop and no runtime. This test is a
//! binary of its own, because it counts the loops of the process.

mod support;

use redis_client::{Client, Config, Value};
use std::time::Duration;
use support::server::Server;
use support::within;

#[test]
fn sync_code_makes_no_loop() {
    within(60, || {
        let server = Server::start();
        // Coalesced GETs are the exception. A follower has to be woken, so it waits on the loop of
        // its thread.
        let client = Client::connect(Config::new(server.address()).coalesce_gets(false))
            .wait()
            .unwrap();
        client.ping().wait().unwrap();
        client.set("a", "1").wait().unwrap();
        client
            .set_expiring("b", "2", Duration::from_secs(100))
            .wait()
            .unwrap();
        assert_eq!(client.incr("a").wait().unwrap(), 2);
        assert_eq!(client.get("a").wait().unwrap(), Some(b"2".to_vec()));
        assert_eq!(client.mget(&["a", "b"]).wait().unwrap().len(), 2);
        assert_eq!(client.scan("*").count(), 2);
        assert_eq!(
            client.pipeline().command(&["PING"]).run().wait().unwrap(),
            [Ok(Value::Text("PONG".to_owned()))]
        );
        assert_eq!(client.del(&["a", "b"]).wait().unwrap(), 2);
        assert_eq!(
            (smartasync::cached_loops(), smartasync::current_loop()),
            (0, None)
        );
    });
}
