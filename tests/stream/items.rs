//! `smart_stream` and `smart_unfold`: sync and async code get the same items, each item is one
//! wait, and a drop cancels.

use crate::support::gate::Gate;
use crate::support::is_send::{IsSend, NotSend};
use crate::support::refused::assert_refused_at;
use crate::support::watchdog::within;
use crate::support::{CountsDrops, count::Count, panic, panics, yield_once};
use futures_lite::{Stream, StreamExt, stream};
use smartasync::{
    Call, SmartStream, Source, TimedOut, Work, allow_blocking, block_on, current_loop,
    forbid_blocking, is_async_context, smart, smart_await, smart_fn, smart_stream, smart_unfold,
    spawn_local,
};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// The numbers from 1 to `last`, each after a suspension. The inner stream is not `Unpin`.
fn slowly(last: u32) -> SmartStream<impl Source<Item = u32>> {
    smart_stream(stream::unfold(1, move |n| async move {
        yield_once().await;
        (n <= last).then_some((n, n + 1))
    }))
}

/// A stream that counts its polls and gives the answers that the test puts in.
#[derive(Clone, Default)]
struct ByHand {
    polls: Arc<AtomicUsize>,
    answers: Rc<RefCell<Vec<Poll<Option<u32>>>>>,
}

impl ByHand {
    fn answer(&self, answers: impl IntoIterator<Item = Poll<Option<u32>>>) {
        self.answers.borrow_mut().extend(answers);
    }

    fn polls(&self) -> usize {
        self.polls.load(Relaxed)
    }
}

impl Stream for ByHand {
    type Item = u32;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<u32>> {
        self.polls.fetch_add(1, Relaxed);
        assert!(is_async_context(), "a poll is async code");
        let answer = self.answers.borrow_mut().remove(0);
        if answer.is_pending() {
            cx.waker().wake_by_ref();
        }
        answer
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (3, Some(5))
    }
}

fn item(n: u32) -> Poll<Option<u32>> {
    Poll::Ready(Some(n))
}

#[test]
fn sync_code_iterates() {
    within(120, || {
        let mut sum = 0;
        for n in slowly(4) {
            sum += n;
        }
        assert_eq!(sum, 10);
        assert_eq!(
            slowly(4).into_iter().map(|n| n * n).collect::<Vec<_>>(),
            [1, 4, 9, 16]
        );
        let mut all = vec![0];
        all.extend(slowly(2));
        assert_eq!(all, [0, 1, 2]);
    });
}

#[test]
fn sync_code_iterates_over_a_part_and_goes_on_later() {
    within(120, || {
        let mut numbers = slowly(6);
        for n in &mut numbers {
            if n == 2 {
                break;
            }
        }
        assert_eq!(numbers.next().wait(), Some(3));
        assert_eq!(
            (0..2).zip(&mut numbers).collect::<Vec<_>>(),
            [(0, 4), (1, 5)]
        );
        assert_eq!(block_on(numbers.next()), Some(6));
        assert_eq!(numbers.next().wait(), None);
    });
}

#[test]
fn every_combinator_works_in_async_code_on_every_executor() {
    async fn of_combinators() -> Vec<u32> {
        slowly(3)
            .map(|n| 10 * n)
            .chain(slowly(2))
            .filter(|n| n % 2 == 0)
            .collect()
            .await
    }
    async fn of_next() -> u32 {
        let (mut numbers, mut sum) = (slowly(4), 0);
        while let Some(n) = numbers.next().await {
            sum += n;
        }
        sum
    }
    within(120, || {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        assert_eq!(block_on(of_combinators()), [10, 20, 30, 2]);
        assert_eq!(tokio.block_on(of_combinators()), [10, 20, 30, 2]);
        assert_eq!(smol::block_on(async { smol::spawn(of_next()).await }), 10);
        assert_eq!(pollster::block_on(of_next()), 10);
    });
}

