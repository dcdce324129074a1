//! `smart_fn!`: the helper attributes `#[blocking(name)]`, `#[wraps(path)]`, `#[boxed]` and
//! `#[send]`.

use crate::support::both::assert_both;
use smartasync::{BoxCall, Call, LocalBoxCall, Work, block_on, smart_await, smart_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

mod twins {
    use smartasync::{is_async_context, smart_await, smart_fn};

    smart_fn!(
        /// The twin keeps the visibility.
        #[blocking(double_blocking)]
        pub async fn double(n: u32) -> u32 {
            assert!(is_async_context());
            2 * n
        }

        #[blocking(halve_blocking)]
        pub fn halve(n: u32) -> u32 {
            assert!(!is_async_context());
            n / 2
        }

        #[maybe_async]
        #[blocking(copy_blocking)]
        pub async fn copy(text: &str) -> String {
            smart_await!(sync => format!("sync {text}"), async => async { format!("async {text}") })
        }

        #[boxed]
        #[send]
        #[blocking(boxed_blocking)]
        pub async fn boxed(text: &str) -> usize {
            text.len()
        }
    );
}

#[test]
fn a_blocking_twin_is_a_plain_function_that_waits() {
    let twins: [fn(u32) -> u32; 2] = [twins::double_blocking, twins::halve_blocking];
    assert_eq!(twins.map(|twin| twin(4)), [8, 2]);
    assert_eq!(twins::copy_blocking("copy"), "sync copy");
    assert_eq!(twins::boxed_blocking("four"), 4);
    assert_both!(twins::double(4), 8);
    assert_both!(twins::halve(4), 2);
    assert_eq!(block_on(twins::copy("copy")), "async copy");
    assert_both!(twins::boxed("four"), 4);
}

#[test]
fn a_blocking_twin_panics_in_async_code() {
    let refused =
        block_on(async { catch_unwind(AssertUnwindSafe(|| twins::halve_blocking(4))).is_err() });
    assert!(refused);
}

mod deprecated {
    #![deny(deprecated)]

    use smartasync::smart_fn;

    #[derive(Clone)]
    pub(crate) struct Old;

    pub(crate) trait Twin {
        smart_fn!(
            #[deprecated]
            #[blocking(declared_blocking)]
            async fn declared(&self) -> u32;
        );
    }

    impl Twin for Old {
        smart_fn!(
            #[blocking(declared_blocking)]
            async fn declared(&self) -> u32 {
                1
            }
        );
    }

    impl Old {
        smart_fn!(
            #[deprecated]
            #[blocking(driven_blocking)]
            pub async fn driven(&self) -> u32 {
                2
            }

            #[deprecated]
            #[blocking(offloaded_blocking)]
            pub fn offloaded(&self) -> u32 {
                3
            }
        );
    }
}

#[test]
#[expect(
    deprecated,
    reason = "a twin of a deprecated function is deprecated too"
)]
fn a_deprecated_function_has_a_twin() {
    use deprecated::{Old, Twin};
    assert_eq!(
        [
            Old.declared_blocking(),
            Old.driven_blocking(),
            Old.offloaded_blocking()
        ],
        [1, 2, 3]
    );
    assert_both!(Old.offloaded(), 3);
}

mod wrapped {
    pub(crate) mod deep {
        pub(crate) async fn triple(n: u32) -> u32 {
            3 * n
        }
    }

    pub(crate) fn third(n: u32) -> u32 {
        n / 3
    }

    pub(crate) fn returns_a_future(text: &str) -> impl Future<Output = usize> {
        std::future::ready(text.len())
    }
}

#[derive(Debug, PartialEq)]
struct Wrapper(u32);

impl Wrapper {
    async fn inner_add(&self, n: u32) -> u32 {
        self.0 + n
    }

    fn inner_take(self, n: u32) -> u32 {
        self.0 - n
    }

