//! Each kind of smart function and each helper attribute.

use smartasync::{smart_await, smart_continuation, smart_fn};
use std::future::ready;
use std::num::ParseIntError;

smart_fn!(
    /// An async function.
    pub async fn length(text: &str) -> usize {
        ready(text.len()).await
    }

    /// A sync function.
    pub fn shout(text: &str) -> String {
        text.to_uppercase()
    }

    /// A function that is compiled twice, with a blocking twin.
    #[maybe_async]
    #[blocking(sum_blocking)]
    pub async fn sum(first: &str, second: &str) -> Result<u32, ParseIntError> {
        let first: u32 = smart_await!(number(first))?;
        if first == 0 {
            return Ok(first);
        }
        Ok(first + smart_await!(number(second))?)
    }

    /// A parse error passes through `?`.
    pub fn number(text: &str) -> Result<u32, ParseIntError> {
        text.parse()
    }

    /// Each copy of the body uses an argument of its own.
    #[maybe_async]
    pub async fn chosen(here: u32, there: &str, (both, _): (u32, u32), mut more: u32) -> usize {
        more += both;
        more as usize + smart_await!(sync => here as usize, async => length(there))
    }

    /// An argument serves the async copy alone, in every position that `smart_await!` may have.
    #[maybe_async]
    pub async fn positions(there: &str) -> usize {
        let mut total = smart_await!(sync => 1, async => length(there));
        while smart_await!(length("ab")) > total {
            total += 1;
        }
        if smart_await!(sync => true, async => ready(true)) {
            total += smart_await!(length("a"));
        }
        match smart_await!(number("7")) {
            Ok(number) => total + number as usize,
            Err(_) => total,
        }
    }

    /// A recursive function, boxed.
    #[boxed]
    pub async fn down(n: u32) -> u32 {
        if n == 0 { 0 } else { down(n - 1).await + 1 }
    }

    /// A boxed function whose result borrows.
    #[boxed]
    pub async fn first_word(text: &str) -> &str {
        text.split(' ').next().unwrap_or(text)
    }

    /// A boxed call that is `Send`.
    #[boxed]
    #[send]
    #[blocking(count_blocking)]
    pub async fn count(items: &[u8]) -> usize {
        items.len()
    }

    /// Wraps an async function of another crate.
    #[wraps(ready)]
    pub async fn given(n: u32) -> u32;

    /// Wraps a blocking function.
    #[wraps(std::fs::read)]
    pub fn read(path: std::path::PathBuf) -> std::io::Result<Vec<u8>>;

    /// Gives nothing.
    #[maybe_async]
    pub async fn nothing(_unused: &str) {}

    /// Gives nothing, on the pool.
    pub fn nothing_sync(_: u32) {}

    /// Continues with a value that is there, and with one that comes.
    pub async fn continued() -> u32 {
        smart_continuation!(1, add, 2) + smart_continuation!(ready(3), add, 4).await
    }
);

fn add(left: u32, right: u32) -> u32 {
    left + right
}
