//! [`smart_iter`] makes a stream from an iterator that blocks. In async code the pool reads the
//! iterator ahead.
//!
//! A job of the pool moves items from the iterator to a buffer. When the buffer is full, the job
//! ends and returns the iterator to the stream. When the buffer is half empty, the stream starts
//! another job. So a stream that nobody reads holds no thread.

use crate::call::work::Sealed;
use crate::executor;
use crate::pool::{Offload, offload};
use crate::stream::{SmartStream, Source};
use crate::sync::panics::{Panics, swallow};
use crate::sync::{Arc, Mutex};
use core::any::Any;
use core::future::poll_fn;
use core::mem;
use core::num::NonZeroUsize;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use futures_lite::Stream;
use std::boxed::Box;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;

/// The buffer that the stream and the reading job share.
pub(crate) struct Buffer<T> {
    /// Protects everything in the buffer. User code (the iterator, the `Drop` of items, wakers)
    /// runs while it is unlocked.
    state: Mutex<State<T>>,
    /// The largest number of items in the buffer.
    capacity: NonZeroUsize,
}

struct State<T> {
    items: VecDeque<T>,
    /// The waker of a stream that found no item.
    waker: Option<Waker>,
    /// No job takes items from the iterator: no job runs, or the running job is about to end.
    stopped: bool,
    /// The stream was dropped.
    closed: bool,
}

impl<T> Buffer<T> {
    pub(crate) fn new(capacity: NonZeroUsize) -> Self {
        Self {
            state: Mutex::new(State {
                items: VecDeque::new(),
                waker: None,
                stopped: true,
                closed: false,
            }),
            capacity,
        }
    }

    /// Moves items from `iter` to the buffer until the buffer is full.
    pub(crate) fn fill<I: Iterator<Item = T>>(&self, mut iter: I) -> Reader<I> {
        let filling = catch_unwind(AssertUnwindSafe(|| {
            while !self.stop_if_full() {
                self.push(iter.next()?);
            }
            Some(iter)
        }));
        match filling {
            Ok(Some(iter)) => Reader::InStream(iter),
            Ok(None) => Reader::Gone,
            Err(payload) => Reader::Panicked(payload),
        }
    }

    /// Returns whether the job has to stop, because the buffer is full or the stream was dropped.
    /// If so, the job takes no further items, and from now on the stream may start another job.
    fn stop_if_full(&self) -> bool {
        let mut state = self.state.lock();
        state.stopped = state.closed || state.items.len() >= self.capacity.get();
        state.stopped
    }

    fn push(&self, item: T) {
        let mut state = self.state.lock();
        if state.closed {
            drop(state);
            drop(item);
            return;
        }
        state.items.push_back(item);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            // Nobody on this thread could handle a panic of the waker.
            swallow(|| waker.wake());
        }
    }

    pub(crate) fn pop(&self) -> Option<T> {
        self.state.lock().items.pop_front()
    }

    /// Takes an item, or leaves the waker for the next item to wake. Both happen under one lock, so
    /// no item can come in between.
    pub(crate) fn pop_or_leave(&self, waker: &Waker) -> Option<T> {
        if let Some(item) = self.pop() {
            return Some(item);
        }
        // Cloning a waker and dropping a waker are user code, so they happen while the lock is not
        // held.
        let fresh = waker.clone();
        let mut state = self.state.lock();
        let item = state.items.pop_front();
        let stale = if item.is_none() {
            state.waker.replace(fresh)
        } else {
            None
        };
        drop(state);
        drop(stale);
        item
    }

    /// Returns whether the job has stopped and the buffer is at most half full.
    pub(crate) fn runs_low(&self) -> bool {
        let state = self.state.lock();
        state.stopped && state.items.len() <= self.capacity.get() / 2
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().items.len()
    }

    /// The stream is gone. Drops each item by itself: a second panic in one drop would abort.
    pub(crate) fn close(&self, panics: &mut Panics) {
        let mut state = self.state.lock();
        state.closed = true;
        let (items, waker) = (mem::take(&mut state.items), state.waker.take());
        drop(state);
        for item in items {
            panics.drop_value(item);
        }
        panics.drop_value(waker);
    }
}

/// Where the iterator is now.
pub(crate) enum Reader<I> {
    /// In the stream. No job takes items from it.
    InStream(I),
    /// In a job of the pool.
    InJob(Offload<Reader<I>>),
    /// The iterator panicked. The items before the panic are in the buffer.
    Panicked(Box<dyn Any + Send>),
    /// The iterator has reached its end.
    Gone,
}

/// A source that is an iterator.
struct ReadAhead<I: Iterator> {
    buffer: Arc<Buffer<I::Item>>,
    reader: Reader<I>,
}

