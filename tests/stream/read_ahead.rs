//! `smart_iter`: in sync code it is the iterator itself. In async code it is a stream, and the pool
//! reads ahead as far as the capacity allows.

use crate::support::child::in_a_child;
use crate::support::random::Random;
use crate::support::watchdog::within;
use crate::support::{CountsDrops, OnDrop, PanicsWhenDropped, count::Count, panics};
use futures_lite::{Stream, StreamExt};
use smartasync::{
    SmartStream, Source, block_on, current_loop, is_async_context, offload, smart, smart_iter,
    spawn_local,
};
use std::iter;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

fn ahead(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).unwrap()
}

fn poll<S: Stream + Unpin>(stream: &mut S, waker: &Waker) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Context::from_waker(waker))
}

/// The test's side of an iterator. The iterator says on a channel that it was asked for an item,
/// and gives the numbers that the test sends. It ends when the test drops its sender.
struct ByHand {
    asked: Receiver<()>,
    give: Sender<u32>,
}

impl ByHand {
    fn new() -> (Self, impl Iterator<Item = u32> + Send + 'static) {
        let (ask, asked) = mpsc::channel();
        let (give, given) = mpsc::channel();
        let iter = iter::from_fn(move || {
            let _ = ask.send(());
            given.recv().ok()
        });
        (Self { asked, give }, iter)
    }
}

#[test]
fn in_sync_code_the_iterator_runs_on_this_thread_without_a_loop() {
    thread::spawn(|| {
        let here = thread::current().id();
        let computed = Arc::new(AtomicUsize::new(0));
        let count = computed.clone();
        let mut stream = smart_iter(
            iter::repeat_with(move || (count.fetch_add(1, Relaxed), thread::current().id())),
            ahead(8),
        );
        assert_eq!(computed.load(Relaxed), 0);
        assert_eq!(stream.next().wait(), Some((0, here)));
        assert_eq!(computed.load(Relaxed), 1);
        assert_eq!((0..2).zip(&mut stream).last(), Some((1, (2, here))));
        assert_eq!((computed.load(Relaxed), current_loop()), (3, None));
    })
    .join()
    .unwrap();
}

#[test]
fn in_async_code_the_iterator_runs_on_the_pool_in_sync_context() {
    within(120, || {
        let here = thread::current().id();
        let places = block_on(
            smart_iter(
                iter::repeat_with(|| (thread::current().id(), is_async_context())),
                ahead(2),
            )
            .take(9)
            .collect::<Vec<_>>(),
        );
        assert!(
            places
                .iter()
                .all(|&(there, is_async)| there != here && !is_async)
        );
        // The iterator may wait for smart calls that offload jobs themselves.
        let waiting = (1..=3).map(|n| smart(async move { n + offload(|| 10).await }).wait());
        assert_eq!(
            block_on(smart_iter(waiting, ahead(2)).collect::<Vec<_>>()),
            [11, 12, 13]
        );
    });
}

#[test]
fn all_items_come_in_order_however_many_are_read_ahead() {
    within(120, || {
        for capacity in [1, 2, 3, 7, 64, 20_000, usize::MAX] {
            let all = block_on(smart_iter(0..10_000_u32, ahead(capacity)).collect::<Vec<_>>());
            assert!(all.into_iter().eq(0..10_000), "with {capacity}");
        }
        assert_eq!(
            block_on(smart_iter(Vec::<u32>::new(), ahead(1)).next()),
            None
        );
    });
}

#[test]
fn a_stream_works_on_every_executor_and_may_move_between_them() {
    within(120, || {
        let multi = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        let mut stream = smart_iter(1.., ahead(3));
        let first = multi.block_on(async {
            tokio::spawn(async move { (stream.next().await, stream) })
                .await
                .unwrap()
        });
        let (one, mut stream) = first;
        let two = smol::block_on(stream.next());
        let three = thread::scope(|scope| {
            scope
                .spawn(|| pollster::block_on(stream.next()))
                .join()
                .unwrap()
        });
        let four = stream.next().wait();
        let five = block_on(async { spawn_local(async move { stream.next().await }).await });
        assert_eq!([one, two, three, four, five], [1, 2, 3, 4, 5].map(Some));
    });
}

