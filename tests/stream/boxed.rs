//! `SmartStream::boxed` and `boxed_local`: a boxed stream is as good as the stream inside it, and
//! its type has a name.

use crate::support::is_send::{IsSend, NotSend};
use crate::support::watchdog::within;
use crate::support::{CountsDrops, yield_once};
use futures_lite::{Stream, StreamExt, stream};
use smartasync::{
    BoxSmartStream, LocalBoxSmartStream, SmartStream, Source, TimedOut, block_on, smart_await,
    smart_fn, smart_iter, smart_stream, smart_unfold,
};
use std::future::ready;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// The numbers from 1 to `last`, each after a suspension.
fn slowly(last: u32) -> SmartStream<impl Source<Item = u32>> {
    smart_stream(stream::unfold(1, move |n| async move {
        yield_once().await;
        (n <= last).then_some((n, n + 1))
    }))
}

smart_fn!(
    #[maybe_async]
    async fn is_the_sync_copy(left: u32) -> Option<(bool, u32)> {
        let sync = smart_await!(sync => true, async => ready(false));
        (left > 0).then(|| (sync, left - 1))
    }
);

#[test]
fn unlike_streams_stand_in_one_struct() {
    struct Reader<'a> {
        parts: Vec<BoxSmartStream<'a, u32>>,
        last: LocalBoxSmartStream<'a, u32>,
    }
    within(120, || {
        let text = String::from("ab");
        let shared = Rc::new(9);
        let reader = Reader {
            parts: vec![
                slowly(2).boxed(),
                smart_iter(10..12, NonZeroUsize::MIN).boxed(),
                smart_stream(stream::iter(text.bytes().map(u32::from))).boxed(),
                slowly(1).boxed().boxed(),
            ],
            last: smart_stream(stream::once(shared).map(|n| *n)).boxed_local(),
        };
        let items: Vec<_> = reader.parts.into_iter().flatten().collect();
        assert_eq!(items, [1, 2, 10, 11, 97, 98, 1]);
        assert_eq!(block_on(reader.last.collect::<Vec<_>>()), [9]);
    });
}

#[test]
fn a_boxed_stream_goes_on_where_the_stream_was() {
    within(120, || {
        let mut numbers = slowly(4);
        assert_eq!(numbers.next().wait(), Some(1));
        let mut numbers = numbers.boxed();
        assert_eq!(block_on(numbers.next()), Some(2));
        let elsewhere = thread::spawn(move || {
            assert_eq!(numbers.next().wait(), Some(3));
            numbers.boxed_local().next().wait()
        });
        assert_eq!(elsewhere.join().unwrap(), Some(4));
        let mut ended = slowly(0);
        assert_eq!(ended.next().wait(), None);
        let mut ended = ended.boxed();
        assert_eq!(
            (ended.next().wait(), ended.size_hint()),
            (None, (0, Some(0)))
        );
    });
}

#[test]
fn each_item_takes_the_way_of_its_caller() {
    let boxed = || smart_unfold(2, is_the_sync_copy).boxed();
    assert!(boxed().into_iter().eq([true, true]));
    assert_eq!(block_on(boxed().collect::<Vec<_>>()), [false, false]);
}

#[test]
fn the_hint_the_time_out_and_the_drop_reach_the_source() {
    let drops = Arc::new(AtomicUsize::new(0));
    let guard = CountsDrops(drops.clone());
    let silent = stream::poll_fn(move |_| {
        let _guard = &guard;
        std::task::Poll::<Option<u32>>::Pending
    });
    let mut silent = smart_stream(silent).boxed();
    assert_eq!(silent.next().wait_timeout(Duration::ZERO), Err(TimedOut));
    assert_eq!(drops.load(Relaxed), 0);
    drop(silent);
    assert_eq!(drops.load(Relaxed), 1);
    assert_eq!(
        smart_stream(stream::iter(0..3)).boxed().size_hint(),
        (3, Some(3))
    );
}

#[test]
fn only_boxed_promises_that_the_stream_is_send() {
    assert!(IsSend(&slowly(1).boxed()).is_send());
    assert!(!IsSend(&slowly(1).boxed_local()).is_send());
}
