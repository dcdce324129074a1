//! What runs.

use core::cell::Cell;
use core::future::{Future, pending, poll_fn, ready};
use core::hint::black_box;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use smartasync::{Work, smart, smart_await, smart_continuation, smart_fn};

/// A register whose value comes after some polls.
struct Register {
    value: u16,
    after: u32,
}

impl Register {
    fn ready(&mut self) -> impl Future<Output = u16> {
        poll_fn(|_| {
            if self.after == 0 {
                return Poll::Ready(self.value);
            }
            self.after -= 1;
            Poll::Pending
        })
    }

    smart_fn!(
        /// Reads it: in sync code it takes the value as it is.
        #[maybe_async]
        async fn read(&mut self) -> Result<u16, Broken> {
            let value = smart_await!(sync => self.value, async => self.ready());
            if value == 0xffff {
                Err(Broken)
            } else {
                Ok(value)
            }
        }

        #[maybe_async]
        #[blocking(read_twice_blocking)]
        async fn read_twice(&mut self) -> Result<u32, Broken> {
            Ok(u32::from(smart_await!(self.read())?) + u32::from(smart_await!(self.read())?))
        }

        /// An `async fn` alone.
        async fn interrupt(&mut self) -> u16 {
            self.ready().await
        }

        #[maybe_async]
        async fn read_after_interrupt(&mut self) -> Result<u16, Broken> {
            let first = smart_await!(self.interrupt());
            Ok(smart_await!(self.read())? - first)
        }
    );
}

#[derive(Debug, PartialEq)]
struct Broken;

fn register(value: u16, after: u32) -> Register {
    Register {
        value: black_box(value),
        after: black_box(after),
    }
}

fn add(n: u16, m: u16) -> u16 {
    n + m
}

/// A generic caller.
fn finish<W: Work>(call: smartasync::Call<W>) -> W::Output {
    call.wait()
}

/// Returns how many checks passed; a check that fails panics.
pub fn run() -> u8 {
    let mut passed = 0;
    let mut check = |right: bool| {
        assert!(right);
        passed += 1;
    };

    // The sync copy.
    check(register(7, 100).read().wait() == Ok(7));
    check(register(7, 100).read_twice().wait() == Ok(14));
    check(register(7, 100).read_twice_blocking() == Ok(14));
    check(register(0xffff, 0).read_twice().wait() == Err(Broken));
    check(matches!(register(7, 100).read().try_wait(), Ok(Ok(7))));
    check(finish(register(7, 0).read()) == Ok(7));

    // The async copy, driven by `wait`, which polls.
    let mut slow = register(7, 100);
    check(smart(async { slow.read_twice().await }).wait() == Ok(14) && slow.after == 0);
    let mut slow = register(7, 100);
    check(slow.interrupt().wait() == 7 && slow.after == 0);
    let mut slow = register(7, 100);
    check(slow.read_after_interrupt().wait() == Ok(0) && slow.after == 0);

    // With an idle hook, which stands for `wfe`.
    let slept = Cell::new(0);
    check(
        register(7, 100)
            .interrupt()
            .wait_with(|| slept.set(slept.get() + 1))
            == 7
            && slept.get() == 100,
    );
    check(
        register(7, 100)
            .read()
            .wait_with(|| slept.set(slept.get() + 1))
            == Ok(7)
            && slept.get() == 200,
    );

    // By hand, as an executor does it.
    let mut slow = register(7, 1);
    let mut call = pin!(slow.read());
    let mut cx = Context::from_waker(Waker::noop());
    check(call.as_mut().poll(&mut cx).is_pending());
    check(call.as_mut().poll(&mut cx) == Poll::Ready(Ok(7)));
    check(pin!(smart(pending::<()>())).poll(&mut cx).is_pending());

    // The other macros.
    check(smart_continuation!(1, add, 2) == 3);
    check(smart_continuation!(ready(1), add, 2).wait() == 3);
    let nested = ready(ready(3));
    check(smart(async { smart_await!(nested) }).wait() == 3);
    passed
}
