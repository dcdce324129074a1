//! Waiting for a future in sync code, against the executors that offer a `block_on`.

use crate::case::{Case, LIMIT, OURS, cases};
use std::future::{Future, ready};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

/// An executor that can wait.
trait Waits: 'static {
    fn block_on<F: Future>(future: F) -> F::Output;
}

/// A contender with its `block_on`.
macro_rules! contender {
    ($name:ident, $future:ident => $block_on:expr) => {
        struct $name;

        impl Waits for $name {
            #[inline(always)]
            fn block_on<F: Future>($future: F) -> F::Output {
                $block_on
            }
        }
    };
}

contender!(Smartasync, future => smartasync::block_on(future));
contender!(Pollster, future => pollster::block_on(future));
contender!(FuturesLite, future => futures_lite::future::block_on(future));
contender!(FuturesExecutor, future => futures::executor::block_on(future));
contender!(Smol, future => smol::block_on(future));
contender!(TokioCurrentThread, future => CURRENT_THREAD.block_on(future));
contender!(TokioMultiThread, future => MULTI_THREAD.block_on(future));
contender!(PollOnce, future => poll_once(future));
contender!(ParkUnpark, future => park_unpark(future));

static CURRENT_THREAD: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("tokio builds its runtime")
});
static MULTI_THREAD: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("tokio builds its runtime")
});

/// One poll and no executor.
#[inline(always)]
fn poll_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("it is ready"),
    }
}

struct Unparks(Thread);

impl Wake for Unparks {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The least that sleeps: the thread's own token.
fn park_unpark<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unparks(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Ready at once, behind a call that the compiler does not look into.
struct Opaque(u64);

impl Future for Opaque {
    type Output = u64;

    #[inline(never)]
    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<u64> {
        Poll::Ready(black_box(self.0))
    }
}

/// Wakes itself in each of its first polls.
struct Yields(u32);

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn opaque<W: Waits>(n: u64) {
    for i in 0..n {
        black_box(W::block_on(Opaque(i)));
    }
}

fn inlined<W: Waits>(n: u64) {
    for i in 0..n {
        black_box(W::block_on(ready(i)));
    }
}

fn nested<W: Waits>(n: u64) {
    W::block_on(async {
        for i in 0..n {
            black_box(smartasync::allow_blocking(|| W::block_on(Opaque(i))));
        }
    });
}

fn self_wakes<W: Waits>(n: u64) {
    for _ in 0..n {
        W::block_on(Yields(100));
    }
}

fn first_on_a_thread<W: Waits>(n: u64) {
    for i in 0..n {
        thread::spawn(move || black_box(W::block_on(Opaque(i))))
            .join()
            .expect("the wait does not panic");
    }
}

/// A turn that two futures hand to each other.
struct Turn {
    /// Even: the one's, odd: the other's.
    taken: AtomicU64,
    wakers: [futures::task::AtomicWaker; 2],
}

impl Turn {
    async fn play(&self, side: usize, turns: u64) {
        for turn in 0..turns {
            std::future::poll_fn(|cx| {
                self.wakers[side].register(cx.waker());
                if self.taken.load(Ordering::Acquire) == 2 * turn + side as u64 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            self.taken.fetch_add(1, Ordering::AcqRel);
            self.wakers[1 - side].wake();
        }
    }
}

fn ping_pong<W: Waits>(n: u64) {
    let turn = Arc::new(Turn {
        taken: AtomicU64::new(0),
        wakers: Default::default(),
    });
    let theirs = turn.clone();
    let other = thread::spawn(move || W::block_on(async { theirs.play(1, n).await }));
    W::block_on(async { turn.play(0, n).await });
    other.join().expect("the other side does not panic");
}

pub const CASES: &[Case] = cases! {
    "wait, ready, opaque", 1 => {
        OURS => opaque::<Smartasync>, "pollster" => opaque::<Pollster>, "futures-lite" => opaque::<FuturesLite>,
        "futures-executor" => opaque::<FuturesExecutor>, "smol" => opaque::<Smol>, "tokio, current thread" => opaque::<TokioCurrentThread>,
        "tokio, multi thread" => opaque::<TokioMultiThread>, LIMIT => opaque::<PollOnce>,
    }
    "wait, ready, inlined", 1 => {
        OURS => inlined::<Smartasync>, "pollster" => inlined::<Pollster>, "futures-lite" => inlined::<FuturesLite>,
        "futures-executor" => inlined::<FuturesExecutor>, "smol" => inlined::<Smol>, LIMIT => inlined::<PollOnce>,
    }
    "wait, ready, nested", 1 => {
        OURS => nested::<Smartasync>, "futures-lite" => nested::<FuturesLite>, "smol" => nested::<Smol>, LIMIT => nested::<PollOnce>,
    }
    "wait, first on a thread", 1 => {
        OURS => first_on_a_thread::<Smartasync>, "pollster" => first_on_a_thread::<Pollster>, "futures-lite" => first_on_a_thread::<FuturesLite>,
        "futures-executor" => first_on_a_thread::<FuturesExecutor>, "smol" => first_on_a_thread::<Smol>, LIMIT => first_on_a_thread::<PollOnce>,
    }
    "wait, 100 self-wakes", 1 => {
        OURS => self_wakes::<Smartasync>, "pollster" => self_wakes::<Pollster>, "futures-lite" => self_wakes::<FuturesLite>,
        "futures-executor" => self_wakes::<FuturesExecutor>, "smol" => self_wakes::<Smol>, "tokio, current thread" => self_wakes::<TokioCurrentThread>,
        "tokio, multi thread" => self_wakes::<TokioMultiThread>,
    }
    "wait, ping-pong", 1 => {
        OURS => ping_pong::<Smartasync>, "pollster" => ping_pong::<Pollster>, "futures-lite" => ping_pong::<FuturesLite>,
        "futures-executor" => ping_pong::<FuturesExecutor>, "smol" => ping_pong::<Smol>, "tokio, current thread" => ping_pong::<TokioCurrentThread>,
        LIMIT => ping_pong::<ParkUnpark>,
    }
};
