//! A guide in chapters. There is no code in it: it is compiled for the documentation alone, and
//! each of its examples is a test.
//!
//! | chapter | it answers |
//! | --- | --- |
//! | [`first_steps`] | How do I write a smart function, and how is it called? |
//! | [`both_apis`] | How does my library get a sync and an async API from one definition? |
//! | [`tokio_from_sync`] | How does sync code use a library that is made for tokio? |
//! | [`blocking_in_async`] | How does an async service call code that blocks? |
//! | [`recipes`] | How do I run several calls at once, set a deadline, show progress, stop, spawn, test? |
//! | [`coalescing`] | How do many callers share one run? |
//! | `streams` | How does a function give many items? (with the feature `stream`) |
//! | [`embedded`] | How does one driver serve blocking and async firmware? |
//! | [`migrating`] | I come from maybe-async, bisync, a `blocking` mirror or pollster. What changes? |
//! | [`how_it_works`] | What happens inside? |
//! | [`how_it_is_tested`] | Why should I believe it? |
//! | [`known_pains`] | What did people run into elsewhere, and what happens here? |

#[doc = include_str!("guide/first_steps.md")]
pub mod first_steps {}

#[doc = include_str!("guide/both_apis.md")]
pub mod both_apis {}

#[doc = include_str!("guide/tokio_from_sync.md")]
pub mod tokio_from_sync {}

#[doc = include_str!("guide/blocking_in_async.md")]
pub mod blocking_in_async {}

#[doc = include_str!("guide/recipes.md")]
pub mod recipes {}

#[doc = include_str!("guide/coalescing.md")]
pub mod coalescing {}

#[cfg(feature = "stream")]
#[doc = include_str!("guide/streams.md")]
pub mod streams {}

#[doc = include_str!("guide/embedded.md")]
pub mod embedded {}

#[doc = include_str!("guide/migrating.md")]
pub mod migrating {}

#[doc = include_str!("guide/how_it_works.md")]
#[doc = include_str!("guide/how_it_works.svg")]
pub mod how_it_works {}

#[doc = include_str!("guide/how_it_is_tested.md")]
pub mod how_it_is_tested {}

#[doc = include_str!("guide/known_pains.md")]
pub mod known_pains {}
