//! The buffer of an iterator that the pool reads ahead. While a job fills the buffer, the stream
//! takes items or is dropped.

use super::{check, wait_for};
use crate::stream::read_ahead::{Buffer, Reader};
use crate::sync::panics::Panics;
use crate::sync::{Arc, Ordering};
use core::future::poll_fn;
use core::num::NonZeroUsize;
use core::task::Poll;
use loom::thread;
use std::sync::atomic::AtomicUsize;

fn buffer<T>(capacity: usize) -> Arc<Buffer<T>> {
    Arc::new(Buffer::new(NonZeroUsize::new(capacity).unwrap()))
}

async fn next<T>(buffer: &Buffer<T>) -> T {
    poll_fn(|cx| {
        buffer
            .pop_or_leave(cx.waker())
            .map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

#[test]
fn each_item_reaches_who_waits() {
    check("read ahead, items", 4, || {
        let buffer = buffer(2);
        let filled = buffer.clone();
        let job = thread::spawn(move || filled.fill(1..=2));
        assert_eq!(wait_for(next(&buffer)), 1);
        assert_eq!(wait_for(next(&buffer)), 2);
        assert!(matches!(
            job.join().unwrap(),
            Reader::Gone | Reader::InStream(_)
        ));
        assert!(buffer.pop().is_none());
    });
}

#[test]
fn a_full_buffer_stops_the_job_and_tells_the_stream() {
    check("read ahead, full", 4, || {
        let buffer = buffer(1);
        let filled = buffer.clone();
        let job = thread::spawn(move || filled.fill(1..=2));
        assert_eq!(wait_for(next(&buffer)), 1);
        match job.join().unwrap() {
            // The job stopped before the item was taken, so another job has to read the rest.
            Reader::InStream(rest) => {
                assert!(buffer.runs_low() || buffer.len() == 1);
                assert_eq!(buffer.len() + rest.count(), 1);
            }
            reader => assert!(matches!(reader, Reader::Gone) && buffer.pop() == Some(2)),
        }
    });
}

#[test]
fn a_stream_that_goes_stops_the_job_and_each_item_is_dropped() {
    struct Item(Arc<AtomicUsize>);
    impl Drop for Item {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    check("read ahead, closed", 4, || {
        let (made, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let buffer = buffer(3);
        let (filled, makes, drops) = (buffer.clone(), made.clone(), dropped.clone());
        let endless = core::iter::repeat_with(move || {
            makes.fetch_add(1, Ordering::Relaxed);
            Item(drops.clone())
        });
        let job = thread::spawn(move || filled.fill(endless));
        buffer.close(&mut Panics::default());
        assert!(
            matches!(job.join().unwrap(), Reader::InStream(_)),
            "the iterator came back"
        );
        assert_eq!(
            (buffer.len(), made.load(Ordering::Relaxed)),
            (0, dropped.load(Ordering::Relaxed))
        );
    });
}
