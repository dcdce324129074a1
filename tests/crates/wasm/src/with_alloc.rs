//! What needs an allocator and no threads.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;
use core::future::{poll_fn, ready};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use smartasync::{Smart, smart, smart_await, smart_fn, smart_stream, smart_unfold};

smart_fn!(
    /// A function that calls itself.
    #[boxed]
    async fn down(n: u32) -> u32 {
        if n == 0 { 0 } else { down(n - 1).await + 1 }
    }

    #[maybe_async]
    #[blocking(joined_blocking)]
    async fn joined(words: &[&str]) -> usize {
        let mut length = 0;
        for word in words {
            length += smart_await!(sync => word.len(), async => ready(word.len()));
        }
        length
    }
);

/// A trait object.
trait Named {
    smart_fn!(
        #[boxed]
        async fn name(&self) -> &str;
    );
}

impl Named for &'static str {
    smart_fn!(
        #[boxed]
        async fn name(&self) -> &str {
            self
        }
    );
}

/// Is ready at the second poll.
async fn yielded<T>(value: T) -> T {
    let mut pending = true;
    poll_fn(|cx| {
        if !core::mem::take(&mut pending) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    value
}

/// Returns how many checks passed.
pub(crate) fn run() -> u32 {
    let mut passed = 0;
    let mut check = |right: bool| {
        assert!(right);
        passed += 1;
    };

    check(down(100).wait() == 100);
    check(smart(async { down(3).await + down(4).await }).wait() == 7);
    check(joined(&["a", "bc"]).wait() == 3 && joined_blocking(&["a", "bc"]) == 3);
    check(smart(async { joined(&["a", "bc"]).await }).wait() == 3);
    let named: Box<dyn Named> = Box::new("a name");
    check(named.name().wait() == "a name");

    // A value that is there, one that comes, and a chain of both.
    check(Smart::ready(1).wait() == 1);
    check(Smart::future(yielded(1)).map(|n| n + 1).wait() == 2);
    check(Smart::nested(async { Smart::nested(async { Smart::ready(3) }) }).wait() == 3);

    // Streams.
    let counted = || smart_unfold(0, |n| smart(async move { (n < 3).then_some((n, n + 1)) }));
    check(counted().into_iter().collect::<Vec<_>>() == vec![0, 1, 2]);
    check(smart_stream(counted()).next().wait() == Some(0));
    let mut stream = pin!(smart(async {
        let mut stream = smart_unfold(3, |n| {
            smart(async move { yielded((n, n + 1)).await.into() })
        });
        (stream.next().await, stream.next().await)
    }));
    let mut cx = Context::from_waker(Waker::noop());
    check(stream.as_mut().poll(&mut cx).is_pending());
    check(stream.as_mut().poll(&mut cx).is_pending());
    check(stream.as_mut().poll(&mut cx) == Poll::Ready((Some(3), Some(4))));

    // A call that is dropped drops its future.
    let kept = Rc::new(Cell::new(0));
    let call = smart({
        let kept = kept.clone();
        async move { kept.set(1) }
    });
    check(Rc::strong_count(&kept) == 2);
    drop(call);
    check(Rc::strong_count(&kept) == 1 && kept.get() == 0);
    passed
}
