//! The service. Its handlers await the library.

use crate::library::Library;
use crate::metrics;
use crate::store::{StoreError, Title};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

struct App {
    library: Library,
    requests: AtomicU64,
}

impl App {
    /// Counts a request, and returns the library.
    fn library(&self) -> &Library {
        self.requests.fetch_add(1, Ordering::SeqCst);
        &self.library
    }
}

/// An error of a request, or of the database.
enum Failure {
    NoSuchArticle(i64),
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::NoSuchArticle(id) => (StatusCode::NOT_FOUND, format!("there is no article {id}")),
            Self::Store(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        };
        (status, Json(json!({ "error": error }))).into_response()
    }
}

type Answer = Result<Json<Value>, Failure>;

/// Makes the service of a library.
///
/// | route | answers |
/// | --- | --- |
/// | `GET /articles/{id}` | an article |
/// | `PUT /articles/{id}` | sets the title of an article to the body of the request |
/// | `GET /search/{word}` | ten titles |
/// | `GET /report/{rows}` | a number, after a slow query |
/// | `GET /stats` | the numbers of requests and queries, without those for `/stats` |
/// | `GET /metrics` | the numbers of the offload pool, for Prometheus |
pub fn router(library: Library) -> Router {
    Router::new()
        .route("/articles/{id}", get(article).put(rename))
        .route("/search/{word}", get(search))
        .route("/report/{rows}", get(report))
        .route("/stats", get(stats))
        .route("/metrics", get(pool_metrics))
        .with_state(Arc::new(App {
            library,
            requests: AtomicU64::new(0),
        }))
}

async fn article(State(app): State<Arc<App>>, Path(id): Path<i64>) -> Answer {
    let article = app
        .library()
        .article(id)
        .await?
        .ok_or(Failure::NoSuchArticle(id))?;
    Ok(Json(
        json!({ "id": article.id, "title": article.title, "body": article.body }),
    ))
}

async fn rename(State(app): State<Arc<App>>, Path(id): Path<i64>, title: String) -> Answer {
    if app.library().rename(id, &title).await? {
        Ok(Json(json!({ "id": id, "title": title })))
    } else {
        Err(Failure::NoSuchArticle(id))
    }
}

async fn search(State(app): State<Arc<App>>, Path(word): Path<String>) -> Answer {
    let found = app.library().search(&word).await?;
    let titles: Vec<Value> = found
        .iter()
        .map(|Title { id, title }| json!({ "id": id, "title": title }))
        .collect();
    Ok(Json(json!({ "word": word, "articles": titles })))
}

async fn report(State(app): State<Arc<App>>, Path(rows): Path<u32>) -> Answer {
    let counted = app.library().store().report(rows).await?;
    Ok(Json(json!({ "rows": counted })))
}

async fn stats(State(app): State<Arc<App>>) -> Json<Value> {
    let (requests, store) = (app.requests.load(Ordering::SeqCst), app.library.store());
    Json(json!({ "requests": requests, "queries": store.queries(), "running": store.running() }))
}

async fn pool_metrics() -> Response {
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match metrics::page() {
        Ok(page) => ([(header::CONTENT_TYPE, format)], page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