impl<I> ReadAhead<I>
where
    I: Iterator<Item: Send + 'static> + Send + 'static,
{
    /// Starts a job if the buffer runs low and no job reads. Returns `Ready` if no job reads
    /// afterwards.
    fn read_on(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_job(cx).is_pending() {
            return Poll::Pending;
        }
        if !self.buffer.runs_low() {
            return Poll::Ready(());
        }
        self.reader = match mem::replace(&mut self.reader, Reader::Gone) {
            Reader::InStream(iter) => {
                let buffer = self.buffer.clone();
                Reader::InJob(offload(move || buffer.fill(iter)))
            }
            other => other,
        };
        self.poll_job(cx)
    }

    /// Takes the reader back from its job, if the job has ended. Returns `Pending` while a job
    /// reads.
    fn poll_job(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Reader::InJob(job) = &mut self.reader {
            self.reader = ready!(Pin::new(job).poll(cx));
        }
        Poll::Ready(())
    }
}

// `ReadAhead` moves its iterator and never pins it.
impl<I: Iterator> Unpin for ReadAhead<I> {}

impl<I: Iterator> Sealed for ReadAhead<I> {}

impl<I> Stream for ReadAhead<I>
where
    I: Iterator<Item: Send + 'static> + Send + 'static,
{
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<I::Item>> {
        if self.buffer.runs_low() {
            // The result does not matter here. The loop below calls `read_on` again if there is no
            // item.
            let _ = self.read_on(cx);
        }
        loop {
            // An iterator that has ended or panicked adds no item after this check. So if the
            // buffer is empty below, there are no more items.
            let over = matches!(self.reader, Reader::Panicked(_) | Reader::Gone);
            match self.buffer.pop_or_leave(cx.waker()) {
                None if over => break,
                None => ready!(self.read_on(cx)),
                item => return Poll::Ready(item),
            }
        }
        match mem::replace(&mut self.reader, Reader::Gone) {
            Reader::Panicked(payload) => resume_unwind(payload),
            _ => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let buffered = self.buffer.len();
        match &self.reader {
            Reader::InStream(iter) => {
                let (low, high) = iter.size_hint();
                (
                    low.saturating_add(buffered),
                    high.and_then(|high| high.checked_add(buffered)),
                )
            }
            // The job may add any number of items after `buffered` was read, so there is no upper
            // bound.
            Reader::InJob(_) => (buffered, None),
            Reader::Panicked(_) | Reader::Gone => (buffered, Some(buffered)),
        }
    }
}

impl<I> Source for ReadAhead<I>
where
    I: Iterator<Item: Send + 'static> + Send + 'static,
{
    fn next_here(mut self: Pin<&mut Self>) -> Option<I::Item> {
        if let Some(item) = self.buffer.pop() {
            return Some(item);
        }
        match &mut self.reader {
            Reader::InStream(iter) => iter.next(),
            // The stream was polled before, so the iterator went to a job.
            _ => executor::wait(pin!(Some(poll_fn(|cx| self.as_mut().poll_next(cx)))), false),
        }
    }
}

impl<I: Iterator> Drop for ReadAhead<I> {
    fn drop(&mut self) {
        let mut panics = Panics::default();
        self.buffer.close(&mut panics);
        panics.catch(|| self.reader = Reader::Gone);
        panics.resume();
    }
}

/// Makes a [`SmartStream`] from an iterator that blocks or computes for long.
///
/// An example is an iterator over the lines of a file, or over the rows of a database.
///
/// In sync code the stream computes each item on this thread, when you ask for it. In async code
/// the iterator moves to the offload pool, as the body of a sync smart function does. A job of the
/// pool reads at most `read_ahead` items ahead of the stream. While the job runs, it uses one place
/// of the pool. When `read_ahead` items are in the buffer, the job ends and gives the place back.
/// When half of them are taken, another job reads on. So a stream that nobody reads holds no
/// thread, and an endless iterator does no harm.
///
/// The iterator may compute its items on different threads of the pool. There it is sync code: it
/// may wait for smart calls.
///
/// # Cancel safety
///
/// If you drop the stream, you stop the iterator. If the pool is computing an item at that moment,
/// it finishes that item, computes no further item, and drops the iterator on its thread. Otherwise
/// the iterator is dropped together with the stream.
///
/// # Panics
///
/// If the iterator panics, the stream first returns the items before the panic. The next request
/// for an item then resumes the panic, with its payload.
///
/// # Examples
///
/// ```
/// use futures_lite::StreamExt;
/// use smartasync::{SmartStream, Source, block_on, smart_iter};
/// use std::fs::File;
/// use std::io::{self, BufRead, BufReader};
/// use std::num::NonZeroUsize;
///
/// fn lines(path: &str) -> io::Result<SmartStream<impl Source<Item = io::Result<String>> + use<>>> {
///     let lines = BufReader::new(File::open(path)?).lines();
///     Ok(smart_iter(lines, NonZeroUsize::new(64).unwrap()))
/// }
///
/// let here = lines("Cargo.toml")?.into_iter().count();
/// let there = block_on(lines("Cargo.toml")?.count());
/// assert_eq!(here, there);
/// # Ok::<(), io::Error>(())
/// ```
pub fn smart_iter<I>(iter: I, read_ahead: NonZeroUsize) -> SmartStream<impl Source<Item = I::Item>>
where
    I: IntoIterator<IntoIter: Send + 'static, Item: Send + 'static>,
{
    SmartStream::new(ReadAhead {
        buffer: Arc::new(Buffer::new(read_ahead)),
        reader: Reader::InStream(iter.into_iter()),
    })
}
