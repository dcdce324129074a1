//! What users write every day: clippy finds nothing in it that is not in the source, and what is in
//! the source, it finds.

use renamed::{smart_await, smart_fn};
use std::sync::Arc;

smart_fn!(
    /// Unit.
    pub async fn unit(_unused: u32) {}
    /// Sync unit.
    pub fn sync_unit(_unused: u32, _other: &str) {}
    /// Maybe.
    #[maybe_async]
    pub async fn maybe_unit(_unused: u32, _s: &str) {
        smart_await!(unit(1));
        smart_await!(sync => (), async => std::future::ready(()));
        let () = smart_await!(unit(2));
        let () = smart_await!(sync => (), async => std::future::ready(()));
        if smart_await!(num(&1)) == 1 {
            smart_await!(unit(3));
        }
        while smart_await!(num(&1)) == 2 {
            smart_await!(unit(4));
        }
        for i in 0..smart_await!(num(&3)) {
            smart_await!(unit(i));
        }
        match smart_await!(text("a")) {
            s if s.is_empty() => (),
            _ => smart_await!(unit(4)),
        }
        smart_await!(unit(3));
    }
    /// Num.
    #[maybe_async]
    pub async fn num(n: &u32) -> u32 {
        *n
    }
    /// Text.
    pub fn text(s: &str) -> String {
        s.to_owned()
    }
    /// Tail.
    #[maybe_async]
    pub async fn tail(s: &str) -> Option<usize> {
        let n = smart_await!(text(s)).len();
        if n == 0 {
            return None;
        }
        Some(n)
    }
    /// Tail.
    #[maybe_async]
    pub async fn tail2(s: &str) -> Result<usize, std::num::ParseIntError> {
        let n: usize = smart_await!(sync => s.parse(), async => std::future::ready(s.parse()))?;
        Ok(smart_await!(std::future::ready(n)))
    }
    /// Tail.
    #[maybe_async]
    #[blocking(tail3_blocking)]
    pub async fn tail3(mut s: String, (a, _b): (u32, u32)) -> String {
        s.push_str(&smart_await!(text("x")));
        s.push_str(&a.to_string());
        s
    }
    /// One.
    #[blocking(one_blocking)]
    pub async fn one(mut s: String, (a, _b): (u32, u32)) -> String {
        s.push_str(&text("x").await);
        s.push_str(&a.to_string());
        s
    }
    /// Sync.
    #[blocking(two_blocking)]
    pub fn two(mut s: String, (a, _b): (u32, u32)) -> String {
        s.push_str(&text("x").wait());
        s.push_str(&a.to_string());
        s
    }
    /// Boxed, with a constant and an opaque argument.
    #[boxed]
    pub async fn boxed_count<const N: usize>(items: &[u8; N], more: impl Into<usize>) -> usize {
        items.len() + more.into()
    }
    /// Bound mutably.
    pub fn bound(ref mut list: Vec<u32>, (ref mut n, m): (u32, u32)) -> usize {
        *n += m;
        list.push(*n);
        list.len()
    }
    /// Boxed.
    #[boxed]
    pub async fn boxed(s: &str, n: u32) -> String {
        if n == 0 {
            s.to_owned()
        } else {
            boxed(s, n - 1).await
        }
    }
    /// Boxed.
    #[boxed]
    #[send]
    pub fn boxed_send(s: &str, n: u32) -> String {
        if n == 0 {
            s.to_owned()
        } else {
            boxed_send(s, n - 1).wait()
        }
    }
    /// Never.
    pub async fn never() -> <fn() -> ! as Ret>::Out {
        panic!("never")
    }
    /// Lints see the body of an `async fn`.
    #[expect(clippy::cast_possible_truncation, reason = "the lint is there")]
    pub async fn truncated(n: usize) -> u8 {
        n as u8
    }
    /// And of a sync function.
    #[expect(clippy::cast_possible_truncation, reason = "the lint is there")]
    pub fn truncated_sync(n: usize) -> u8 {
        n as u8
    }
    /// And both copies.
    #[maybe_async]
    #[expect(clippy::await_holding_lock, reason = "the lint is there")]
    pub async fn held(lock: &std::sync::Mutex<u32>) -> u32 {
        let guard = lock
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        smart_await!(unit(0));
        *guard
    }
    /// Impl.
    pub async fn iter(n: u32) -> impl Iterator<Item = u32> {
        0..n
    }
    /// Impl.
    pub fn iter2(n: u32) -> impl Iterator<Item = u32> {
        0..n
    }
    /// Impl.
    #[maybe_async]
    pub async fn iter3(n: u32) -> impl Iterator<Item = u32> {
        0..n
    }
    /// Wraps.
    #[wraps(std::future::ready)]
    pub async fn wrapped(n: u32) -> u32;
    /// Wraps.
    #[wraps(std::fs::read)]
    pub fn wrapped2(path: std::path::PathBuf) -> std::io::Result<Vec<u8>>;
);
/// Ret.
pub trait Ret {
    /** Out. */
    type Out;
}
impl<T> Ret for fn() -> T {
    type Out = T;
}
/// S.
#[derive(Clone)]
pub struct S(Arc<str>);
impl S {
    smart_fn!(
        /// A.
        pub async fn a(&self, _unused: &str) -> usize {
            self.0.len()
        }
        /// B.
        pub fn b(&self, _unused: &str) -> usize {
            self.0.len()
        }
        /// C.
        #[maybe_async]
        pub async fn c(&self, _unused: &str) -> usize {
            smart_await!(self.b("x")) + smart_await!(self.a("y"))
        }
        /// D.
        #[maybe_async]
        pub async fn d(&mut self, s: &str) {
            self.0 = s.into();
        }
        /// E.
        pub async fn e(self) -> Arc<str> {
            self.0
        }
        /// F.
        pub fn f(self: Arc<Self>) -> usize {
            self.0.len()
        }
        /// G.
        pub fn g(self) -> usize {
            self.0.len()
        }
        /// Unused self.
        pub async fn h(&self) {}
    );
}
/// T.
pub trait T {
    smart_fn!(
        /// A.
        #[send]
        async fn ta(&self, n: u32) -> u32;
        /// B.
        async fn tb(&self, n: u32) -> u32 {
            n + 1
        }
        /// C.
        fn tc(&self, _n: u32) -> u32;
        /// D.
        #[boxed]
        #[blocking(td_blocking)]
        async fn td(&self, _n: u32) -> u32;
    );
}
impl T for S {
    smart_fn!(
        #[send]
        async fn ta(&self, n: u32) -> u32 {
            n
        }
        fn tc(&self, n: u32) -> u32 {
            n
        }
        #[boxed]
        #[blocking(td_blocking)]
        async fn td(&self, n: u32) -> u32 {
            n
        }
    );
}

/// A trait that may be dynamic.
pub trait Named {
    smart_fn!(
        /// A name.
        #[boxed]
        #[blocking(name_blocking)]
        async fn name(&self) -> &str;
        /// By value.
        #[boxed]
        async fn into_name(self: Arc<Self>) -> String;
    );
}

impl Named for String {
    smart_fn!(
        #[boxed]
        #[blocking(name_blocking)]
        async fn name(&self) -> &str {
            self
        }
        #[boxed]
        async fn into_name(self: Arc<Self>) -> String {
            self.as_str().to_owned()
        }
    );
}
