//! sqlx with SQLite under `.wait()`, with tokio installed: a pool, transactions, and rows as a
//! stream that sync code iterates over.

use futures::TryStreamExt;
use neighbours::with_tokio;
use smartasync::{block_on, smart, smart_fn, smart_stream};
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use sqlx::{Error, Row, query, query_as, query_scalar};
use std::future::pending;
use std::thread;
use std::time::Duration;

/// A repository, written once.
#[derive(Clone)]
struct Books {
    pool: SqlitePool,
}

impl Books {
    smart_fn!(
        async fn open() -> Result<Self, Error> {
            // One connection: each database in memory is another.
            let pool = SqlitePoolOptions::new()
                .max_connections(1)
                .connect("sqlite::memory:")
                .await?;
            query("CREATE TABLE books (title TEXT PRIMARY KEY, pages INTEGER NOT NULL)")
                .execute(&pool)
                .await?;
            Ok(Self { pool })
        }

        async fn add(&self, title: &str, pages: i64) -> Result<(), Error> {
            query("INSERT INTO books VALUES (?, ?)")
                .bind(title)
                .bind(pages)
                .execute(&self.pool)
                .await?;
            Ok(())
        }

        async fn pages(&self, title: &str) -> Result<Option<i64>, Error> {
            query_scalar("SELECT pages FROM books WHERE title = ?")
                .bind(title)
                .fetch_optional(&self.pool)
                .await
        }

        /// All or nothing.
        async fn add_all(&self, books: &[(&str, i64)]) -> Result<(), Error> {
            let mut transaction = self.pool.begin().await?;
            for (title, pages) in books {
                query("INSERT INTO books VALUES (?, ?)")
                    .bind(title)
                    .bind(pages)
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await
        }
    );
}

#[test]
fn sync_code_uses_a_pool_and_transactions() {
    with_tokio(|| {
        let books = Books::open().wait().unwrap();
        books.add("one", 100).wait().unwrap();
        assert_eq!(books.pages("one").wait().unwrap(), Some(100));
        assert_eq!(books.pages("none").wait().unwrap(), None);
        // The second one is there already, so the first is rolled back.
        assert!(
            books
                .add_all(&[("two", 200), ("one", 100)])
                .wait()
                .unwrap_err()
                .as_database_error()
                .unwrap()
                .is_unique_violation()
        );
        assert_eq!(books.pages("two").wait().unwrap(), None);
        books
            .add_all(&[("two", 200), ("three", 300)])
            .wait()
            .unwrap();
        assert_eq!(books.pages("two").wait().unwrap(), Some(200));
        assert!(
            smart(query("SELECT nonsense").execute(&books.pool))
                .wait()
                .is_err()
        );
    });
}

#[test]
fn sync_code_iterates_over_rows_as_they_come() {
    with_tokio(|| {
        let books = Books::open().wait().unwrap();
        for n in 1..=100 {
            books.add(&format!("volume {n}"), n).wait().unwrap();
        }
        let mut sum = 0;
        for row in smart_stream(query("SELECT pages FROM books").fetch(&books.pool)) {
            sum += row.unwrap().get::<i64, _>(0);
        }
        assert_eq!(sum, 5050);
        // Left early: the connection goes back to the pool, which has no other.
        for row in smart_stream(
            query_as::<_, (String, i64)>("SELECT * FROM books ORDER BY pages").fetch(&books.pool),
        ) {
            let (title, pages) = row.unwrap();
            assert_eq!(title, format!("volume {pages}"));
            if pages == 3 {
                break;
            }
        }
        let of_async = block_on(async {
            let rows = smart_stream(
                query_as::<_, (String, i64)>("SELECT * FROM books").fetch(&books.pool),
            );
            rows.try_fold(0, |sum, (_, pages)| async move { Ok(sum + pages) })
                .await
        });
        assert_eq!(of_async.unwrap(), 5050);
    });
}

#[test]
fn threads_wait_for_the_only_connection_in_turn() {
    with_tokio(|| {
        let books = Books::open().wait().unwrap();
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let books = books.clone();
                thread::spawn(move || books.add(&n.to_string(), n).wait().unwrap())
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        let count: i64 = smart(query_scalar("SELECT count(*) FROM books").fetch_one(&books.pool))
            .wait()
            .unwrap();
        assert_eq!(count, 8);
        // A connection that is held makes others wait, with a time-out that needs no help of sqlx.
        let held = smart(books.pool.acquire()).wait().unwrap();
        assert!(
            books
                .pages("1")
                .wait_timeout(Duration::from_millis(50))
                .is_err()
        );
        // Its destructor starts a task of tokio's.
        smart(async { drop(held) }).wait();
        assert_eq!(books.pages("1").wait().unwrap(), Some(1));
        // So does that of a future which holds the connection when its time is up.
        let holds = async {
            let _held = books.pool.acquire().await;
            pending::<()>().await;
        };
        assert!(
            smart(holds)
                .wait_timeout(Duration::from_millis(50))
                .is_err()
        );
        assert_eq!(books.pages("1").wait().unwrap(), Some(1));
    });
}
