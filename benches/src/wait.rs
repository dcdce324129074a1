//! Waiting for a future in sync code, against the executors that offer a `block_on`.

use crate::case::{Case, LIMIT, OURS, cases};
use futures_lite::future::yield_now;
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
contender!(SmartWait, future => smartasync::smart(future).wait());
contender!(Pollster, future => pollster::block_on(future));
contender!(PollsterOld, future => pollster_0_4::block_on(future));
contender!(Extreme, future => extreme::run(future));
contender!(FuturesLite, future => futures_lite::future::block_on(future));
contender!(FuturesExecutor, future => futures::executor::block_on(future));
contender!(Smol, future => smol::block_on(future));
contender!(TokioCurrentThread, future => CURRENT_THREAD.block_on(future));
contender!(TokioMultiThread, future => MULTI_THREAD.block_on(future));
contender!(PollOnce, future => poll_once(future));
contender!(ParkUnpark, future => park_unpark(future));

pub static CURRENT_THREAD: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
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

/// What a user would write: it captures its arguments, and awaits.
async fn count(text: String, turns: u64) -> u64 {
    let mut sum = 0;
    for turn in 0..turns {
        yield_now().await;
        sum += text.len() as u64 + turn;
    }
    sum
}

fn async_fn<W: Waits>(n: u64) {
    for _ in 0..n {
        black_box(W::block_on(count(black_box(String::new()), 100)));
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

/// A row: a contender of ours, what only waits, and what the row has beside them.
macro_rules! wait_cases {
    ($($work:literal: $run:ident, $ours:ident, $($who:expr => $other:ident),*;)+) => {
        cases! {
            $($work, 1 => {
                OURS => $run::<$ours>,
                "pollster 1.0" => $run::<Pollster>,
                "pollster 0.4" => $run::<PollsterOld>,
                "extreme" => $run::<Extreme>,
                "futures-lite" => $run::<FuturesLite>,
                "futures-executor" => $run::<FuturesExecutor>,
                "smol" => $run::<Smol>,
                $($who => $run::<$other>,)*
            })+
        }
    };
}

pub const CASES: &[Case] = wait_cases! {
    "wait, ready, opaque": opaque, Smartasync, "tokio, current thread" => TokioCurrentThread, "tokio, multi thread" => TokioMultiThread, LIMIT => PollOnce;
    "wait, ready, inlined": inlined, Smartasync, LIMIT => PollOnce;
    "`.wait()`, ready, inlined": inlined, SmartWait, LIMIT => PollOnce;
    "wait, first on a thread": first_on_a_thread, Smartasync, LIMIT => PollOnce;
    "wait, 100 self-wakes": self_wakes, Smartasync, "tokio, current thread" => TokioCurrentThread, "tokio, multi thread" => TokioMultiThread;
    "wait, an `async fn` that yields 100 times": async_fn, Smartasync, "tokio, current thread" => TokioCurrentThread, "tokio, multi thread" => TokioMultiThread;
    "`.wait()`, an `async fn` that yields 100 times": async_fn, SmartWait, "tokio, current thread" => TokioCurrentThread, "tokio, multi thread" => TokioMultiThread;
    "wait, ping-pong": ping_pong, Smartasync, "tokio, current thread" => TokioCurrentThread, LIMIT => ParkUnpark;
};

/// Not every executor may wait inside itself.
pub const NESTED: &[Case] = cases! {
    "wait, ready, nested", 1 => {
        OURS => nested::<Smartasync>, "futures-lite" => nested::<FuturesLite>, "smol" => nested::<Smol>, LIMIT => nested::<PollOnce>,
    }
};
