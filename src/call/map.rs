//! Calls that apply a function to the output of another call.

use crate::call::work::Sealed;
use crate::call::{Call, Work};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;

pin_project! {
    /// Work that applies a function to the output of other work.
    //
    // It has no `origin`, although it knows that of the work: its output is another one.
    #[project = MapProj]
    #[project_replace = MapTaken]
    #[derive(Debug)]
    enum Map<W, F> {
        Mapping { #[pin] work: W, f: F },
        Spent,
    }
}

const SPENT: &str = "a `Call` was polled after it had given its output";

impl<W, F, U> Future for Map<W, F>
where
    W: Future,
    F: FnOnce(W::Output) -> U,
{
    type Output = U;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<U> {
        let MapProj::Mapping { work, .. } = self.as_mut().project() else {
            panic!("{SPENT}")
        };
        let output = ready!(work.poll(cx));
        // This drops the work before the function runs, as a wait does.
        match self.project_replace(Self::Spent) {
            MapTaken::Mapping { f, .. } => Poll::Ready(f(output)),
            MapTaken::Spent => unreachable!("the work was polled above"),
        }
    }
}

impl<W, F> Sealed for Map<W, F> {}

// The function runs after the wait, outside of the loop, because the function may wait too.
impl<W, F, U> Work for Map<W, F>
where
    W: Work,
    F: FnOnce(W::Output) -> U,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[cfg_attr(feature = "std", track_caller)]
    fn run(self, asks: bool) -> U {
        match self {
            Self::Mapping { work, f } => f(work.run(asks)),
            Self::Spent => panic!("{SPENT}"),
        }
    }
}

impl<W: Work> Call<W> {
    /// Makes a call that applies `f` to the output of this one.
    ///
    /// `f` runs where the caller is. With [`.wait()`](Call::wait) it runs on this thread after the
    /// wait, as sync code, so it may wait for other calls. With `.await` it runs in the poll, as
    /// async code, and never on the offload pool: let it be short.
    ///
    /// # Cancel safety
    ///
    /// If you drop the call, you drop the call inside it and `f`. `f` has not run.
    ///
    /// # Panics
    ///
    /// A poll or a wait panics if `f` panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use smartasync::{Call, Work, block_on, smart_fn};
    ///
    /// smart_fn!(
    ///     fn size(path: &str) -> std::io::Result<u64> {
    ///         Ok(std::fs::metadata(path)?.len())
    ///     }
    /// );
    ///
    /// fn exists(path: &str) -> Call<impl Work<Output = bool>> {
    ///     size(path).map(|size| size.is_ok())
    /// }
    ///
    /// assert!(exists("Cargo.toml").wait());
    /// assert!(block_on(async { exists("Cargo.toml").await }));
    /// ```
    #[inline]
    pub fn map<U>(self, f: impl FnOnce(W::Output) -> U) -> Call<impl Work<Output = U>> {
        Call::new(Map::Mapping {
            work: self.into_work(),
            f,
        })
    }
}
