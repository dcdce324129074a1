//! A bounded load on the service. The service is another process than this test. The test asserts
//! counts, and never times.

mod support;

use std::thread;
use support::{Sample, Service};

/// The number of connections that ask at once.
const CONNECTIONS: usize = 50;

/// Locks the database, lets every connection ask for one article, and unlocks the database when all
/// requests have come. Returns the number of queries.
fn queries_of_a_crowd(options: &[&str]) -> u64 {
    let sample = Sample::create();
    let service = Service::start(&sample, options);
    let locked = sample.lock();
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                assert!(
                    service
                        .connect()
                        .get("/articles/7")
                        .contains("Article 7 on the loop")
                )
            });
        }
        service.until("requests", CONNECTIONS as u64);
        drop(locked);
    });
    service.stat("queries")
}

#[test]
fn a_crowd_shares_one_query() {
    // The service counts the last request just before that request joins the others. So a second
    // query is possible, but very rare.
    let queries = queries_of_a_crowd(&[]);
    assert!((1..=2).contains(&queries), "{queries} queries");
}

#[test]
fn without_coalescing_each_request_is_a_query() {
    assert_eq!(queries_of_a_crowd(&["--no-coalescing"]), CONNECTIONS as u64);
}

#[test]
fn under_a_mixed_load_every_answer_is_right() {
    for (options, shares) in [(&[][..], true), (&["--no-coalescing"][..], false)] {
        let sample = Sample::create();
        let service = Service::start(&sample, options);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut client = service.connect();
                    for number in 1..=10 {
                        let article = client.get(&format!("/articles/{number}"));
                        assert!(
                            article.contains(&format!("\"Article {number} on the ")),
                            "{article}"
                        );
                        assert!(
                            client
                                .get("/search/waker")
                                .contains("Article 10 on the waker")
                        );
                        assert_eq!(client.get("/report/1000"), r#"{"rows":1000}"#);
                    }
                });
            }
        });
        let (requests, queries) = (service.stat("requests"), service.stat("queries"));
        assert_eq!(requests, 8 * 30);
        assert!(
            if shares {
                queries <= requests
            } else {
                queries == requests
            },
            "{queries} queries for {requests} requests"
        );
    }
}

#[test]
fn a_slow_query_stalls_no_other_request() {
    let sample = Sample::create();
    // There is one worker. If a query ran on it, nothing else could run.
    let service = Service::start(&sample, &["--workers", "1"]);
    let mut slow = service.connect();
    // SQLite needs minutes to count this far. The test kills the service long before.
    slow.send("GET", "/report/4000000000", "");
    service.until("running", 1);
    let mut client = service.connect();
    for number in 1..=200 {
        assert!(
            client
                .get(&format!("/articles/{number}"))
                .contains("\"Article ")
        );
    }
    assert_eq!(
        (
            service.stat("running"),
            service.stat("queries"),
            service.stat("requests")
        ),
        (1, 201, 201)
    );
}

#[test]
fn who_reads_after_a_write_sees_it() {
    let sample = Sample::create();
    let service = Service::start(&sample, &[]);
    let mut client = service.connect();
    thread::scope(|scope| {
        // Other callers read the same article all the time, so that there are queries to share.
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = service.connect();
                    (0..50).for_each(|_| assert!(client.get("/articles/7").contains("\"id\":7")));
                })
            })
            .collect();
        for number in 0..20 {
            let title = format!("Edition {number}");
            assert_eq!(
                client.request("PUT", "/articles/7", &title),
                (200, format!("{{\"id\":7,\"title\":\"{title}\"}}"))
            );
            let article = client.get("/articles/7");
            assert!(article.contains(&title), "{article}");
        }
        readers
            .into_iter()
            .for_each(|reader| reader.join().unwrap());
    });
}

#[test]
fn a_client_that_goes_away_leaves_its_query_to_the_others() {
    let sample = Sample::create();
    let service = Service::start(&sample, &[]);
    let locked = sample.lock();
    let mut first = service.connect();
    first.send("GET", "/search/pool", "");
    service.until("running", 1);
    let mut second = service.connect();
    second.send("GET", "/search/pool", "");
    service.until("requests", 2);
    drop(first);
    drop(locked);
    let (status, body) = second.receive();
    assert_eq!(status, 200);
    assert!(body.contains("on the pool"), "{body}");
    assert_eq!(service.stat("queries"), 1);
}

#[test]
fn mistakes_get_an_answer() {
    let sample = Sample::create();
    let service = Service::start(&sample, &[]);
    let mut client = service.connect();
    assert_eq!(
        client.request("GET", "/articles/0", ""),
        (404, r#"{"error":"there is no article 0"}"#.to_owned())
    );
    assert_eq!(
        client.request("PUT", "/articles/0", "title"),
        (404, r#"{"error":"there is no article 0"}"#.to_owned())
    );
    assert_eq!(client.request("GET", "/articles/seven", "").0, 400);
    assert_eq!(
        client.request("GET", "/search/nothing", ""),
        (200, r#"{"articles":[],"word":"nothing"}"#.to_owned())
    );
    // A broken database gives an answer too, and the service goes on.
    rusqlite::Connection::open(sample.path())
        .unwrap()
        .execute_batch("ALTER TABLE article RENAME TO gone")
        .unwrap();
    let (status, body) = client.request("GET", "/articles/7", "");
    assert_eq!(status, 500);
    assert!(body.contains("no such table: article"), "{body}");
    rusqlite::Connection::open(sample.path())
        .unwrap()
        .execute_batch("ALTER TABLE gone RENAME TO article")
        .unwrap();
    assert!(client.get("/articles/7").contains("\"id\":7"));
}
