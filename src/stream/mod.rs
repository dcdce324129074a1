//! [`SmartStream`], the return type of functions that produce many items, and [`Source`], which is
//! inside it. A stream is like a `Call` that you can finish many times.
//!
//! There are three kinds of source: a stream of any library ([`smart_stream`]), an iterator
//! ([`smart_iter`], in `read_ahead`), and a smart function that is called once for each item
//! ([`smart_unfold`]). Each source can produce its next item in two ways. In async code the stream
//! polls the source. In sync code the source computes the item on this thread.

#[cfg(feature = "std")]
pub(crate) mod read_ahead;

#[cfg(feature = "std")]
pub use read_ahead::smart_iter;

use crate::call::work::{Sealed, both};
use crate::call::{Call, Work};
use crate::executor;
use alloc::boxed::Box;
use core::fmt;
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use futures_lite::Stream;
use pin_project_lite::pin_project;

/// Produces the items of a [`SmartStream`].
///
/// You need this trait only in signatures, for example in
/// `fn lines() -> SmartStream<impl Source<Item = String>>`. It is sealed: the functions of this
/// crate make every kind of source.
pub trait Source: Stream + Sealed {
    /// Returns the next item in sync code, without checking whether this thread may block.
    #[doc(hidden)]
    fn next_here(self: Pin<&mut Self>) -> Option<Self::Item>;
}

/// Produces many items, one after the other, in sync and in async code.
///
/// A function with many items returns a `SmartStream`, as a smart function with one output returns
/// a [`Call`].
///
/// | in sync code | in async code |
/// | --- | --- |
/// | `for item in stream` | `while let Some(item) = stream.next().await` |
/// | `stream.next().wait()`, `.try_wait()`, `.wait_timeout(…)` | `stream.next().await` |
/// | `stream.into_iter()` and `&mut stream` are an [`Iterator`] | the stream is a [`Stream`] |
///
/// As a [`Stream`] it works with every combinator of `futures`, `futures-lite` and `tokio-stream`.
///
/// Nothing runs before you ask for the first item. In sync code each item is a separate wait, as by
/// [`Call::wait`]. Between two items the stream runs nothing on this thread. After the last item,
/// and after a panic, the stream drops its source and returns no further items. The source is in a
/// box, so you do not need to pin the stream. The stream is `Send` exactly where its source is.
///
/// `SmartStream` itself is not an `Iterator`. Otherwise each method that iterators and streams both
/// have would be ambiguous, for example `map`.
///
/// # Blocking
///
/// As an iterator it blocks this thread until the next item is ready.
///
/// # Cancel safety
///
/// If you drop the future of [`next`](SmartStream::next), no item is lost. You can drop the stream
/// or its iterator at any time. This drops the source, and so cancels it.
///
/// # Panics
///
/// As an iterator it panics in async code, as [`Call::wait`] does. The message names the line that
/// asks for the item. It also panics if the source panics.
///
/// # Examples
///
/// ```
/// use futures_lite::{StreamExt, stream};
/// use smartasync::{SmartStream, Source, block_on, smart_stream};
///
/// fn squares(upto: u32) -> SmartStream<impl Source<Item = u32>> {
///     smart_stream(stream::iter(1..=upto).then(|n| async move { n * n }))
/// }
///
/// // Sync code:
/// let mut sum = 0;
/// for square in squares(3) {
///     sum += square;
/// }
/// assert_eq!(sum, 1 + 4 + 9);
///
/// // Async code:
/// let odd = block_on(async { squares(5).filter(|square| square % 2 == 1).collect::<Vec<_>>().await });
/// assert_eq!(odd, [1, 9, 25]);
/// ```
#[must_use = "a smart stream does nothing until it is asked for its items"]
pub struct SmartStream<S> {
    /// `None` after the last item. Also `None` while the source runs, so that a panic ends the
    /// stream.
    source: Option<Held<S>>,
}

/// A stream with a type that has a name, for example for the field of a struct:
/// [`SmartStream::boxed`] returns it. It can be sent to other threads.
///
/// # Examples
///
/// ```
/// use futures_lite::stream;
/// use smartasync::{BoxSmartStream, smart_stream};
///
/// struct Reader<'a> {
///     lines: BoxSmartStream<'a, &'a str>,
/// }
///
/// let text = String::from("one two");
/// let mut reader = Reader { lines: smart_stream(stream::iter(text.split(' '))).boxed() };
/// assert_eq!(reader.lines.next().wait(), Some("one"));
/// ```
pub type BoxSmartStream<'a, T> = SmartStream<Pin<Box<dyn Source<Item = T> + Send + 'a>>>;

