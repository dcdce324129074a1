//! The size of a call as a future, compared with the same `async fn` written by hand.
//!
//! A call of an `async fn` is exactly its future. A call of a `#[maybe_async]` function holds
//! either its arguments or its future, and a tag that tells which. So it may be larger by one
//! alignment unit.

use smartasync::SmartLock;
use std::future::{pending, ready};
use std::sync::Arc;

/// The functions as smart functions.
mod smart {
    use super::{pending, ready};
    use smartasync::{smart_await, smart_fn};

    /// The same functions as smart `async fn`s.
    pub(crate) mod driven {
        use super::super::{pending, ready};
        use smartasync::smart_fn;

        smart_fn!(
            pub(crate) async fn nothing() {}

            pub(crate) async fn byte(n: u8) -> u8 {
                ready(n).await
            }

            pub(crate) async fn references(bytes: &[u8], text: &str) -> usize {
                ready(()).await;
                bytes.len() + text.len()
            }

            pub(crate) async fn owned(mut text: String) -> usize {
                pending::<()>().await;
                text.push('.');
                text.len()
            }

            pub(crate) async fn large(words: [u32; 64]) -> u32 {
                pending::<()>().await;
                words[3]
            }

            pub(crate) async fn local(n: &mut u8) -> u8 {
                let mut buffer = [0; 32];
                pending::<()>().await;
                buffer[3] = *n;
                buffer[3]
            }

            pub(crate) async fn pattern((text, n): (String, u32)) -> usize {
                ready(n).await;
                text.len()
            }
        );
    }

    smart_fn!(
        #[maybe_async]
        pub(crate) async fn nothing() {}

        #[maybe_async]
        pub(crate) async fn byte(n: u8) -> u8 {
            smart_await!(ready(n))
        }

        #[maybe_async]
        pub(crate) async fn references(bytes: &[u8], text: &str) -> usize {
            smart_await!(ready(()));
            bytes.len() + text.len()
        }

        #[maybe_async]
        pub(crate) async fn owned(mut text: String) -> usize {
            smart_await!(pending::<()>());
            text.push('.');
            text.len()
        }

        #[maybe_async]
        pub(crate) async fn large(words: [u32; 64]) -> u32 {
            smart_await!(pending::<()>());
            words[3]
        }

        #[maybe_async]
        pub(crate) async fn local(n: &mut u8) -> u8 {
            let mut buffer = [0; 32];
            smart_await!(sync => (), async => pending::<()>());
            buffer[3] = *n;
            buffer[3]
        }

        #[maybe_async]
        pub(crate) async fn pattern((text, n): (String, u32)) -> usize {
            smart_await!(ready(n));
            text.len()
        }

        #[maybe_async]
        pub(crate) async fn inner(n: u64) -> u64 {
            let buffer = [n; 8];
            smart_await!(ready(()));
            buffer[1]
        }

        #[maybe_async]
        pub(crate) async fn middle(n: u64) -> u64 {
            smart_await!(inner(n)) + smart_await!(inner(n + 1))
        }

        #[maybe_async]
        pub(crate) async fn outer(n: u64) -> u64 {
            smart_await!(middle(n)) + smart_await!(middle(n + 1))
        }
    );
}

/// The functions as you write them by hand.
mod hand {
    use super::{pending, ready};

    pub(crate) async fn nothing() {}

    pub(crate) async fn byte(n: u8) -> u8 {
        ready(n).await
    }

    pub(crate) async fn references(bytes: &[u8], text: &str) -> usize {
        ready(()).await;
        bytes.len() + text.len()
    }

    pub(crate) async fn owned(mut text: String) -> usize {
        pending::<()>().await;
        text.push('.');
        text.len()
    }

    pub(crate) async fn large(words: [u32; 64]) -> u32 {
        pending::<()>().await;
        words[3]
    }

    pub(crate) async fn local(n: &mut u8) -> u8 {
        let mut buffer = [0; 32];
        pending::<()>().await;
        buffer[3] = *n;
        buffer[3]
    }

    pub(crate) async fn pattern((text, n): (String, u32)) -> usize {
        ready(n).await;
        text.len()
    }

    pub(crate) async fn inner(n: u64) -> u64 {
        let buffer = [n; 8];
        ready(()).await;
        buffer[1]
    }

    pub(crate) async fn middle(n: u64) -> u64 {
        inner(n).await + inner(n + 1).await
    }

    pub(crate) async fn outer(n: u64) -> u64 {
        middle(n).await + middle(n + 1).await
    }
}

/// Size and alignment of a future.
fn layout<F: Future>(future: F) -> (usize, usize) {
    (size_of_val(&future), align_of_val(&future))
}

/// Asserts the sizes that the first lines of this file name, for so many levels of calls.
macro_rules! assert_no_larger {
    ($levels:literal: $function:ident($($argument:expr),*)) => {
        let (by_hand, align) = layout(hand::$function($($argument),*));
        let (maybe, _) = layout(smart::$function($($argument),*));
        assert!(
            maybe <= by_hand + $levels * align,
            "{}: {maybe} bytes, and by hand {by_hand}",
            stringify!($function)
        );
    };
    ($function:ident($($argument:expr),*)) => {
        assert_no_larger!(1: $function($($argument),*));
        assert_eq!(
            layout(smart::driven::$function($($argument),*)),
            layout(hand::$function($($argument),*)),
            "the `async fn` {}",
            stringify!($function)
        );
    };
}

#[test]
fn a_call_is_as_large_as_its_future_and_a_tag() {
    assert_no_larger!(nothing());
    assert_no_larger!(byte(1));
    assert_no_larger!(references(&[1], "one"));
    assert_no_larger!(owned("one".to_owned()));
    assert_no_larger!(large([1; 64]));
    assert_no_larger!(local(&mut 1));
    assert_no_larger!(pattern(("one".to_owned(), 1)));
}

#[test]
fn awaited_calls_share_their_space_in_the_outer_future() {
    assert_no_larger!(1: inner(1));
    assert_no_larger!(2: middle(1));
    assert_no_larger!(3: outer(1));
}

#[test]
fn a_call_on_a_lock_takes_at_most_32_bytes_beside_its_closure_or_future() {
    let lock = SmartLock::<u64>::new();
    let future = size_of_val(&Some(ready(1_u64)));
    assert!(size_of_val(&lock.run_once(|| ready(1))) <= 32 + future);
    assert!(
        size_of_val(&lock.run_shared(|| ready(1))) <= 32,
        "the lock holds the future"
    );
    let (one, two) = (Arc::new(()), Arc::new(()));
    let call = lock.run_once(async || {
        drop(one.clone());
        pending::<()>().await;
        drop(two.clone());
        1
    });
    assert!(size_of_val(&call) <= 104);
}
