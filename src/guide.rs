//! The guide, in chapters. Read them in this order, or go to the one that answers your question.
//!
//! Each example in it is a test. This module exists in the documentation only.
//!
//! | chapter | the question it answers |
//! | --- | --- |
//! | [`first_steps`] | How do I write a smart function, and how do I call it? |
//! | [`both_apis`] | How does my library get a sync and an async API from one body? |
//! | [`library_calls`] | How does my library return calls, which both worlds can finish? |
//! | [`tokio_from_sync`] | How does my sync program call a library that is made for tokio? |
//! | [`blocking_in_async`] | How does my async service call code that blocks? |
//! | [`coalescing`] | How do many callers share one run? What happens when the leader is dropped? |
//! | [`coalescing_recipes`] | How do I combine that with a cache, with writes, with blocking work? |
//! | `streams` | How does a function return many items? (with the feature `stream`) |
//! | [`time_and_retries`] | How do I sleep, limit the time of a call, and try again? |
//! | [`when_you_must_wait`] | How do I wait in a destructor, a lazy value, a lock, or with rayon? |
//! | [`embedded`] | How does one driver serve blocking and async firmware, without `std`? |
//! | [`wasm`] | What works in a browser? |
//! | [`compiler_messages`] | What does this message of the compiler mean, and what do I write? |
//! | [`migrating`] | I use maybe-async, bisync, a `blocking` mirror, pollster or Python. What changes? |
//! | [`recipes`] | How do I run several calls at once, stop, show progress, spawn, test? |
//! | [`how_it_works`] | What happens inside, and what happens when something goes wrong? |

#[doc = include_str!("guide/first_steps.md")]
pub mod first_steps {}

#[doc = include_str!("guide/both_apis.md")]
pub mod both_apis {}

#[doc = include_str!("guide/library_calls.md")]
pub mod library_calls {}

#[doc = include_str!("guide/tokio_from_sync.md")]
pub mod tokio_from_sync {}

#[doc = include_str!("guide/blocking_in_async.md")]
pub mod blocking_in_async {}

#[doc = include_str!("guide/coalescing.md")]
pub mod coalescing {}

#[doc = include_str!("guide/coalescing_recipes.md")]
pub mod coalescing_recipes {}

#[cfg(feature = "stream")]
#[doc = include_str!("guide/streams.md")]
pub mod streams {}

#[doc = include_str!("guide/time_and_retries.md")]
pub mod time_and_retries {}

#[doc = include_str!("guide/when_you_must_wait.md")]
pub mod when_you_must_wait {}

#[doc = include_str!("guide/embedded.md")]
pub mod embedded {}

#[doc = include_str!("guide/wasm.md")]
pub mod wasm {}

#[doc = include_str!("guide/compiler_messages.md")]
pub mod compiler_messages {}

#[doc = include_str!("guide/migrating.md")]
pub mod migrating {}

#[doc = include_str!("guide/recipes.md")]
pub mod recipes {}

#[doc = include_str!("guide/how_it_works.md")]
#[doc = include_str!("guide/how_it_works.svg")]
pub mod how_it_works {}
