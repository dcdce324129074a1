//! A refused function keeps its signature, and the functions after it are there, so that their
//! callers have no errors of their own.

use smartasync::smart_fn;

smart_fn!(
    const fn constant(n: u32) -> u32 {
        n
    }

    pub unsafe fn not_safe(n: u32) -> u32 {
        n
    }

    extern "C" fn foreign(n: u32) -> u32 {
        n
    }

    #[maybe_async]
    fn not_async(n: u32) -> u32 {
        n
    }

    #[wraps(not_safe)]
    fn with_body(n: u32) -> u32 {
        n
    }

    async fn stray(n: u32) 5 {
        n
    }

    fn without_body(n: u32) -> u32
);

fn main() {
    let sum = constant(1).wait() + not_safe(1).wait() + foreign(1).wait() + not_async(1).wait();
    let _: u32 = sum + with_body(1).wait();
    let _: u32 = stray(1).wait();
    without_body(1).wait()
}