#[test]
fn each_item_is_a_wait_on_the_same_loop_and_nothing_is_polled_in_between() {
    let stream = ByHand::default();
    stream.answer([Poll::Pending, item(1), item(2), Poll::Ready(None)]);
    let mut items = smart_stream(stream.clone()).into_iter();
    assert_eq!(
        (stream.polls(), current_loop()),
        (0, None),
        "nothing runs before the first item is asked for"
    );
    assert_eq!((items.next(), stream.polls()), (Some(1), 2));
    let on = current_loop();
    assert!(on.is_some());
    assert_eq!((items.next(), stream.polls()), (Some(2), 3));
    assert!(!is_async_context());
    assert_eq!(
        (items.next(), stream.polls(), current_loop()),
        (None, 4, on)
    );
    assert_eq!(
        (items.next(), stream.polls()),
        (None, 4),
        "the stream stays at its end"
    );
}

#[test]
fn tasks_of_the_thread_run_while_it_waits_for_an_item() {
    within(120, || {
        let gate = Gate::default();
        let opening = gate.clone();
        spawn_local(async move {
            yield_once().await;
            opening.open();
        })
        .detach();
        let stream = stream::once_future(async move {
            gate.await;
            7
        });
        assert_eq!(smart_stream(stream).into_iter().last(), Some(7));
    });
}

#[test]
fn an_item_from_another_thread_wakes_the_thread_that_waits() {
    within(120, || {
        let (sender, receiver) = smol::channel::bounded(1);
        let sending =
            thread::spawn(move || (0..1000).for_each(|n| sender.send_blocking(n).unwrap()));
        assert_eq!(smart_stream(receiver).into_iter().sum::<u32>(), 499_500);
        sending.join().unwrap();
    });
}

#[test]
fn a_drop_at_any_time_drops_the_source() {
    let drops = Arc::new(AtomicUsize::new(0));
    let stream = || {
        let guard = CountsDrops(drops.clone());
        smart_stream(stream::repeat(1).map(move |n| {
            let _holds = &guard;
            n
        }))
    };
    drop(stream());
    assert_eq!(drops.load(Relaxed), 1);
    for (n, _) in (1..).zip(stream()) {
        if n == 3 {
            break;
        }
    }
    assert_eq!(drops.load(Relaxed), 2);
    let mut half_read = stream();
    assert_eq!(half_read.next().wait(), Some(1));
    drop(half_read);
    assert_eq!(drops.load(Relaxed), 3);
    block_on(async { assert_eq!(stream().take(2).count().await, 2) });
    assert_eq!(drops.load(Relaxed), 4);
}

#[test]
fn the_source_is_dropped_at_its_end() {
    let drops = Arc::new(AtomicUsize::new(0));
    let guard = CountsDrops(drops.clone());
    let mut stream = smart_stream(stream::iter([1]).map(move |n| {
        let _holds = &guard;
        n
    }));
    assert_eq!(stream.next().wait(), Some(1));
    assert_eq!(drops.load(Relaxed), 0);
    assert_eq!(stream.next().wait(), None);
    assert_eq!((drops.load(Relaxed), stream.size_hint()), (1, (0, Some(0))));
    assert_eq!(format!("{stream:?}"), "SmartStream { ended: true, .. }");
}

#[test]
fn the_source_is_not_polled_again_after_its_end() {
    let source = ByHand::default();
    source.answer([item(1), Poll::Ready(None)]);
    let mut stream = smart_stream(source.clone());
    block_on(async {
        assert_eq!(stream.next().await, Some(1));
        assert_eq!(stream.next().await, None);
        assert_eq!(stream.next().await, None);
    });
    assert_eq!(
        Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop())),
        Poll::Ready(None)
    );
    assert_eq!(source.polls(), 2);
}

#[test]
fn a_stream_is_at_its_end_after_a_panic() {
    fn bad(stop: u32) -> SmartStream<impl Source<Item = u32>> {
        smart_stream(stream::iter(1..).map(move |n| if n == stop { panic() } else { n }))
    }
    let mut stream = bad(2);
    assert_eq!(stream.next().wait(), Some(1));
    assert!(panics(|| stream.next().wait()));
    assert_eq!(stream.next().wait(), None);
    let mut stream = bad(1);
    assert!(panics(|| block_on(stream.next())));
    assert_eq!(block_on(stream.next()), None);
}