#[test]
fn nothing_runs_before_the_first_poll() {
    let drops = Arc::new(AtomicUsize::new(0));
    let guard = CountsDrops(drops.clone());
    let stream = smart_iter(
        iter::repeat_with(move || {
            let _holds = &guard;
            unreachable!("no item is asked for")
        }),
        ahead(1),
    );
    let stream: SmartStream<_> = stream;
    drop::<SmartStream<_>>(stream);
    assert_eq!(drops.load(Relaxed), 1);
    fn nothing() -> SmartStream<impl Source<Item = u32>> {
        smart_iter(iter::empty(), ahead(1))
    }
    assert_eq!(nothing().size_hint(), (0, Some(0)));
}

#[test]
fn an_item_is_ready_as_soon_as_it_is_computed() {
    within(120, || {
        let (hand, iter) = ByHand::new();
        let mut stream = smart_iter(iter, ahead(100));
        for n in 0..20 {
            hand.give.send(n).unwrap();
            assert_eq!(
                stream.next().wait_timeout(Duration::from_secs(5)),
                Ok(Some(n))
            );
        }
        // The job waits for its next item. These drops end it.
        drop(stream);
        drop(hand.give);
    });
}

#[test]
fn a_new_waker_replaces_the_old_one() {
    within(120, || {
        let (hand, iter) = ByHand::new();
        let mut stream = smart_iter(iter, ahead(4));
        let (old, woken) = (Arc::new(Count::default()), Wakes::default());
        assert!(poll(&mut stream, &Waker::from(old.clone())).is_pending());
        assert!(poll(&mut stream, &Waker::from(woken.0.clone())).is_pending());
        hand.asked.recv().unwrap();
        hand.give.send(1).unwrap();
        woken.1.recv().unwrap();
        assert_eq!(
            poll(&mut stream, &Waker::from(woken.0.clone())),
            Poll::Ready(Some(1))
        );
        assert_eq!(old.0.load(Relaxed), 0);
        drop(hand.give);
    });
}

/// A waker that says on a channel that it was woken, and the other end of the channel.
struct Wakes(Arc<Says>, Receiver<()>);

struct Says(Sender<()>);

