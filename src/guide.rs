//! The guide, in chapters. Read them in this order, or go to the one that answers your question.
//!
//! Each example in it is a test. This module exists in the documentation only.
//!
//! | chapter | the question it answers |
//! | --- | --- |
//! | [`first_steps`] | How do I write a smart function, and how do I call it? |
//! | [`both_apis`] | How does my library get a sync and an async API from one body? |
//! | [`library_calls`] | How does my library return calls, which both worlds can finish? |
//! | [`library_releases`] | How do I test my library in both worlds, and what may I change later? |
//! | [`tokio_from_sync`] | How does my sync program call a library that is made for tokio? |
//! | [`recipes`] | How do I run several calls at once, stop, show progress, spawn, test? |
//! | [`blocking_in_async`] | How does my async service call code that blocks? |
//! | [`service_recipes`] | How do I limit one resource, use rayon, or carry a tracing span? |
//! | [`coalescing`] | How do many callers share one run? What happens when the leader is dropped? |
//! | [`coalescing_events`] | What does each of these callers see, event by event? |
//! | [`coalescing_recipes`] | How do I combine that with a cache, writes, blocking work? |
//! | `streams` | How does a function return many items? (with the feature `stream`) |
//! | [`time_and_retries`] | How do I sleep, limit the time of a call, and try again? |
//! | [`when_you_must_wait`] | How do I wait in a destructor, a lazy value, a mutex, in rayon? |
//! | [`embedded`] | How does one driver serve blocking and async firmware, without `std`? |
//! | [`embedded_sleep`] | How does firmware save power while it waits, for example with `wfe`? |
//! | [`wasm`] | What works in a browser? |
//! | [`compiler_messages`] | What does this message of the compiler mean, and what do I write? |
//! | [`migrating`] | I use maybe-async, bisync, a mirror, pollster or Python. What changes? |
//! | [`how_it_works`] | What happens inside, and what happens when something goes wrong? |
//!
//! # Find a topic
//!
//! | topic | where |
//! | --- | --- |
//! | a cache | [a cache that forgets](coalescing_recipes#a-cache-that-forgets) |
//! | cancelling, dropping a call | [what happens when …](how_it_works#what-happens-when-) |
//! | child processes, `fork()` | the documentation of [`offload`](crate::offload()) |
//! | Ctrl-C, stopping | [stop from another thread](recipes#stop-from-another-thread) |
//! | destructors | [destructors](when_you_must_wait#destructors) |
//! | joining calls | [join several calls](recipes#join-several-calls) |
//! | lazy values, `LazyLock` | [lazy values](when_you_must_wait#lazy-values) |
//! | a limit, a semaphore | [a limit for one resource](service_recipes#a-limit-for-one-resource) |
//! | many requests at once | [`tokio_from_sync`] |
//! | metrics, numbers | [see what the pool does](blocking_in_async#see-what-the-pool-does) |
//! | mocks | [mock a transport](library_releases#mock-a-transport-in-both-worlds) |
//! | moka, `OnceCell`, singleflight | [compared with others](coalescing#compared-with-others) |
//! | mutexes | [mutexes](when_you_must_wait#mutexes) |
//! | panics | [what happens when …](how_it_works#what-happens-when-) |
//! | power, `wfe`, `wfi` | [what the hook must do](embedded_sleep#what-the-hook-must-do) |
//! | progress bars | [show progress](recipes#show-progress-in-sync-code) |
//! | rayon, in a pool job | [rayon](service_recipes#rayon-for-work-that-computes) |
//! | rayon, `.wait()` in a closure | [rayon](when_you_must_wait#rayon) |
//! | SemVer, re-exports | [what a release may change](library_releases#what-a-release-may-change) |
//! | spawning | [spawn on a runtime](recipes#spawn-on-a-runtime) |
//! | tests | [test both worlds](recipes#test-both-worlds) |
//! | threads, how many | [how many jobs run at once](blocking_in_async#how-many-jobs-run-at-once) |
//! | retries, back-off, sleeping | [`time_and_retries`] |
//! | time-outs | [a deadline](recipes#the-first-of-two-calls-and-a-deadline) |
//! | tracing spans | [carry a span to the pool](service_recipes#carry-a-tracing-span-to-the-pool) |
//! | traits, `dyn` | [traits](library_calls#traits) |

#[doc = include_str!("guide/first_steps.md")]
pub mod first_steps {}

#[doc = include_str!("guide/both_apis.md")]
pub mod both_apis {}

#[doc = include_str!("guide/library_calls.md")]
pub mod library_calls {}

#[doc = include_str!("guide/library_releases.md")]
pub mod library_releases {}

#[cfg_attr(feature = "tokio", doc = include_str!("guide/tokio_from_sync.md"))]
#[cfg_attr(
    not(feature = "tokio"),
    doc = "This chapter is compiled with the feature `tokio`."
)]
pub mod tokio_from_sync {}

#[doc = include_str!("guide/recipes.md")]
pub mod recipes {}

#[doc = include_str!("guide/blocking_in_async.md")]
pub mod blocking_in_async {}

#[doc = include_str!("guide/service_recipes.md")]
pub mod service_recipes {}

#[doc = include_str!("guide/coalescing.md")]
pub mod coalescing {}

#[doc = include_str!("guide/coalescing_events.md")]
pub mod coalescing_events {}

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

#[doc = include_str!("guide/embedded_sleep.md")]
pub mod embedded_sleep {}

#[doc = include_str!("guide/wasm.md")]
pub mod wasm {}

#[doc = include_str!("guide/compiler_messages.md")]
pub mod compiler_messages {}

#[doc = include_str!("guide/migrating.md")]
pub mod migrating {}

#[doc = include_str!("guide/how_it_works.md")]
#[doc = include_str!("guide/how_it_works.svg")]
pub mod how_it_works {}