#[test]
fn waiting_for_an_item_is_refused_in_async_code_and_names_the_callers_line() {
    block_on(async {
        let mut stream = slowly(3);
        assert_refused_at(line!(), || stream.next().wait());
        assert_refused_at(line!(), || for _ in &mut stream {});
        assert_refused_at(line!(), || { slowly(3) }.into_iter().next());
        assert!(stream.next().try_wait().is_err());
        assert_eq!(stream.next().await, Some(1), "a refused wait takes no item");
        assert_eq!(allow_blocking(|| stream.into_iter().sum::<u32>()), 5);
        let asked = Cell::new(0);
        let mut direct = count(&asked, 2);
        assert_refused_at(line!(), || direct.next().wait());
    });
    forbid_blocking(|| assert_refused_at(line!(), || slowly(1).into_iter().next()));
}

#[test]
fn a_time_out_loses_no_item() {
    within(120, || {
        let gate = Gate::default();
        let awaited = gate.clone();
        let mut stream = smart_stream(stream::once_future(async move {
            awaited.await;
            8
        }));
        for _ in 0..2 {
            assert_eq!(
                stream.next().wait_timeout(Duration::from_millis(1)),
                Err(TimedOut)
            );
        }
        gate.open();
        assert_eq!(
            stream.next().wait_timeout(Duration::from_secs(5)),
            Ok(Some(8))
        );
        assert_eq!(stream.next().wait_timeout(Duration::from_secs(5)), Ok(None));
    });
}

#[test]
fn a_dropped_future_of_an_item_loses_no_item() {
    let source = ByHand::default();
    source.answer([Poll::Pending, item(1)]);
    let mut stream = smart_stream(source);
    let woken = Arc::new(Count::default());
    {
        let mut next = Box::pin(stream.next());
        assert!(
            next.as_mut()
                .poll(&mut Context::from_waker(&Waker::from(woken.clone())))
                .is_pending()
        );
    }
    assert_eq!(
        woken.0.load(Relaxed),
        1,
        "the source gets the waker of the awaiter"
    );
    assert_eq!(
        Pin::new(&mut stream).poll_next(&mut Context::from_waker(Waker::noop())),
        item(1)
    );
}

#[test]
fn a_stream_has_the_size_hint_of_its_source() {
    let stream = smart_stream(ByHand::default());
    assert_eq!(Stream::size_hint(&stream), (3, Some(5)));
    assert_eq!(stream.into_iter().size_hint(), (3, Some(5)));
}

#[test]
fn a_stream_is_send_exactly_where_its_source_is() {
    fn holds_rc() -> SmartStream<impl Source<Item = u32>> {
        let rc = Rc::new(1);
        smart_stream(stream::repeat_with(move || *rc))
    }
    let shared = holds_rc();
    assert!(!IsSend(&shared).is_send());
    assert!(!IsSend(&shared.into_iter()).is_send());
    assert!(IsSend(&slowly(1)).is_send());
    assert!(IsSend(&slowly(1).next()).is_send());
}

smart_fn!(
    /// Counts up to `last`. Also gives the name of the copy that ran, and its thread.
    #[maybe_async]
    async fn step(
        asked: &Cell<u32>,
        n: u32,
        last: u32,
    ) -> Option<((u32, &'static str, ThreadId), u32)> {
        asked.set(asked.get() + 1);
        let copy = smart_await!(sync => "sync", async => async { yield_once().await; "async" });
        (n <= last).then(|| ((n, copy, thread::current().id()), n + 1))
    }

    /// A smart function that returns a stream.
    async fn open(last: u32) -> Result<SmartStream<impl Source<Item = u32> + use<>>, &'static str> {
        yield_once().await;
        if last == 0 {
            Err("nothing to read")
        } else {
            Ok(slowly(last))
        }
    }
);

fn count(
    asked: &Cell<u32>,
    last: u32,
) -> SmartStream<impl Source<Item = (u32, &'static str, ThreadId)>> {
    smart_unfold(1, move |n| step(asked, n, last))
}

