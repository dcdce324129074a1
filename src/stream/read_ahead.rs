//! [`smart_iter`]: an iterator that blocks as a stream, which the pool reads ahead.
//!
//! A job of the pool takes items from the iterator into a buffer until that is full; then the job
//! ends and leaves the iterator here. When the buffer is half empty again, another job goes on. So
//! a stream that nobody reads holds no thread.

use crate::call::work::Sealed;
use crate::executor;
use crate::pool::{Offload, offload};
use crate::stream::{SmartStream, Source};
use crate::sync::panics::swallow;
use crate::sync::{Arc, Mutex};
use core::any::Any;
use core::future::poll_fn;
use core::mem;
use core::num::NonZeroUsize;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_lite::Stream;
use std::boxed::Box;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::Waker;

/// What the stream and the job that reads share.
pub(crate) struct Buffer<T> {
    /// Protects all there is. User code (the iterator, items' `Drop`, wakers) runs while it is
    /// unlocked.
    state: Mutex<State<T>>,
    /// How many items there may be.
    capacity: NonZeroUsize,
}

struct State<T> {
    items: VecDeque<T>,
    /// Of a stream that found no item.
    waker: Option<Waker>,
    /// No job takes items from the iterator, nor will the one that ends now.
    stopped: bool,
    /// The stream is gone.
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

    /// Takes from `iter` until the buffer is full.
    pub(crate) fn fill<I: Iterator<Item = T>>(&self, mut iter: I) -> Reader<I> {
        let filling = catch_unwind(AssertUnwindSafe(|| {
            while !self.stop_if_full() {
                self.push(iter.next()?);
            }
            Some(iter)
        }));
        match filling {
            Ok(Some(iter)) => Reader::Here(iter),
            Ok(None) => Reader::Gone,
            Err(payload) => Reader::Panicked(payload),
        }
    }

    /// The job's last look: from now on the stream starts another job when there is room.
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
            // A waker that panics has nobody to tell on this thread.
            swallow(|| waker.wake());
        }
    }

    pub(crate) fn pop(&self) -> Option<T> {
        self.state.lock().items.pop_front()
    }

    /// Takes an item, or leaves the waker, which the next item wakes: both in one step, so no item
    /// comes in between.
    pub(crate) fn pop_or_leave(&self, waker: &Waker) -> Option<T> {
        if let Some(item) = self.pop() {
            return Some(item);
        }
        // Cloning a waker, and dropping one, is user code.
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

    /// Says whether the reader stopped, and the buffer is half empty by now.
    pub(crate) fn runs_low(&self) -> bool {
        let state = self.state.lock();
        state.stopped && state.items.len() <= self.capacity.get() / 2
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().items.len()
    }

    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let (items, waker) = (mem::take(&mut state.items), state.waker.take());
        drop(state);
        drop((items, waker));
    }
}

/// Where the iterator is.
pub(crate) enum Reader<I> {
    /// Here, and nobody takes items from it.
    Here(I),
    /// On the pool.
    Away(Offload<Reader<I>>),
    /// It panicked, after the items that are in the buffer.
    Panicked(Box<dyn Any + Send>),
    /// It is at its end.
    Gone,
}

/// An iterator as a source.
struct ReadAhead<I: Iterator> {
    buffer: Arc<Buffer<I::Item>>,
    reader: Reader<I>,
}

impl<I> ReadAhead<I>
where
    I: Iterator<Item: Send + 'static> + Send + 'static,
{
    /// Sees to it that a job reads, if the buffer runs low. Ready if no job does.
    fn read_on(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_job(cx).is_pending() {
            return Poll::Pending;
        }
        if !self.buffer.runs_low() {
            return Poll::Ready(());
        }
        self.reader = match mem::replace(&mut self.reader, Reader::Gone) {
            Reader::Here(iter) => {
                let buffer = self.buffer.clone();
                Reader::Away(offload(move || buffer.fill(iter)))
            }
            other => other,
        };
        self.poll_job(cx)
    }

    /// Takes the reader back from its job, if there is one. Ready if there is none any more.
    fn poll_job(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Reader::Away(job) = &mut self.reader {
            self.reader = ready!(Pin::new(job).poll(cx));
        }
        Poll::Ready(())
    }
}

// The iterator is moved, never pinned.
impl<I: Iterator> Unpin for ReadAhead<I> {}

impl<I: Iterator> Sealed for ReadAhead<I> {}

impl<I> Stream for ReadAhead<I>
where
    I: Iterator<Item: Send + 'static> + Send + 'static,
{
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<I::Item>> {
        if self.buffer.runs_low() {
            // Whether somebody reads now is seen below, where there is no item.
            let _ = self.read_on(cx);
        }
        loop {
            // Who reads no more puts nothing into the buffer after this look.
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
            Reader::Here(iter) => {
                let (low, high) = iter.size_hint();
                (
                    low.saturating_add(buffered),
                    high.and_then(|high| high.checked_add(buffered)),
                )
            }
            // Read after the length of the buffer, so the job may have put more there: no upper
            // bound.
            Reader::Away(_) => (buffered, None),
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
            Reader::Here(iter) => iter.next(),
            // It was polled before.
            _ => executor::wait_for(poll_fn(|cx| self.as_mut().poll_next(cx))),
        }
    }
}

impl<I: Iterator> Drop for ReadAhead<I> {
    fn drop(&mut self) {
        self.buffer.close();
    }
}

/// Makes a [`SmartStream`] of an iterator that blocks or computes for long, such as one over the
/// lines of a file or the rows of a database.
///
/// In sync code it is the iterator: each item is computed here, when it is asked for. In async code
/// it leaves the thread, as a sync smart function does: the offload pool takes items from it and is
/// at most `read_ahead` items ahead of the stream. With room to read ahead it takes one place of
/// the pool; when `read_ahead` items are there it gives the place back, and reads on when half of
/// them are taken. So a stream that is not read holds no thread, and an endless iterator does no
/// harm. One item may be computed on another thread of the pool than the one before. On the pool
/// the iterator is sync code: it may wait for smart calls.
///
/// # Cancel safety
///
/// Dropping the stream stops the iterator: it computes no further item after the one that it is at,
/// and is dropped on the pool's thread; if it is at none, it is dropped where the stream is.
///
/// # Panics
///
/// A panic of the iterator resumes, with its payload, in whoever asks for the next item, after the
/// items before it.
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
        reader: Reader::Here(iter.into_iter()),
    })
}
