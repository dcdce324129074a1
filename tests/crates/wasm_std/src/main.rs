//! Each exported function is one question. `run.mjs` asks it in an instance of its own, because a
//! panic ends the instance.
#![no_main]

use smartasync::{SmartLock, SmartLockMap, block_on, offload, smart, smart_await, smart_fn};
use smartasync::{smart_iter, smart_sync, spawn_local};
use std::future::{poll_fn, ready};
use std::num::NonZeroUsize;
use std::panic;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Prints a text.
    unsafe fn print(text: *const u8, length: usize);
}

smart_fn!(
    async fn plain(n: u32) -> u32 {
        ready(n).await
    }

    fn sync(n: u32) -> u32 {
        n
    }

    #[maybe_async]
    async fn both(n: u32) -> u32 {
        smart_await!(plain(n)) + smart_await!(sync(n))
    }

    /// An async function that calls a sync one that waits for an async one, and so on.
    async fn outer(n: u32) -> u32 {
        if n == 0 { 0 } else { inner(n).await + 1 }
    }

    fn inner(n: u32) -> u32 {
        smart(Box::pin(async move { outer(n - 1).await })).wait()
    }
);

/// Is ready at the second poll, and has woken its waker.
async fn yielded(n: u32) -> u32 {
    let mut pending = true;
    poll_fn(|cx| {
        if !std::mem::take(&mut pending) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    n
}

/// A future that nobody wakes.
async fn never() -> u32 {
    std::future::pending().await
}

/// Polls a few times, which is enough for everything that waits for nothing outside.
fn polled<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..10 {
        let cx = &mut Context::from_waker(Waker::noop());
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return output;
        }
    }
    panic!("it is pending")
}

macro_rules! questions {
    ($(fn $name:ident() { $($answer:tt)* })*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $name() -> u32 {
                panic::set_hook(Box::new(|info| {
                    let text = info.to_string();
                    // SAFETY: the host reads the text and keeps nothing of it.
                    unsafe { print(text.as_ptr(), text.len()) }
                }));
                $($answer)*
            }
        )*
    };
}

questions! {
    fn wait_ready() { plain(2).wait() + both(1).wait() }
    fn wait_sync() { sync(4).wait() }
    fn wait_yielded() { smart(yielded(4)).wait() }
    fn wait_never() { smart(never()).wait() }
    fn wait_in_async() { block_on(async { plain(4).wait() }) }
    fn try_wait_in_async() { block_on(async { u32::from(plain(1).try_wait().is_err()) * 4 }) }
    fn wait_with_yielded() { let mut idle = 0; smart(yielded(3)).wait_with(|| idle += 1) + idle }
    fn timeout_ready() { plain(4).wait_timeout(Duration::from_secs(1)).unwrap_or(0) }
    fn timeout_yielded() { smart(yielded(4)).wait_timeout(Duration::from_secs(1)).unwrap_or(0) }
    fn timeout_never() { smart(never()).wait_timeout(Duration::from_millis(1)).unwrap_or(4) }
    fn poll_sync() { polled(sync(4)) }
    fn poll_smart_sync() { polled(smart_sync(|| 4)) }
    fn poll_offload() { polled(offload(|| 4)) }
    fn poll_both() { polled(both(2)) }
    fn poll_nested() { polled(outer(4)) }
    fn block_on_sync() { block_on(async { sync(2).await + offload(|| 2).await }) }
    fn block_on_tasks() {
        block_on(async {
            let task = spawn_local(yielded(2));
            plain(2).await + task.await
        })
    }
    fn lock() { SmartLock::new().run_once(|| yielded(4)).wait().unwrap_or(0) }
    fn lock_polled() {
        let lock = SmartLock::new();
        let mut leader = pin!(lock.run_once(|| yielded(2)));
        let mut follower = pin!(lock.run_once(|| yielded(3)));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(leader.as_mut().poll(cx).is_pending());
        assert!(follower.as_mut().poll(cx).is_pending());
        polled(leader).unwrap() + polled(follower).unwrap()
    }
    fn map() { SmartLockMap::new().run_shared("key", || yielded(4)).wait().unwrap_or(0) }
    fn iter_sync() { smart_iter([1, 3], NonZeroUsize::MIN).into_iter().sum() }
    fn iter_async() {
        block_on(async {
            let mut items = smart_iter([1, 3], NonZeroUsize::MIN);
            let mut sum = 0;
            while let Some(item) = items.next().await {
                sum += item;
            }
            sum
        })
    }
}