/// A [`BoxSmartStream`] that stays on its thread: [`SmartStream::boxed_local`] returns it.
///
/// # Examples
///
/// ```
/// use futures_lite::stream;
/// use smartasync::{LocalBoxSmartStream, smart_stream};
/// use std::rc::Rc;
///
/// let shared = [Rc::new(1), Rc::new(2)];
/// let stream: LocalBoxSmartStream<'_, Rc<u32>> = smart_stream(stream::iter(shared)).boxed_local();
/// assert_eq!(stream.into_iter().map(|n| *n).sum::<u32>(), 3);
/// ```
pub type LocalBoxSmartStream<'a, T> = SmartStream<Pin<Box<dyn Source<Item = T> + 'a>>>;

/// Holds a source. If sync code drops it, the destructor of the source runs inside the installed
/// runtime, as its polls did.
struct Held<S> {
    source: Option<Pin<Box<S>>>,
}

impl<S> Held<S> {
    fn source(&mut self) -> Pin<&mut S> {
        match &mut self.source {
            Some(source) => source.as_mut(),
            None => unreachable!("it is taken from a stream that goes"),
        }
    }
}

impl<S> Drop for Held<S> {
    fn drop(&mut self) {
        // `boxed` has moved the source to another stream.
        if self.source.is_some() {
            executor::drop_inside(&mut || self.source = None);
        }
    }
}

impl<S: Source> SmartStream<S> {
    pub(crate) fn new(source: S) -> Self {
        Self {
            source: Some(Held {
                source: Some(Box::pin(source)),
            }),
        }
    }

    /// Returns a call that gives the next item, or `None` after the last item.
    ///
    /// Finish the call with `.await` in async code. In sync code, finish it with
    /// [`.wait()`](Call::wait) or [`.wait_timeout(…)`](Call::wait_timeout).
    ///
    /// # Cancel safety
    ///
    /// If you drop the call, or if it times out, no item is lost: the next call continues where
    /// this one stopped.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::stream;
    /// use smartasync::{TimedOut, block_on, smart_stream};
    /// use std::time::Duration;
    ///
    /// let mut numbers = smart_stream(stream::iter([1, 2]));
    /// assert_eq!(numbers.next().wait(), Some(1));
    /// assert_eq!(block_on(async { numbers.next().await }), Some(2));
    /// assert_eq!(numbers.next().wait(), None);
    ///
    /// let mut silence = smart_stream(stream::pending::<u32>());
    /// assert_eq!(silence.next().wait_timeout(Duration::from_millis(1)), Err(TimedOut));
    /// ```
    #[allow(
        clippy::should_implement_trait,
        reason = "sync code, async code and combinators all call it `next`"
    )]
    pub fn next(&mut self) -> Call<impl Work<Output = Option<S::Item>>> {
        both(self, Self::next_here, |stream, _| {
            poll_fn(move |cx| stream.poll_source(cx))
        })
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let Some(mut source) = self.source.take() else {
            return Poll::Ready(None);
        };
        let item = source.source().poll_next(cx);
        if !matches!(item, Poll::Ready(None)) {
            self.source = Some(source);
        }
        item
    }

    fn next_here(&mut self) -> Option<S::Item> {
        let mut source = self.source.take()?;
        let item = source.source().next_here()?;
        self.source = Some(source);
        Some(item)
    }

    #[cfg_attr(feature = "std", track_caller)]
    fn next_if_allowed(&mut self) -> Option<S::Item> {
        executor::refuse_in_async();
        self.next_here()
    }

    /// Boxes the stream, so that its type has a name and depends on the items alone.
    ///
    /// A boxed stream is used as this one is, in both worlds, also after it has given items.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::stream;
    /// use smartasync::{BoxSmartStream, smart_stream};
    ///
    /// fn numbers(down: bool) -> BoxSmartStream<'static, u32> {
    ///     if down {
    ///         smart_stream(stream::iter((1..=3).rev())).boxed()
    ///     } else {
    ///         smart_stream(stream::iter(1..=3)).boxed()
    ///     }
    /// }
    ///
    /// assert_eq!(numbers(true).into_iter().collect::<Vec<_>>(), [3, 2, 1]);
    /// ```
    pub fn boxed<'a>(self) -> BoxSmartStream<'a, S::Item>
    where
        S: Send + 'a,
    {
        self.with_source(|source| -> Pin<Box<dyn Source<Item = S::Item> + Send + 'a>> { source })
    }

    /// Boxes the stream as [`boxed`](SmartStream::boxed) does. The stream need not be `Send`, and
    /// neither is the result.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_lite::stream;
    /// use smartasync::{LocalBoxSmartStream, smart_stream};
    ///
    /// let numbers: LocalBoxSmartStream<'_, u32> = smart_stream(stream::iter([1, 2])).boxed_local();
    /// assert_eq!(numbers.into_iter().sum::<u32>(), 3);
    /// ```
    pub fn boxed_local<'a>(self) -> LocalBoxSmartStream<'a, S::Item>
    where
        S: 'a,
    {
        self.with_source(|source| -> Pin<Box<dyn Source<Item = S::Item> + 'a>> { source })
    }

    /// Makes a stream with a source that contains the source of this one.
    fn with_source<D>(mut self, contain: impl FnOnce(Pin<Box<S>>) -> D) -> SmartStream<D> {
        let source = self.source.take().and_then(|mut held| held.source.take());
        SmartStream {
            source: source.map(|source| Held {
                source: Some(Box::pin(contain(source))),
            }),
        }
    }

    fn bounds(&self) -> (usize, Option<usize>) {
        let source = self.source.as_ref().and_then(|held| held.source.as_ref());
        source.map_or((0, Some(0)), |source| source.size_hint())
    }
}

impl<S: Source> Stream for SmartStream<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        executor::in_async(|| self.poll_source(cx))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.bounds()
    }
}