impl Wake for Says {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

impl Default for Wakes {
    fn default() -> Self {
        let (says, woken) = mpsc::channel();
        Self(Arc::new(Says(says)), woken)
    }
}

#[test]
fn the_iterator_never_reads_further_ahead_than_the_capacity() {
    within(120, || {
        for capacity in 1..=9 {
            // This is raised before each poll, so it is never less than the number of taken items.
            let taken = Arc::new(AtomicUsize::new(0));
            let (sees, furthest) = (taken.clone(), Arc::new(AtomicUsize::new(0)));
            let most = furthest.clone();
            let numbers = (1..=500_usize).inspect(move |n| {
                let lead = n - sees.load(SeqCst).min(*n);
                most.fetch_max(lead, SeqCst);
            });
            let mut stream = smart_iter(numbers, ahead(capacity));
            let mut expected = 0;
            while let Some(n) = {
                taken.fetch_add(1, SeqCst);
                block_on(stream.next())
            } {
                expected += 1;
                assert_eq!(n, expected);
            }
            assert_eq!(expected, 500);
            assert!(
                furthest.load(SeqCst) <= capacity,
                "{furthest:?} of {capacity}"
            );
        }
    });
}

#[test]
fn the_iterator_fills_the_capacity_and_goes_on_when_half_is_taken() {
    within(120, || {
        let (hand, iter) = ByHand::new();
        let mut stream = smart_iter(iter, ahead(4));
        let woken = Wakes::default();
        let waker = Waker::from(woken.0.clone());
        assert!(poll(&mut stream, &waker).is_pending());
        for n in 0..4 {
            hand.asked.recv().unwrap();
            hand.give.send(n).unwrap();
        }
        // The first item woke the task, and so did the end of the job, which has the same waker.
        woken.1.recv().unwrap();
        woken.1.recv().unwrap();
        assert_eq!(poll(&mut stream, &waker), Poll::Ready(Some(0)));
        assert_eq!(poll(&mut stream, &waker), Poll::Ready(Some(1)));
        assert!(
            hand.asked.try_recv().is_err(),
            "with half of the items there, no job reads"
        );
        // Two items are left, so the iterator goes on.
        assert_eq!(poll(&mut stream, &waker), Poll::Ready(Some(2)));
        hand.asked.recv().unwrap();
        drop(stream);
        drop(hand.give);
    });
}

#[test]
fn streams_without_a_reader_hold_no_thread() {
    within(120, || {
        let mut streams: Vec<_> = (0..1000).map(|n| smart_iter(n.., ahead(2))).collect();
        block_on(async {
            for (n, stream) in streams.iter_mut().enumerate() {
                assert_eq!(stream.next().await, Some(n));
            }
            // If each stream held a thread, no thread would be left for this job.
            assert_eq!(offload(|| 1).await, 1);
            for (n, stream) in streams.iter_mut().enumerate() {
                assert_eq!(stream.nth(9).await, Some(n + 10));
            }
        });
    });
}

#[test]
fn a_drop_stops_the_iterator_and_drops_what_was_read_ahead() {
    within(120, || {
        for taken in [0, 1, 5] {
            let drops = Arc::new(AtomicUsize::new(0));
            let (stopped, has_stopped) = mpsc::channel();
            let count = drops.clone();
            let computed = Arc::new(AtomicUsize::new(0));
            let counts = computed.clone();
            let iter = iter::repeat_with(move || {
                counts.fetch_add(1, Relaxed);
                CountsDrops(count.clone())
            });
            let at_end = OnDrop(move || stopped.send(()).unwrap());
            let mut stream = smart_iter(
                iter.inspect(move |_| {
                    let _holds = &at_end;
                }),
                ahead(3),
            );
            drop(poll(&mut stream, Waker::noop()));
            block_on(async {
                for _ in 0..taken {
                    stream.next().await.unwrap();
                }
            });
            drop(stream);
            has_stopped.recv().unwrap();
            assert_eq!(drops.load(Relaxed), computed.load(Relaxed));
        }
    });
}

#[test]
fn a_drop_does_not_wait_for_the_current_item() {
    within(120, || {
        let (hand, iter) = ByHand::new();
        let (dropped, was_dropped) = mpsc::channel();
        let guard = OnDrop(move || dropped.send(()).unwrap());
        let mut stream = smart_iter(
            iter.inspect(move |_| {
                let _holds = &guard;
            }),
            ahead(3),
        );
        assert!(poll(&mut stream, Waker::noop()).is_pending());
        hand.asked.recv().unwrap();
        drop(stream);
        assert!(was_dropped.try_recv().is_err());
        hand.give.send(1).unwrap();
        was_dropped.recv().unwrap();
        assert!(
            hand.asked.try_recv().is_err(),
            "the iterator was asked for another item"
        );
    });
}

#[test]
fn a_panic_resumes_in_the_consumer_after_the_items_before_it() {
    fn numbers() -> SmartStream<impl Source<Item = u32>> {
        smart_iter(
            (1..).map(|n| {
                if n == 4 {
                    resume_unwind(Box::new(n))
                } else {
                    n
                }
            }),
            ahead(8),
        )
    }
    within(120, || {
        // The job may end before the first poll, after it, or between two polls.
        for _ in 0..300 {
            let mut stream = numbers();
            for n in 1..=3 {
                assert_eq!(block_on(stream.next()), Some(n));
            }
            let payload = catch_unwind(AssertUnwindSafe(|| block_on(stream.next()))).unwrap_err();
            assert_eq!(payload.downcast_ref(), Some(&4_u32));
            assert_eq!(block_on(stream.next()), None);
        }
        let mut here = numbers();
        assert_eq!(here.next().wait(), Some(1));
        assert!(panics(|| for _ in &mut here {}));
        assert_eq!(here.next().wait(), None);
    });
}

#[test]
fn items_that_panic_when_dropped_do_not_affect_the_pool() {
    within(120, || {
        for _ in 0..50 {
            let (ask, asked) = mpsc::channel();
            let barrier = Arc::new(Barrier::new(2));
            let meets = barrier.clone();
            let mut stream = smart_iter(
                iter::from_fn(move || {
                    ask.send(()).unwrap();
                    meets.wait();
                    Some(PanicsWhenDropped)
                }),
                ahead(2),
            );
            assert!(poll(&mut stream, Waker::noop()).is_pending());
            asked.recv().unwrap();
            drop(stream);
            barrier.wait();
        }
        assert_eq!(block_on(smart_iter(1..4, ahead(2)).count()), 3);
    });
}

#[test]
fn a_waker_that_panics_does_not_affect_the_stream() {
    struct Panics(Sender<()>);
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            let _ = self.0.send(());
            resume_unwind(Box::new("waker"));
        }
    }
    within(120, || {
        let (hand, iter) = ByHand::new();
        let mut stream = smart_iter(iter, ahead(2));
        let (woke, has_woken) = mpsc::channel();
        assert!(poll(&mut stream, &Waker::from(Arc::new(Panics(woke)))).is_pending());
        hand.give.send(1).unwrap();
        has_woken.recv().unwrap();
        hand.give.send(2).unwrap();
        drop(hand.give);
        assert_eq!(block_on(stream.collect::<Vec<_>>()), [1, 2]);
    });
}