#[test]
fn the_function_of_an_unfold_runs_as_the_copy_of_its_caller() {
    thread::spawn(|| {
        let (asked, here) = (Cell::new(0), thread::current().id());
        assert_eq!(
            count(&asked, 2).into_iter().collect::<Vec<_>>(),
            [(1, "sync", here), (2, "sync", here)]
        );
        assert_eq!(
            (asked.get(), current_loop()),
            (3, None),
            "the sync copy needs no loop"
        );
        let mut stream = count(&asked, 3);
        block_on(async { assert_eq!(stream.next().await, Some((1, "async", here))) });
        assert_eq!(stream.next().wait(), Some((2, "sync", here)));
        assert_eq!(block_on(stream.map(|item| item.0).collect::<Vec<_>>()), [3]);
    })
    .join()
    .unwrap();
}

#[test]
fn sync_code_goes_on_with_the_step_that_async_code_began() {
    let asked = Cell::new(0);
    let mut stream = count(&asked, 1);
    {
        let mut next = Box::pin(stream.next());
        assert!(crate::support::poll(&mut next).is_pending());
    }
    let (n, copy, _) = stream.next().wait().unwrap();
    assert_eq!((n, copy, asked.get()), (1, "async", 1));
    assert_eq!(stream.next().wait(), None);
}

#[test]
fn an_unfold_is_at_its_end_after_its_function_panics() {
    fn bad(n: u32) -> Call<impl Work<Output = Option<(u32, u32)>>> {
        smart(async move { if n == 2 { panic() } else { Some((n, n + 1)) } })
    }
    let mut stream = smart_unfold(1, bad);
    assert_eq!(stream.next().wait(), Some(1));
    assert!(panics(|| stream.next().wait()));
    assert_eq!(stream.next().wait(), None);
    let mut stream = smart_unfold(2, bad);
    assert!(panics(|| block_on(stream.next())));
    assert_eq!(block_on(stream.next()), None);
}

#[test]
fn a_smart_function_returns_a_stream() {
    assert_eq!(open(0).wait().unwrap_err(), "nothing to read");
    assert_eq!(open(3).wait().unwrap().into_iter().sum::<u32>(), 6);
    let sum = block_on(async { open(4).await.unwrap().fold(0, |sum, n| sum + n).await });
    assert_eq!(sum, 10);
}

#[test]
fn a_trait_method_returns_a_stream_that_borrows() {
    trait Table {
        fn rows(&self) -> SmartStream<impl Source<Item = &str>>;
    }
    struct Words(Vec<String>);
    impl Table for Words {
        fn rows(&self) -> SmartStream<impl Source<Item = &str>> {
            let mut left = self.0.iter();
            smart_stream(stream::poll_fn(move |_| {
                Poll::Ready(left.next().map(String::as_str))
            }))
        }
    }
    fn longest<T: Table>(table: &T) -> Option<&str> {
        table.rows().into_iter().max_by_key(|row| row.len())
    }
    let words = Words(vec!["a".into(), "longest".into(), "one".into()]);
    assert_eq!(longest(&words), Some("longest"));
    assert_eq!(block_on(words.rows().count()), 3);
}

#[test]
fn streams_inside_streams_wait_in_turn() {
    within(120, || {
        let inner = |n| allow_blocking(|| slowly(n).into_iter().sum::<u32>());
        let outer = smart_stream(slowly(3).map(inner));
        assert_eq!(outer.into_iter().collect::<Vec<_>>(), [1, 3, 6]);
        let never = poll_fn(|_| Poll::<()>::Pending);
        assert_eq!(
            smart(futures_lite::future::or(
                async { slowly(2).count().await },
                async {
                    never.await;
                    0
                }
            ))
            .wait(),
            2
        );
    });
}

/// No stream trait is in scope in this module, as in a sync program.
mod without_the_trait {
    use super::slowly;
    use smartasync::block_on;

    #[test]
    fn an_iterator_s_methods_work_on_the_stream_itself() {
        assert_eq!(slowly(4).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(
            slowly(4).map(|n| 2 * n).filter(|n| n % 4 == 0).sum::<u32>(),
            12
        );
        let mut numbers = slowly(4);
        assert_eq!(numbers.take(2).last(), Some(2));
        assert_eq!(numbers.max(), Some(4));
    }

    #[test]
    fn async_code_asks_for_the_next_item() {
        block_on(async {
            let mut numbers = slowly(2);
            assert_eq!(numbers.next().await, Some(1));
            assert_eq!(numbers.next().await, Some(2));
        });
    }
}
