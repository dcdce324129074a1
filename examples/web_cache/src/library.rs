//! Shared reads: a caller that asks for something while a query reads it waits for that query.

use crate::store::{Article, Store, StoreError, Title};
use smartasync::{SmartLockMap, smart_await, smart_fn};
use std::fmt;
use std::sync::Arc;

type Found<T> = Result<T, StoreError>;

/// The articles of a [`Store`]. Callers that ask while a query runs share that query. Nothing is
/// cached.
#[derive(Clone)]
pub struct Library {
    store: Store,
    shared: Option<Arc<Shared>>,
}

/// The running queries. Each reader gets a clone of the result, so the results are in an `Arc`.
#[derive(Default)]
struct Shared {
    articles: SmartLockMap<i64, Found<Option<Arc<Article>>>>,
    searches: SmartLockMap<String, Found<Arc<[Title]>>>,
}

impl Library {
    /// Makes the library of a store. `coalesce` says whether its reads are shared.
    #[must_use]
    pub fn new(store: Store, coalesce: bool) -> Self {
        Self {
            store,
            shared: coalesce.then(Arc::default),
        }
    }

    /// Returns the store of the library.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    smart_fn!(
        /// Returns the article with this number, if there is one.
        ///
        /// # Errors
        ///
        /// If SQLite fails.
        #[maybe_async]
        pub async fn article(&self, id: i64) -> Result<Option<Arc<Article>>, StoreError> {
            let query = |store: Store| async move {
                smart_await!(store.article(id)).map(|found| found.map(Arc::new))
            };
            let Some(shared) = &self.shared else {
                return smart_await!(query(self.store.clone()));
            };
            // The map owns the query, so the others finish it when a client goes away.
            match smart_await!(shared.articles.run_shared(id, || query(self.store.clone()))) {
                Ok(found) => found,
                // A write ended the sharing while this call waited.
                Err(_) => smart_await!(query(self.store.clone())),
            }
        }

        /// Returns the first ten articles with this word in their text.
        ///
        /// # Errors
        ///
        /// If SQLite fails.
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

        /// Gives an article another title, and returns whether the article exists. Later reads see
        /// the new title.
        ///
        /// The whole function is sync, so it runs to its end once it has started. So it ends the
        /// sharing even if the caller goes away.
        ///
        /// # Errors
        ///
        /// If SQLite fails.
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