#[test]
fn sync_and_async_code_may_take_turns() {
    within(120, || {
        let mut random = Random::new(1);
        for _ in 0..50 {
            let mut stream = smart_iter(0..200_u32, ahead(1 + random.below(8)));
            let mut all = Vec::new();
            loop {
                let next = match random.below(3) {
                    0 => stream.next().wait(),
                    1 => block_on(stream.next()),
                    _ => match poll(&mut stream, Waker::noop()) {
                        Poll::Ready(item) => item,
                        Poll::Pending => continue,
                    },
                };
                match next {
                    Some(n) => all.push(n),
                    None => break,
                }
            }
            assert!(all.into_iter().eq(0..200));
        }
    });
}

#[test]
fn a_stream_has_the_size_hint_of_its_iterator() {
    within(120, || {
        let mut stream = smart_iter(0..5, ahead(8));
        assert_eq!(Stream::size_hint(&stream), (5, Some(5)));
        assert_eq!(block_on(stream.next()), Some(0));
        assert!(Stream::size_hint(&stream).0 <= 4);
        assert_eq!(block_on(stream.next()), Some(1));
        assert_eq!(block_on(stream.collect::<Vec<_>>()), [2, 3, 4]);
        assert_eq!(
            smart_iter(0..5, ahead(1)).into_iter().size_hint(),
            (5, Some(5))
        );
    });
}

#[test]
fn items_whose_destructors_panic_give_one_panic_and_no_abort() {
    in_a_child(|| {
        let items = iter::repeat_with(|| PanicsWhenDropped).take(5);
        let mut stream = smart_iter(items, ahead(4));
        block_on(async { std::mem::forget(stream.next().await) });
        // Several items are in the buffer, or one is in the hands of the job that reads.
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(stream)));
        drop(dropped);
        // A thread that unwinds may drop them too.
        let items = iter::repeat_with(|| PanicsWhenDropped).take(5);
        let mut stream = smart_iter(items, ahead(4));
        block_on(async { std::mem::forget(stream.next().await) });
        let unwound = catch_unwind(AssertUnwindSafe(move || {
            let _stream = stream;
            panic!("the first panic");
        }));
        assert_eq!(
            unwound.unwrap_err().downcast_ref(),
            Some(&"the first panic")
        );
    });
}