/// Iterates in sync code, as [`SmartStreamIter`] does. You can use the stream afterwards.
impl<S: Source> Iterator for &mut SmartStream<S> {
    type Item = S::Item;

    #[cfg_attr(feature = "std", track_caller)]
    fn next(&mut self) -> Option<S::Item> {
        self.next_if_allowed()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.bounds()
    }
}

impl<S: Source> IntoIterator for SmartStream<S> {
    type Item = S::Item;
    type IntoIter = SmartStreamIter<S>;

    fn into_iter(self) -> SmartStreamIter<S> {
        SmartStreamIter { stream: self }
    }
}

impl<S> fmt::Debug for SmartStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmartStream")
            .field("ended", &self.source.is_none())
            .finish_non_exhaustive()
    }
}

/// Iterates over the items of a [`SmartStream`] in sync code.
///
/// [`IntoIterator::into_iter`] returns it.
///
/// # Blocking
///
/// Each `next` blocks this thread until the item is ready.
///
/// # Panics
///
/// `next` panics in async code, as [`Call::wait`] does, and if the source panics.
///
/// # Examples
///
/// ```
/// let numbers = smartasync::smart_stream(futures_lite::stream::iter([1, 2, 3]));
/// assert_eq!(numbers.into_iter().map(|n| 2 * n).collect::<Vec<_>>(), [2, 4, 6]);
/// ```
#[derive(Debug)]
#[must_use = "an iterator does nothing until it is asked for its items"]
pub struct SmartStreamIter<S> {
    stream: SmartStream<S>,
}

impl<S: Source> Iterator for SmartStreamIter<S> {
    type Item = S::Item;

    #[cfg_attr(feature = "std", track_caller)]
    fn next(&mut self) -> Option<S::Item> {
        self.stream.next_if_allowed()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.bounds()
    }
}

impl<S: Source> core::iter::FusedIterator for SmartStreamIter<S> {}

impl<S: Source + ?Sized> Sealed for Pin<Box<S>> {}

impl<S: Source + ?Sized> Source for Pin<Box<S>> {
    fn next_here(mut self: Pin<&mut Self>) -> Option<S::Item> {
        self.as_mut().get_mut().as_mut().next_here()
    }
}

pin_project! {
    /// A source that is a stream.
    struct Streamed<S> {
        #[pin]
        stream: S,
    }
}

impl<S> Sealed for Streamed<S> {}

impl<S: Stream> Stream for Streamed<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.project().stream.poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}

