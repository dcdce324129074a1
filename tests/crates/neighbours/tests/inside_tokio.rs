//! `.wait()` on tokio's own threads: refused in tasks, on both flavours; allowed on its blocking
//! threads and on plain ones.

use neighbours::with_tokio;
use smartasync::{allow_blocking, is_async_context, smart, smart_await, smart_fn};
use std::panic::{UnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{block_in_place, spawn_blocking};

smart_fn!(
    async fn pause() -> &'static str {
        tokio::time::sleep(Duration::from_millis(1)).await;
        "paused"
    }

    fn compute() -> u32 {
        6 * 7
    }

    #[maybe_async]
    async fn either() -> u32 {
        smart_await!(compute())
    }
);

fn flavours() -> [Runtime; 2] {
    let current = Builder::new_current_thread().enable_all().build().unwrap();
    let multi = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    [current, multi]
}

/// Says whether waiting panics with the sentence that names the ways out.
fn is_refused<T>(wait: impl FnOnce() -> T + UnwindSafe) -> bool {
    let Err(payload) = catch_unwind(wait) else {
        return false;
    };
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| text.to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    let message = message.expect("the panic has a message");
    [".await", "sync smart function", "allow_blocking"]
        .iter()
        .all(|way_out| message.contains(way_out))
}

#[test]
fn in_a_task_every_kind_is_refused() {
    with_tokio(|| {
        for tokio in flavours() {
            let refused = tokio.block_on(async {
                let task = tokio::spawn(async {
                    tokio::task::yield_now().await;
                    [
                        is_async_context(),
                        is_refused(|| pause().wait()),
                        is_refused(|| compute().wait()),
                        is_refused(|| either().wait()),
                    ]
                });
                task.await.unwrap()
            });
            assert_eq!(refused, [true; 4]);
        }
    });
}

#[test]
fn in_a_smart_function_that_a_task_awaits_it_is_refused_too() {
    with_tokio(|| {
        for tokio in flavours() {
            let refused = tokio.block_on(async {
                tokio::spawn(smart(async { is_refused(|| pause().wait()) }))
                    .await
                    .unwrap()
            });
            assert!(refused);
        }
    });
}

#[test]
fn on_a_blocking_thread_it_works_as_it_is() {
    with_tokio(|| {
        for tokio in flavours() {
            let done = tokio.block_on(async {
                spawn_blocking(|| (pause().wait(), compute().wait(), either().wait()))
                    .await
                    .unwrap()
            });
            assert_eq!(done, ("paused", 42, 42));
        }
    });
}

#[test]
fn in_place_it_works_and_where_blocking_is_allowed() {
    with_tokio(|| {
        let [_, multi] = flavours();
        let all = || (pause().wait(), compute().wait(), either().wait());
        let done = multi.block_on(async {
            let task = tokio::spawn(async move {
                // The worker has handed its other tasks on, and tokio says so.
                [
                    block_in_place(all),
                    block_in_place(|| allow_blocking(all)),
                    allow_blocking(all),
                ]
            });
            task.await.unwrap()
        });
        assert_eq!(done, [("paused", 42, 42); 3]);
    });
}

#[test]
fn on_plain_threads_it_works_also_on_one_that_a_task_starts() {
    with_tokio(|| {
        assert_eq!(
            (pause().wait(), compute().wait(), either().wait()),
            ("paused", 42, 42)
        );
        for tokio in flavours() {
            // Entered, but in no task.
            let guard = tokio.enter();
            assert_eq!(pause().wait(), "paused");
            drop(guard);
            let started = tokio.block_on(async {
                tokio::spawn(async { thread::spawn(|| pause().wait()).join().unwrap() })
                    .await
                    .unwrap()
            });
            assert_eq!(started, "paused");
        }
    });
}
