//! The database layer: sync smart functions over SQLite.

use rusqlite::{Connection, OptionalExtension};
use smartasync::smart_fn;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// An article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// The number of the article.
    pub id: i64,
    /// The title of the article.
    pub title: String,
    /// The text of the article.
    pub body: String,
}

/// A result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Title {
    /// The number of the article.
    pub id: i64,
    /// The title of the article.
    pub title: String,
}

/// The error of a query. It can be cloned, because all callers that wait for a query get the error.
#[derive(Clone, Debug)]
pub struct StoreError {
    path: PathBuf,
    source: Arc<rusqlite::Error>,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the database {}: {}", self.path.display(), self.source)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// A SQLite database. Clones share its connections. There are as many connections as threads that
/// query the database at once.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    queries: AtomicU64,
    running: AtomicU64,
}

/// Counts a running query. Its destructor ends the count, also after a panic.
struct Running<'s>(&'s AtomicU64);

impl<'s> Running<'s> {
    fn begin(running: &'s AtomicU64) -> Self {
        running.fetch_add(1, Ordering::SeqCst);
        Self(running)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Store {
    /// Opens the database at `path`.
    ///
    /// # Errors
    ///
    /// If the file does not exist, or is not a database of articles.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self::at(path);
        store.article(1).wait()?;
        store.shared.queries.store(0, Ordering::SeqCst);
        Ok(store)
    }

    /// Makes the sample database at `path`. Nothing may exist at `path`.
    ///
    /// # Errors
    ///
    /// If something exists at `path`, or the file cannot be written.
    pub fn create_sample(path: &Path) -> Result<(), StoreError> {
        let failed = |source| StoreError {
            path: path.to_owned(),
            source: Arc::new(source),
        };
        let mut connection = Connection::open(path).map_err(failed)?;
        let transaction = connection.transaction().map_err(failed)?;
        transaction
            .execute_batch(include_str!("sample.sql"))
            .map_err(failed)?;
        transaction.commit().map_err(failed)
    }

    fn at(path: &Path) -> Self {
        let (queries, running) = (AtomicU64::new(0), AtomicU64::new(0));
        Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                idle: Mutex::default(),
                queries,
                running,
            }),
        }
    }

    /// Returns the number of queries that were sent to SQLite.
    #[must_use]
    pub fn queries(&self) -> u64 {
        self.shared.queries.load(Ordering::SeqCst)
    }

    /// Returns the number of queries that run now.
    #[must_use]
    pub fn running(&self) -> u64 {
        self.shared.running.load(Ordering::SeqCst)
    }

    smart_fn!(
        /// Returns the article with this number, if there is one.
        ///
        /// # Errors
        ///
        /// If SQLite fails.
        pub fn article(&self, id: i64) -> Result<Option<Article>, StoreError> {
            self.query(|connection| {
                let mut statement = connection
                    .prepare_cached("SELECT id, title, body FROM article WHERE id = ?1")?;
                statement
                    .query_row([id], |row| {
                        Ok(Article {
                            id: row.get(0)?,
                            title: row.get(1)?,
                            body: row.get(2)?,
                        })
                    })
                    .optional()
            })
        }

        /// Returns the first ten articles with this word in their text. There is no index for this,
        /// so SQLite reads all articles.
        ///
        /// # Errors
        ///
        /// If SQLite fails.
        pub fn search(&self, word: &str) -> Result<Vec<Title>, StoreError> {
            self.query(|connection| {
                let sql = "SELECT id, title FROM article WHERE instr(body, ?1) > 0 ORDER BY length(body), id LIMIT 10";
                let mut statement = connection.prepare_cached(sql)?;
                let rows = statement.query_map([word], |row| Ok(Title { id: row.get(0)?, title: row.get(1)? }))?;
                rows.collect()
            })
        }

        /// Gives an article another title, and returns whether the article exists.
        ///
        /// # Errors
        ///
        /// If SQLite fails.
        pub fn rename(&self, id: i64, title: &str) -> Result<bool, StoreError> {
            self.query(|connection| {
                Ok(connection
                    .execute("UPDATE article SET title = ?2 WHERE id = ?1", (id, title))?
                    > 0)
            })
        }

        /// Runs a slow query: SQLite counts to `rows`.
        ///
        /// # Errors
        ///
        /// If SQLite fails.
        pub fn report(&self, rows: u32) -> Result<i64, StoreError> {
            self.query(|connection| {
                let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT count(*) FROM n";
                connection.query_row(sql, [rows], |row| row.get(0))
            })
        }
    );

    /// Runs a query on an idle connection, or on a new one. Every query passes through this
    /// function, so it counts them.
    fn query<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let shared = &*self.shared;
        let _running = Running::begin(&shared.running);
        let idle = shared
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let queried = idle
            .map_or_else(|| shared.connect(), Ok)
            .and_then(|connection| {
                shared.queries.fetch_add(1, Ordering::SeqCst);
                let result = query(&connection);
                shared
                    .idle
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(connection);
                result
            });
        queried.map_err(|source| StoreError {
            path: shared.path.clone(),
            source: Arc::new(source),
        })
    }
}

impl Shared {
    fn connect(&self) -> rusqlite::Result<Connection> {
        // Without `CREATE`, a wrong path is an error, and does not make a new database.
        let flags =
            rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(60))?;
        Ok(connection)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}
