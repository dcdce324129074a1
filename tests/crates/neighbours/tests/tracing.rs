//! A `tracing` span goes with a job to the pool's thread, by `Runtime::around_offload`.

use neighbours::within;
use smartasync::{Runtime, block_on, install_runtime, offload, smart, smart_fn};
use std::sync::Once;
use std::thread::{self, ThreadId};
use tracing::{Span, info_span, subscriber};
use tracing_subscriber::registry;

smart_fn!(
    /// The name of the span that the body runs in, and its thread.
    fn where_am_i() -> (Option<&'static str>, ThreadId) {
        (span_name(), thread::current().id())
    }

    /// The same, from a job of a job.
    fn deeper() -> Option<&'static str> {
        smart(async { where_am_i().await.0 }).wait()
    }
);

fn span_name() -> Option<&'static str> {
    Span::current().metadata().map(|metadata| metadata.name())
}

/// Carries the span of a job's caller to the pool.
struct CarriesSpan;

impl Runtime for CarriesSpan {
    fn around_offload(&self, job: Box<dyn FnOnce() + Send>) -> Box<dyn FnOnce() + Send> {
        let span = Span::current();
        Box::new(move || span.in_scope(job))
    }
}

fn traced(test: impl FnOnce() + Send + 'static) {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        subscriber::set_global_default(registry()).unwrap();
        install_runtime(CarriesSpan).unwrap();
    });
    within(60, test);
}

#[test]
fn a_job_runs_in_the_span_of_who_awaits_it() {
    traced(|| {
        let (inside, there) = info_span!("request").in_scope(|| block_on(where_am_i()));
        assert_eq!(inside, Some("request"));
        assert_ne!(there, thread::current().id());
        assert_eq!(
            info_span!("outer").in_scope(|| block_on(deeper())),
            Some("outer")
        );
        assert_eq!(
            info_span!("direct").in_scope(|| where_am_i().wait()),
            (Some("direct"), thread::current().id())
        );
    });
}

#[test]
fn a_job_leaves_no_span_behind() {
    traced(|| {
        for _ in 0..20 {
            assert_eq!(
                info_span!("request").in_scope(|| block_on(offload(span_name))),
                Some("request")
            );
            // On the same thread of the pool, most of the time.
            assert_eq!(block_on(offload(span_name)), None);
        }
    });
}

#[test]
fn an_instrumented_task_of_tokio_keeps_its_span() {
    traced(|| {
        let tokio = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let name = tokio.block_on(async {
            let span = info_span!("task");
            let call = where_am_i();
            tokio::spawn(tracing::Instrument::instrument(call, span))
                .await
                .unwrap()
                .0
        });
        assert_eq!(name, Some("task"));
    });
}