    smart_fn!(
        #[wraps(Self::inner_add)]
        async fn add(&self, n: u32) -> u32;

        #[wraps(Wrapper::inner_take)]
        fn take(self, n: u32) -> u32;

        #[wraps(Arc::strong_count)]
        fn owners(self: &Arc<Self>) -> usize;

        #[wraps(Arc::into_inner)]
        fn into_inner(self: Arc<Self>) -> Option<Self>;
    );
}

smart_fn!(
    #[wraps(wrapped::deep::triple)]
    async fn triple(n: u32) -> u32;

    #[wraps(wrapped::third)]
    #[blocking(third_blocking)]
    fn third(n: u32) -> u32;

    #[wraps(wrapped::returns_a_future)]
    async fn length(text: &str) -> usize;

    #[wraps(std::convert::identity::<T>)]
    fn identity<T: Send + 'static>(value: T) -> T;

    #[wraps(wrapped::deep::triple)]
    #[boxed]
    #[send]
    async fn boxed_triple(mut n: u32) -> u32;

    #[wraps(<u32 as std::str::FromStr>::from_str)]
    fn parse(text: &str) -> Result<u32, std::num::ParseIntError>;

    // The wrapped function gets each argument as a whole, whatever its pattern is.
    #[wraps(u32::pow)]
    fn power(_: u32, #[allow(unused)] exponent: u32) -> u32;

    #[wraps(std::convert::identity)]
    fn pair((_, _): (u32, u32)) -> (u32, u32);
);

#[test]
fn wraps_calls_the_function_at_the_path() {
    assert_both!(triple(2), 6);
    assert_both!(third(9), 3);
    assert_eq!(third_blocking(9), 3);
    assert_both!(length("four"), 4);
    assert_both!(identity("four"), "four");
    assert_both!(boxed_triple(2), 6);
    assert_both!(parse("12"), Ok(12));
    assert_both!(power(2, 3), 8);
    assert_both!(pair((1, 2)), (1, 2));
}

#[test]
fn wraps_passes_self_to_the_wrapped_method() {
    assert_both!(Wrapper(1).add(2), 3);
    assert_both!(Wrapper(3).take(2), 1);
    assert_eq!(Arc::new(Wrapper(1)).owners().wait(), 1);
    assert_both!(Arc::new(Wrapper(3)).into_inner(), Some(Wrapper(3)));
}

smart_fn!(
    #[boxed]
    async fn boxed_length(text: &str) -> usize {
        text.len()
    }

    #[boxed]
    fn boxed_sync(text: &str) -> usize {
        text.len()
    }

    #[boxed]
    #[maybe_async]
    async fn boxed_either(text: &str) -> usize {
        smart_await!(boxed_length(text))
    }

    #[send]
    #[boxed]
    async fn boxed_send(n: u32) -> u32 {
        n
    }

    #[send]
    async fn plain_send(n: u32) -> u32 {
        n
    }

    #[boxed]
    async fn boxed_without_arguments() -> u32 {
        1
    }
);

#[test]
fn a_boxed_function_returns_a_type_with_a_name() {
    let calls: Vec<LocalBoxCall<'_, usize>> =
        vec![boxed_length("a"), boxed_sync("ab"), boxed_either("abc")];
    assert_eq!(
        calls.into_iter().map(Call::wait).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    let call: BoxCall<'static, u32> = boxed_send(1);
    assert_eq!(std::thread::spawn(move || call.wait()).join().unwrap(), 1);
    assert_both!(boxed_length("a"), 1);
    assert_both!(boxed_sync("ab"), 2);
    assert_both!(boxed_either("abc"), 3);
    assert_both!(boxed_without_arguments(), 1);
}

#[test]
fn a_send_function_makes_a_call_that_is_send() {
    fn check<T>(call: Call<impl Work<Output = T> + Send>) -> Call<impl Work<Output = T> + Send> {
        call
    }
    assert_eq!(check(plain_send(1)).wait(), 1);
    assert_eq!(check(boxed_send(1)).wait(), 1);
}
