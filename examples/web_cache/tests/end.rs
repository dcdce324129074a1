//! The page for Prometheus, and the end of the service.

mod support;

use std::net::TcpStream;
use support::{Sample, Service};
use web_cache::Store;

#[test]
fn the_page_for_prometheus_has_the_numbers_of_the_pool() {
    let sample = Sample::create();
    let service = Service::start(&sample, &[]);
    let locked = sample.lock();
    let mut client = service.connect();
    client.send("GET", "/articles/7", "");
    service.until("running", 1);
    let page = service.connect().get("/metrics");
    for line in [
        "# TYPE offload_pool_active gauge",
        "# HELP offload_pool_queued Jobs that wait for a thread",
        "offload_pool_active 1",
        "offload_pool_queued 0",
    ] {
        assert!(
            page.lines().any(|other| other == line),
            "{line:?} in {page}"
        );
    }
    assert!(page.ends_with("# EOF\n"));
    drop(locked);
    assert_eq!(client.receive().0, 200);
}

#[test]
fn the_service_ends_after_the_last_query_also_if_its_client_has_gone() {
    let sample = Sample::create();
    let mut service = Service::start(&sample, &[]);
    let locked = sample.lock();
    let mut client = service.connect();
    client.send("PUT", "/articles/7", "Written at the end");
    service.until("running", 1);
    drop(client);
    service.interrupt();
    // It accepts no connection any more, and still runs.
    while TcpStream::connect(service.address()).is_ok() {
        std::thread::yield_now();
    }
    assert!(service.runs());
    drop(locked);
    assert!(service.ended_well());
    let article = Store::open(sample.path())
        .unwrap()
        .article(7)
        .wait()
        .unwrap();
    assert_eq!(article.unwrap().title, "Written at the end");
}
