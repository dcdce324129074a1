//! The keys of the server, page by page: a `Stream` in async code, an `Iterator` in sync code.

use crate::blocking;
use crate::client::Client;
use crate::error::Error;
use smartasync::smart_fn;
use std::vec;

/// Goes through keys; see [`Client::scan`]. It ends after an error.
///
/// Await one key after the other with [`next_key`](Scan::next_key), or turn the scan into a
/// [`Stream`](futures_lite::Stream) with [`into_stream`](Scan::into_stream).
#[derive(Debug)]
#[must_use = "a scan does nothing until you ask for its keys"]
pub struct Scan {
    pub(crate) client: Client,
    pub(crate) pages: Pages,
}

/// How far a scan has come.
#[derive(Debug)]
pub(crate) struct Pages {
    pattern: Vec<u8>,
    /// The cursor of the next page, or `None` after the last page.
    cursor: Option<Vec<u8>>,
    page: vec::IntoIter<Vec<u8>>,
}

impl Pages {
    pub(crate) fn new(pattern: &[u8]) -> Self {
        Self {
            pattern: pattern.to_vec(),
            cursor: Some(b"0".to_vec()),
            page: Vec::new().into_iter(),
        }
    }
}

smart_fn!(
    #[split(blocking::Scan)]
    impl Scan {
        /// Returns the next key, or `None` after the last one.
        ///
        /// # Errors
        ///
        /// If a page cannot be read. The scan then ends.
        pub async fn next_key(&mut self) -> Result<Option<Vec<u8>>, Error> {
            let pages = &mut self.pages;
            loop {
                if let Some(key) = pages.page.next() {
                    return Ok(Some(key));
                }
                let Some(cursor) = pages.cursor.clone() else {
                    return Ok(None);
                };
                // If the future is dropped here, the next call asks for the same page again.
                let page =
                    smart_await!(
                        self.client
                            .call(&[b"SCAN", &cursor, b"MATCH", &pages.pattern])
                    );
                pages.cursor = None;
                let (next, keys) = page?.into_page()?;
                pages.cursor = (next != b"0").then_some(next);
                pages.page = keys.into_iter();
            }
        }

        /// Turns the scan into a stream of keys.
        #[async_only]
        #[cfg(any(feature = "tokio", feature = "smol"))]
        pub fn into_stream(
            self,
        ) -> impl futures_lite::Stream<Item = Result<Vec<u8>, Error>> + Send {
            futures_lite::stream::try_unfold(self, |mut scan| async move {
                Ok(scan.next_key().await?.map(|key| (key, scan)))
            })
        }
    }
);

impl Iterator for blocking::Scan {
    type Item = Result<Vec<u8>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_key().transpose()
    }
}
