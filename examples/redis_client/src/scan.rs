//! The keys of the server, page by page: an `Iterator` in sync code, a `Stream` in async code.

use crate::client::Client;
use crate::error::Error;
use smartasync::{smart_await, smart_fn};
use std::vec;

/// Iterates over keys; see [`Client::scan`]. It ends after an error.
///
/// In sync code, it is an iterator. In async code, await one key after the other with
/// [`next_key`](Scan::next_key), or turn the scan into a [`Stream`](futures_lite::Stream) with
/// [`into_stream`](Scan::into_stream).
#[derive(Debug)]
#[must_use = "a scan does nothing until you ask for its keys"]
pub struct Scan {
    client: Client,
    pattern: Vec<u8>,
    /// The cursor of the next page, or `None` after the last page.
    cursor: Option<Vec<u8>>,
    page: vec::IntoIter<Vec<u8>>,
}

impl Scan {
    pub(crate) fn new(client: Client, pattern: Vec<u8>) -> Self {
        Self {
            client,
            pattern,
            cursor: Some(b"0".to_vec()),
            page: Vec::new().into_iter(),
        }
    }

    /// Turns the scan into a stream of keys.
    #[cfg(any(feature = "tokio", feature = "smol"))]
    pub fn into_stream(self) -> impl futures_lite::Stream<Item = Result<Vec<u8>, Error>> + Send {
        futures_lite::stream::try_unfold(self, |mut scan| async move {
            Ok(scan.next_key().await?.map(|key| (key, scan)))
        })
    }

    smart_fn!(
        /// Returns the next key, or `None` after the last one. If you drop the call before it
        /// ends, no key is lost.
        ///
        /// # Errors
        ///
        /// If a page cannot be read. The scan then ends.
        #[maybe_async]
        pub async fn next_key(&mut self) -> Result<Option<Vec<u8>>, Error> {
            loop {
                if let Some(key) = self.page.next() {
                    return Ok(Some(key));
                }
                let Some(cursor) = self.cursor.clone() else {
                    return Ok(None);
                };
                let page =
                    smart_await!(
                        self.client
                            .call(&[b"SCAN", &cursor, b"MATCH", &self.pattern])
                    );
                self.cursor = None;
                let (next, keys) = page?.into_page()?;
                self.cursor = (next != b"0").then_some(next);
                self.page = keys.into_iter();
            }
        }
    );
}

impl Iterator for Scan {
    type Item = Result<Vec<u8>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_key().wait().transpose()
    }
}