impl<S: Stream> Source for Streamed<S> {
    fn next_here(self: Pin<&mut Self>) -> Option<S::Item> {
        let mut stream = self.project().stream;
        executor::wait(
            pin!(Some(poll_fn(|cx| stream.as_mut().poll_next(cx)))),
            false,
        )
    }
}

/// Makes a [`SmartStream`] from any stream.
///
/// Sync code iterates over it. Each item is one wait, in which this thread's loop drives the
/// stream.
///
/// # Examples
///
/// ```
/// use futures_lite::{StreamExt, stream};
/// use smartasync::smart_stream;
///
/// // A stream from a library that has only an async API:
/// let lines = stream::iter(["one", "two"]);
///
/// let mut all = String::new();
/// for line in smart_stream(lines) {
///     all += line;
/// }
/// assert_eq!(all, "onetwo");
/// ```
pub fn smart_stream<S: Stream>(stream: S) -> SmartStream<impl Source<Item = S::Item>> {
    SmartStream::new(Streamed { stream })
}

pin_project! {
    /// A source that calls a smart function for each item.
    struct Unfold<St, F, W> {
        // `None` while a call runs.
        state: Option<St>,
        step: F,
        #[pin]
        running: Option<W>,
    }
}

impl<St, F, W> Sealed for Unfold<St, F, W> {}

impl<T, St, F, W> Stream for Unfold<St, F, W>
where
    F: FnMut(St) -> Call<W>,
    W: Work<Output = Option<(T, St)>>,
{
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut this = self.project();
        if let Some(state) = this.state.take() {
            this.running.set(Some((this.step)(state).into_work()));
        }
        let Some(running) = this.running.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let output = ready!(running.poll(cx));
        this.running.set(None);
        Poll::Ready(output.map(|(item, state)| {
            *this.state = Some(state);
            item
        }))
    }
}

impl<T, St, F, W> Source for Unfold<St, F, W>
where
    F: FnMut(St) -> Call<W>,
    W: Work<Output = Option<(T, St)>>,
{
    fn next_here(mut self: Pin<&mut Self>) -> Option<T> {
        let this = self.as_mut().project();
        let Some(state) = this.state.take() else {
            // A poll has begun a call. Finish that call.
            return executor::wait(pin!(Some(poll_fn(|cx| self.as_mut().poll_next(cx)))), false);
        };
        let (item, state) = (this.step)(state).into_work().run(false)?;
        *this.state = Some(state);
        Some(item)
    }
}

/// Makes a [`SmartStream`] that calls a smart function for each item.
///
/// The function gets the state, and returns the item and the next state, or `None` at the end.
///
/// Each item takes the path of its caller. In sync code the sync copy of a `#[maybe_async]`
/// function runs on this thread, without a future. In async code its async copy is awaited. So you
/// can define a stream of pages, cursors or frames once, for both worlds.
///
/// # Examples
///
/// ```
/// use smartasync::{SmartStream, Source, block_on, smart_await, smart_fn, smart_unfold};
///
/// struct Table;
///
/// impl Table {
///     smart_fn!(
///         /// Returns one page of rows, which starts at `cursor`, and the next cursor.
///         #[maybe_async]
///         async fn page(&self, cursor: u32) -> Option<(Vec<u32>, u32)> {
///             // A real function asks its server here. Each copy does so in its own way.
///             let first = smart_await!(sync => cursor, async => async { cursor });
///             (first < 6).then(|| ((first..first + 2).collect(), first + 2))
///         }
///     );
///
///     fn pages(&self) -> SmartStream<impl Source<Item = Vec<u32>>> {
///         smart_unfold(0, |cursor| self.page(cursor))
///     }
/// }
///
/// let rows: Vec<u32> = Table.pages().into_iter().flatten().collect();
/// assert_eq!(rows, [0, 1, 2, 3, 4, 5]);
///
/// block_on(async {
///     let mut pages = Table.pages();
///     assert_eq!(pages.next().await, Some(vec![0, 1]));
/// });
/// ```
pub fn smart_unfold<T, St, F, W>(state: St, step: F) -> SmartStream<impl Source<Item = T>>
where
    F: FnMut(St) -> Call<W>,
    W: Work<Output = Option<(T, St)>>,
{
    SmartStream::new(Unfold {
        state: Some(state),
        step,
        running: None,
    })
}
