//! Reads that are shared: who asks for what is being read already waits for that query.

use crate::store::{Article, Store, StoreError, Title};
use smartasync::{SmartLockMap, smart_await, smart_fn};
use std::fmt;
use std::sync::Arc;

type Found<T> = Result<T, StoreError>;

/// The articles of a [`Store`]. Nothing is cached: a query is shared by those who ask while it
/// runs.
#[derive(Clone)]
pub struct Library {
    store: Store,
    shared: Option<Arc<Shared>>,
}

/// What is being read. Results are cloned for each reader, so they are in an `Arc`.
#[derive(Default)]
struct Shared {
    articles: SmartLockMap<i64, Found<Option<Arc<Article>>>>,
    searches: SmartLockMap<String, Found<Arc<[Title]>>>,
}

impl Library {
    /// The library of a store, whose reads are shared or not.
    #[must_use]
    pub fn new(store: Store, coalesce: bool) -> Self {
        Self {
            store,
            shared: coalesce.then(Arc::default),
        }
    }

    /// The store behind it.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    smart_fn!(
        /// The article with this number, if there is one.
        ///
        /// # Errors
        ///
        /// Where SQLite fails.
        #[maybe_async]
        pub async fn article(&self, id: i64) -> Result<Option<Arc<Article>>, StoreError> {
            let query = |store: Store| async move {
                smart_await!(store.article(id)).map(|found| found.map(Arc::new))
            };
            let Some(shared) = &self.shared else {
                return smart_await!(query(self.store.clone()));
            };
            // A client that goes away leaves its query to the others: the map owns it.
            match smart_await!(shared.articles.run_shared(id, || query(self.store.clone()))) {
                Ok(found) => found,
                // A write ended the sharing while this call waited.
                Err(_) => smart_await!(query(self.store.clone())),
            }
        }

        /// The first ten articles with this word in their text.
        ///
        /// # Errors
        ///
        /// Where SQLite fails.
        #[maybe_async]
        pub async fn search(&self, word: &str) -> Result<Arc<[Title]>, StoreError> {
            let query = |store: Store, word: String| async move {
                smart_await!(store.search(&word)).map(Arc::from)
            };
            let Some(shared) = &self.shared else {
                return smart_await!(query(self.store.clone(), word.to_owned()));
            };
            match smart_await!(shared.searches.run_shared(word.to_owned(), || query(
                self.store.clone(),
                word.to_owned()
            ))) {
                Ok(found) => found,
                Err(_) => smart_await!(query(self.store.clone(), word.to_owned())),
            }
        }

        /// Gives an article another title, and says whether there is such an article. Who reads
        /// after it sees it.
        ///
        /// It is sync as a whole, so that the sharing is ended even where the caller goes away:
        /// once it runs, it runs to its end.
        ///
        /// # Errors
        ///
        /// Where SQLite fails.
        pub fn rename(&self, id: i64, title: &str) -> Result<bool, StoreError> {
            let renamed = self.store.rename(id, title).wait();
            if let Some(shared) = &self.shared {
                shared.articles.reset(&id);
                shared.searches.reset_all();
            }
            renamed
        }
    );
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("store", &self.store)
            .field("coalesces", &self.shared.is_some())
            .finish()
    }
}
