//! reqwest under `.wait()`, with tokio installed. Its connections are tasks of tokio's, so they
//! live on between two waits.

use neighbours::{HttpServer, with_tokio};
use reqwest::{Client, Error};
use smartasync::{block_on, smart, smart_await, smart_fn, spawn_local};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

/// A client library, written once.
#[derive(Clone)]
struct Api {
    client: Client,
}

impl Api {
    fn new() -> Self {
        Self {
            client: Client::new(),
        }
    }

    smart_fn!(
        async fn get(&self, url: &str) -> Result<String, Error> {
            self.client
                .get(url)
                .send()
                .await?
                .error_for_status()?
                .text()
                .await
        }

        async fn post(&self, url: &str, body: &'static str) -> Result<String, Error> {
            self.client.post(url).body(body).send().await?.text().await
        }

        #[maybe_async]
        async fn get_all(&self, urls: &[String]) -> Result<usize, Error> {
            let mut bytes = 0;
            for url in urls {
                bytes += smart_await!(self.get(url))?.len();
            }
            Ok(bytes)
        }
    );
}

#[test]
fn sync_code_sends_requests_and_the_connection_lives_between_two_waits() {
    with_tokio(|| {
        let (server, api) = (HttpServer::new(), Api::new());
        assert_eq!(api.get(&server.url("/one")).wait().unwrap(), "GET /one ");
        assert_eq!(
            api.post(&server.url("/two"), "body").wait().unwrap(),
            "POST /two body"
        );
        assert_eq!(
            api.get_all(&[server.url("/3"), server.url("/45")])
                .wait()
                .unwrap(),
            "GET /3 GET /45 ".len()
        );
        // A task of reqwest's puts a used connection back, and may be later than the next request.
        // So a request may open another one, but not each of them.
        let mut requests = 4;
        while server.connections() == requests {
            api.get(&server.url("/more")).wait().unwrap();
            requests += 1;
        }
    });
}

#[test]
fn reqwest_s_own_futures_need_no_macro() {
    with_tokio(|| {
        let server = HttpServer::new();
        let response = smart(reqwest::get(server.url("/plain"))).wait().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(smart(response.text()).wait().unwrap(), "GET /plain ");
    });
}

#[test]
fn threads_and_tasks_of_all_kinds_share_a_client() {
    with_tokio(|| {
        let (server, api) = (HttpServer::new(), Api::new());
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let (api, url) = (api.clone(), server.url(&format!("/{n}")));
                thread::spawn(move || api.get(&url).wait().unwrap())
            })
            .collect();
        let of_tasks = block_on(async {
            let local: Vec<_> = (0..8)
                .map(|n| {
                    let (api, url) = (api.clone(), server.url(&format!("/{n}")));
                    spawn_local(async move { api.get(&url).await.unwrap() })
                })
                .collect();
            let mut all = Vec::new();
            for task in local {
                all.push(task.await);
            }
            let (api, url) = (api.clone(), server.url("/8"));
            all.push(
                tokio::spawn(async move { api.get(&url).await.unwrap() })
                    .await
                    .unwrap(),
            );
            all
        });
        for (n, thread) in threads.into_iter().enumerate() {
            assert_eq!(thread.join().unwrap(), format!("GET /{n} "));
        }
        assert!(
            of_tasks
                .iter()
                .enumerate()
                .all(|(n, answer)| *answer == format!("GET /{n} "))
        );
    });
}

#[test]
fn a_silent_server_meets_a_time_out_of_either_side() {
    with_tokio(|| {
        let (server, api) = (HttpServer::new(), Api::new());
        assert!(
            api.get(&server.url("/silent"))
                .wait_timeout(Duration::from_millis(50))
                .is_err()
        );
        // In the future that is waited for, since reqwest starts the timer at once.
        let own = async {
            api.client
                .get(server.url("/silent"))
                .timeout(Duration::from_millis(50))
                .send()
                .await
        };
        assert!(smart(own).wait().unwrap_err().is_timeout());
        assert_eq!(
            api.get(&server.url("/after")).wait().unwrap(),
            "GET /after "
        );
    });
}

#[test]
fn a_refused_connection_is_an_error() {
    with_tokio(|| {
        // Nobody listens on a port that was free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let refused = Api::new().get(&format!("http://127.0.0.1:{port}/")).wait();
        assert!(refused.unwrap_err().is_connect());
    });
}
